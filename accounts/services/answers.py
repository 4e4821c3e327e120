"""What repetitions of a POST were answered, until nobody repeats it any more."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import KeptAnswer

#: For how long a repetition is answered as the first request was.
KEPT_FOR = timedelta(hours=24)


def forget() -> int:
    """Answers older than that are gone; how many went."""
    return KeptAnswer.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
