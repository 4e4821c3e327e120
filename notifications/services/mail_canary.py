"""A canary by real mail: every minute one message goes to a mailbox and is read there.

It finds what the mail server's own answers hide: messages that are accepted and then lost, filtered or late.
It does not use the outbox, because the canary of the outside monitor does; so it goes on while that one is
held back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.core.signing import BadSignature, Signer

from notifications.channels.mailbox import Mailbox, MailboxError
from notifications.channels.protocol import Message, SendStatus
from notifications.models import Channel, PeriodicRun, Provider
from notifications.services.delivery import providers
from notifications.services.restored import is_held
from notifications.services.sql import rows_of
from notifications.services.watch.mailbox import BEGAN, MAILBOX, MAILED, READ, RETURNED, is_configured

logger = logging.getLogger(__name__)

#: Seconds between two canaries, and between two visits to the mailbox while one is on its way.
MAIL_EVERY, READ_EVERY = 60.0, 8.0
#: After a pause as long as this, such as a restart, the time without a canary starts again.
PAUSE = timedelta(minutes=5)
#: Visits in a row that must fail before administrators are notified.
FAILED_VISITS = 3

# The signature keeps out mail of others; the time is the database's.
_SIGNER = Signer(salt="notifications.mail-canary", sep=".")
_BEGINNING = "Mail check "
#: Matches the signed time in a subject.
SUBJECT = re.compile(rf"(?<={_BEGINNING})\d{{13,15}}\.[\w-]{{20,}}")

# One process at a time.
_CLAIM = """
INSERT INTO notifications_periodicrun AS p (name, ran_at) VALUES (%(name)s, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET ran_at = statement_timestamp()
WHERE p.ran_at < statement_timestamp() - make_interval(secs => %(period)s)
RETURNING ran_at
"""
_LATEST = """
INSERT INTO notifications_periodicrun AS p (name, ran_at) VALUES (%(name)s, %(at)s)
ON CONFLICT (name) DO UPDATE SET ran_at = greatest(p.ran_at, excluded.ran_at)
RETURNING ran_at
"""


def fly() -> None:
    """Mail the next canary if it is time, and look whether one came back. Does nothing without a mailbox."""
    if not is_configured() or is_held():
        return
    _mail()
    _look()


def _mail() -> None:
    last = _times().get(MAILED)
    claimed = rows_of(_CLAIM, {"name": MAILED, "period": MAIL_EVERY})
    if not claimed:
        return
    now = claimed[0][0]
    if last is None or now - last > PAUSE:
        rows_of(_LATEST, {"name": BEGAN, "at": now})
    message = Message(
        key=str(uuid4()),
        address=settings.CANARY_ADDRESS,
        subject=subject_of(now),
        body="This message checks that mail arrives. No person needs to read it.",
    )
    ((_, sent),) = providers.send(Channel.EMAIL, [message], begin=lambda _, places: places)
    if sent.status is not SendStatus.ACCEPTED:
        logger.error("the canary by mail was not accepted: %s %s", sent.status, sent.error)


def subject_of(at: datetime) -> str:
    """Return the subject of the canary mailed at that time, with the time and its signature."""
    return _BEGINNING + _SIGNER.sign(str(int(at.timestamp() * 1000)))


def _look() -> None:
    """Read the mailbox while a canary is on its way."""
    times = _times()
    mailed, returned = times.get(MAILED), times.get(RETURNED)
    if mailed is None or (returned is not None and returned >= _to_the_millisecond(mailed)):
        return
    if not rows_of(_CLAIM, {"name": READ, "period": READ_EVERY}):
        return
    try:
        tokens = Mailbox.from_url(settings.CANARY_MAILBOX).take_subjects(SUBJECT)
    except MailboxError as error:
        _record_failure(str(error))
        return
    Provider.objects.filter(name=MAILBOX).update(failures=0, trouble="")
    if found := sorted(_mailed_at(tokens)):
        rows_of(_LATEST, {"name": RETURNED, "at": found[-1]})


def _record_failure(reason: str) -> None:
    logger.error("the canary's mailbox cannot be read: %s", reason)
    row, _ = Provider.objects.get_or_create(name=MAILBOX)
    row.failures += 1
    if row.failures >= FAILED_VISITS:
        # The audit makes a finding of it.
        row.trouble = reason
    row.save(update_fields=["failures", "trouble"])


def _mailed_at(tokens: Iterable[str]) -> Iterable[datetime]:
    for token in tokens:
        try:
            milliseconds = int(_SIGNER.unsign(token))
        except BadSignature:
            logger.warning("a message in the canary's mailbox is not from here")
            continue
        yield datetime.fromtimestamp(milliseconds / 1000, UTC)


def _to_the_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _times() -> dict[str, datetime]:
    rows = PeriodicRun.objects.filter(name__in=(MAILED, RETURNED))
    return {one.name: one.ran_at for one in rows}
