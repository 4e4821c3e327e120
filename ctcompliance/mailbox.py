"""The demonstration's mailbox: mail received by the mail catcher of `make up`, readable in the browser.

Available on the embedded database only. A list reads all file names and opens only the messages it shows.
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
#: Seconds after which the browser reloads the list.
REFRESH = 5
#: A Maildir name begins with the second and microsecond at which the message arrived.
KEY = re.compile(r"(?P<second>\d{1,12})\.M(?P<microsecond>\d{1,6})P\d+Q(?P<number>\d+)[\w.\\-]*", re.ASCII)

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Mail:
    """One message in the list."""

    key: str
    received: datetime
    sender: str
    recipient: str
    subject: str

    @classmethod
    def of(cls, key: str, parsed: EmailMessage) -> Self:
        """Return the list entry of a parsed message."""
        return cls(
            key=key,
            received=datetime.fromtimestamp(order(key)[0], UTC),
            sender=str(parsed["From"] or ""),
            recipient=str(parsed["To"] or ""),
            subject=str(parsed["Subject"] or ""),
        )


def local_only(view: View) -> View:
    """Make `view` available without sign-in, on the embedded database only."""

    @login_not_required
    @wraps(view)
    def respond(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not settings.IS_LOCAL:
            raise Http404
        return view(request, *args, **kwargs)

    return respond


@local_only
def index(request: HttpRequest) -> HttpResponse:
    """The messages, newest first. The first page reloads itself."""
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
    """One message as plain text."""
    if not KEY.fullmatch(key):
        raise Http404
    try:
        parsed = whole(received() / key)
    except FileNotFoundError as error:
        raise Http404 from error
    return render(request, "mailbox/message.html", {"mail": Mail.of(key, parsed), "text": plain_text(parsed)})


def received() -> Path:
    """Return the folder of received messages."""
    return Path(settings.LOCAL_DIR) / "mailbox" / "new"


def names(folder: Path) -> list[str]:
    """Return the file names of `folder`; an empty list before the mail catcher's first start."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def order(key: str) -> tuple[int, int, int]:
    """Return when the message arrived, for sorting. Raises `ValueError` for another name."""
    parts = KEY.fullmatch(key)
    if parts is None:
        raise ValueError(f"Not the name of a received message: {key}")
    return int(parts["second"]), int(parts["microsecond"]), int(parts["number"])


def headers(file: Path) -> EmailMessage:
    """Return the headers of a message; its body is not read."""
    with file.open("rb") as content:
        return BytesHeaderParser(_class=EmailMessage, policy=default).parse(content)


def whole(file: Path) -> EmailMessage:
    """Return the whole message."""
    with file.open("rb") as content:
        return message_from_binary_file(content, _class=EmailMessage, policy=default)


def plain_text(mail: EmailMessage) -> str:
    """Return the plain text of a message. Any content can arrive here, so nothing raises an error."""
    body = mail.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except LookupError:  # An unknown character set.
        payload = body.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
