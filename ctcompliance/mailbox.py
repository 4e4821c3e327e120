"""The demonstration's mailbox: what the mail catcher of `make up` has received, readable in the browser.

It exists on the embedded database only. A list reads the names of all messages and opens those that it shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_binary_file
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from functools import wraps
from pathlib import Path
from typing import Self

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

PAGE = 50
#: Seconds after which a browser asks again.
REFRESH = 5
#: A Maildir name begins with the second and the microsecond in which its message came.
KEY = re.compile(r"(?P<second>\d{1,12})\.M(?P<microsecond>\d{1,6})P\d+Q(?P<number>\d+)[\w.\\-]*", re.ASCII)

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Mail:
    """What a list shows of one message."""

    key: str
    received: datetime
    sender: str
    recipient: str
    subject: str

    @classmethod
    def of(cls, key: str, parsed: EmailMessage) -> Self:
        """The message of that name."""
        return cls(
            key=key,
            received=datetime.fromtimestamp(order(key)[0], UTC),
            sender=str(parsed["From"] or ""),
            recipient=str(parsed["To"] or ""),
            subject=str(parsed["Subject"] or ""),
        )


def local_only(view: View) -> View:
    """Without sign-in, and nowhere but on the embedded database."""

    @login_not_required
    @wraps(view)
    def respond(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not settings.IS_LOCAL:
            raise Http404
        return view(request, *args, **kwargs)

    return respond


@local_only
def index(request: HttpRequest) -> HttpResponse:
    """The messages, newest first. The first page asks again by itself."""
    folder = received()
    keys = sorted(filter(KEY.fullmatch, names(folder)), key=order, reverse=True)
    page = Paginator(keys, PAGE).get_page(request.GET.get("page"))
    mails = [Mail.of(key, headers(folder / key)) for key in page]
    answer = render(request, "mailbox/index.html", {"page": page, "mails": mails, "refresh": REFRESH})
    if page.number == 1:
        answer.headers["Refresh"] = str(REFRESH)
    return answer


@local_only
def message(request: HttpRequest, key: str) -> HttpResponse:
    """One message as text."""
    if not KEY.fullmatch(key):
        raise Http404
    try:
        parsed = whole(received() / key)
    except FileNotFoundError as error:
        raise Http404 from error
    return render(request, "mailbox/message.html", {"mail": Mail.of(key, parsed), "text": plain_text(parsed)})


def received() -> Path:
    """Where the catcher puts what it has received."""
    return Path(settings.LOCAL_DIR) / "mailbox" / "new"


def names(folder: Path) -> list[str]:
    """The files of `folder`; none before the catcher's first start."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def order(key: str) -> tuple[int, int, int]:
    """When the message came, as exactly as its name tells."""
    parts = KEY.fullmatch(key)
    if parts is None:
        raise ValueError(f"No name of a received message: {key}")
    return int(parts["second"]), int(parts["microsecond"]), int(parts["number"])


def headers(file: Path) -> EmailMessage:
    """The message with its body unread."""
    with file.open("rb") as content:
        return BytesHeaderParser(_class=EmailMessage, policy=default).parse(content)


def whole(file: Path) -> EmailMessage:
    """The message."""
    with file.open("rb") as content:
        return message_from_binary_file(content, _class=EmailMessage, policy=default)


def plain_text(mail: EmailMessage) -> str:
    """What a reader without HTML sees. Anybody can send anything here, so nothing is an error."""
    body = mail.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except LookupError:  # A character set that Python does not know.
        payload = body.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
