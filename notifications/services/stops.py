"""Numbers whose owners want no SMS. Only digests are kept: which numbers they are cannot be read."""

from __future__ import annotations

from datetime import datetime

from accounts.crypto import digests
from notifications.models import StoppedNumber

_PURPOSE = "stopped-number"


def stop(number: str, now: datetime) -> None:
    """No SMS goes to the number, in the form of E.164, from now on. Said again, it changes nothing."""
    StoppedNumber.objects.get_or_create(digest=digests(_PURPOSE, number)[0], defaults={"stopped_at": now})


def resume(number: str) -> None:
    """SMS may go to the number again."""
    StoppedNumber.objects.filter(digest__in=digests(_PURPOSE, number)).delete()


def is_stopped(number: str) -> bool:
    """True where no SMS may go to the number, in the form of E.164."""
    today, *older = digests(_PURPOSE, number)
    found = set(StoppedNumber.objects.filter(digest__in=[today, *older]).values_list("digest", flat=True))
    if found and today not in found:
        # A stop outlives the secret under which it was said, and the old secret will be dropped one day.
        StoppedNumber.objects.filter(digest=min(found)).update(digest=today)
    return bool(found)
