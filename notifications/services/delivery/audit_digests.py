"""Send the digest of the access log out of this machine, to where no one here can change it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db.models.functions import Now

from accounts.isolation import each_alone
from accounts.services.access import audit_digests
from accounts.services.access.audit_digests import NotedDigest
from notifications.channels.http_client import UnansweredError, UnreachedError
from notifications.channels.protocol import Message, SendStatus
from notifications.channels.webhook import RefusedError, post_signed
from notifications.models import AuditDigest, Channel
from notifications.services.delivery.providers import available_senders
from notifications.services.watch.audit_digests import HERE, destinations, interval, path_of

logger = logging.getLogger(__name__)

#: Seconds for one POST.
TIMEOUT = 10.0

#: The kind of a destination that cannot be used.
KIND = "digest of the access log"

_SUBJECT = "Digest of the access log"
_TEXT = """Keep this message. It proves later that no entry of the access log was removed or changed:
save it to a file and run `manage.py verify_audit --against FILE`.

{line}
"""


def send_digests(*, at: datetime) -> int:
    """Send the newest digest to each destination whose interval is over; return how many took it.

    `at`, in UTC, is the time of the signatures.
    """
    newest = audit_digests.newest()
    if newest is None:
        return 0
    recent = set(
        AuditDigest.objects.filter(destination__in=destinations(), sent_at__gt=Now() - interval())
        .values_list("destination", flat=True)
        .distinct()
    )
    waiting = [one for one in destinations() if one not in recent]
    return sum(each_alone(KIND, waiting, lambda one: _send(one, newest, at)))


def _send(destination: str, digest: NotedDigest, at: datetime) -> bool:
    kind = urlsplit(destination).scheme
    if not _SENDERS[kind](destination, digest, at):
        return False
    AuditDigest.objects.create(
        destination=destination,
        link=digest.link,
        digest=digest.digest,
        noted_at=digest.at,
        database=digest.database,
    )
    return True


def _mail(destination: str, digest: NotedDigest, _at: datetime) -> bool:
    """Mail the digest by the first provider that takes it."""
    message = Message(
        key=f"audit-{digest.link}-{digest.digest[:16]}",
        address=unquote(urlsplit(destination).path),
        subject=_SUBJECT,
        body=_TEXT.format(line=digest.line()),
    )
    for sender in available_senders(Channel.EMAIL):
        for result in sender.send([message]):
            if result.status in (SendStatus.ACCEPTED, SendStatus.IN_DOUBT):
                return True
            logger.error("the digest of the access log was not mailed by %s: %s", sender.name, result.error)
    return False


def _post(destination: str, digest: NotedDigest, at: datetime) -> bool:
    key = f"audit_{digest.link}_{digest.digest[:16]}"
    body = digest.line().encode()
    try:
        post_signed(
            destination, body, message_id=key, secret=settings.FINDINGS_SECRET, at=at, timeout=TIMEOUT
        )
    except (UnreachedError, UnansweredError, RefusedError) as error:
        logger.error("the digest of the access log was not posted: %s", error)
        return False
    return True


def _append(destination: str, digest: NotedDigest, _at: datetime) -> bool:
    try:
        with path_of(destination).open("a", encoding="utf-8") as file:
            file.write(f"{digest.line()}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        logger.error("the digest of the access log was not written: %s", error.strerror)
        return False
    return True


_SENDERS: dict[str, Callable[[str, NotedDigest, datetime], bool]] = {
    HERE: lambda _destination, _digest, _at: True,
    "mailto": _mail,
    "https": _post,
    "file": _append,
}
