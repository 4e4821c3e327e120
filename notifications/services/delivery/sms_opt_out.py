"""Phone numbers that opted out of text messages. Only keyed digests are stored, never the numbers."""

from __future__ import annotations

from datetime import datetime

from accounts.crypto import digests
from notifications.models import OptedOutNumber

_PURPOSE = "stopped-number"


def opt_out(number: str, now: datetime) -> None:
    """Send no more text messages to `number` (E.164). Repeating it changes nothing."""
    OptedOutNumber.objects.get_or_create(digest=digests(_PURPOSE, number)[0], defaults={"opted_out_at": now})


def opt_in(number: str) -> None:
    """Allow text messages to `number` (E.164) again."""
    OptedOutNumber.objects.filter(digest__in=digests(_PURPOSE, number)).delete()


def is_opted_out(number: str) -> bool:
    """Return True if no text messages may go to `number` (E.164)."""
    today, *older = digests(_PURPOSE, number)
    found = set(OptedOutNumber.objects.filter(digest__in=[today, *older]).values_list("digest", flat=True))
    if found and today not in found:
        # Store the digest under today's secret: the old secret will be removed one day, the opt-out must
        # stay.
        OptedOutNumber.objects.filter(digest=min(found)).update(digest=today)
    return bool(found)
