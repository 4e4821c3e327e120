"""Whether the canaries that travel by real mail come back."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from django.conf import settings

from notifications.services.sql import rows_of
from notifications.services.watch.findings import Violation

#: The code of the finding.
MAILBOX = "mailbox"
#: Names of `PeriodicRun` rows: when a canary was last mailed, when the mailbox was last read, when the newest
#: canary that came back was mailed, and from when on the time without one counts.
MAILED, READ, RETURNED, BEGAN = "mail canary", "mailbox", "mail canary returned", "mail canary began"
#: Seconds without a canary that came back. One is mailed every minute, so a lost one shows ninety seconds
#: after it was mailed.
NOT_RETURNED = 150.0

#: The seconds since the newest canary that came back was mailed.
AGE = Template("""(SELECT extract(epoch FROM statement_timestamp() - max(ran_at))
   FROM notifications_periodicrun WHERE name IN ('$returned', '$began'))""").substitute(
    returned=RETURNED, began=BEGAN
)

_FOUND = Template("""
SELECT $age, (SELECT trouble FROM notifications_provider WHERE name = '$mailbox')
""").substitute(age=AGE, mailbox=MAILBOX)


def is_configured() -> bool:
    """True if canaries travel by real mail."""
    return bool(settings.CANARY_MAILBOX)


def lost() -> Iterator[Violation]:
    """A canary that travels by real mail comes back, and its mailbox can be read."""
    if not is_configured():
        return
    age, trouble = rows_of(_FOUND, {})[0]
    if age is not None and age > NOT_RETURNED:
        yield Violation(
            code=MAILBOX,
            detail=(
                f"No canary sent by mail has come back for {int(age)} seconds. "
                "Messages that the provider accepts may not arrive."
            ),
        )
    if trouble:
        yield Violation(
            code=MAILBOX,
            subject="reading",
            detail=f"The mailbox of the canary cannot be read: {trouble}.",
        )
