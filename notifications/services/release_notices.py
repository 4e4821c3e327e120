"""Alerts about releases: one waits for an answer, or one ends soon.

They have no order: who answers a request does not know yet which order it means, and may not learn of one.
Their pages are behind sign-in (`notifications/pages/release_notices.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import Agency, Role
from notifications.models import Alert, FollowUpNote, Via
from notifications.services.direct_alerts import sendable
from notifications.services.recipients.recipients import (
    Recipient,
    members_by_rung,
    recipients_of_agency,
    with_channels,
)
from notifications.services.watch.isolation import parked_rows, parking
from orders.models import Capacity, ConfidentialityRelease, ReleaseRequest

#: How long before its end an organization is warned of a release; of a shorter one, after half its time.
WARN_BEFORE = timedelta(days=14)
#: Releases that one call takes; the rest is left to the next one.
BATCH = 500
#: The kind of a parked release.
KIND = "release that ends soon"


def notify_of_request(request: ReleaseRequest, now: datetime, **_: object) -> None:
    """Notify the court's clerks, and the supervisors of the organization but for the sender.

    Call this in the transaction that stores the request.
    """
    above = members_by_rung(request.agency, Role.ADVOCATE.value).get(Via.SUPERVISOR, [])
    recipients = [
        *recipients_of_agency(request.court, Capacity.COURT.value),
        *(one for one in above if one.user != request.asked_by_id),
    ]
    _write(recipients, key=f"release-request:{request.public_id}", now=now, release_request=request)


def warn_of_ends(now: datetime) -> int:
    """Warn the advocates of each release that ends soon, once; return how many alerts were written.

    Safe to stop and to run in parallel. A release whose end was corrected gets a new warning.
    """
    warned = Alert.objects.filter(release=OuterRef("pk"), note=FollowUpNote.ENDING)
    soon = (
        ConfidentialityRelease.objects.in_force()
        .filter(ends_at__gt=now, ends_at__lte=now + WARN_BEFORE)
        .filter(~Exists(warned.filter(created_at__gte=OuterRef("ends_at") - WARN_BEFORE)))
        .exclude(pk__in=parked_rows(KIND))
        .select_related("agency")
        .order_by("ends_at", "pk")[:BATCH]
    )
    return sum(_try_to_warn(one, now) for one in soon if now >= _warn_at(one))


def _warn_at(release: ConfidentialityRelease) -> datetime:
    return release.ends_at - min(WARN_BEFORE, (release.ends_at - release.begins_at) / 2)


def _try_to_warn(release: ConfidentialityRelease, now: datetime) -> int:
    with parking(KIND, release.pk, "warning of the end of a release failed"):
        return _write(
            _advocates(release.agency),
            key=f"release-ends:{release.public_id}:{release.ends_at:%Y%m%dT%H%M%S}",
            now=now,
            release=release,
            note=FollowUpNote.ENDING,
        )
    return 0


def _advocates(agency: Agency) -> list[Recipient]:
    """Who is warned: no one beside the organization may know whose client a person is."""
    found = recipients_of_agency(agency, Role.ADVOCATE.value)
    return [one for one in found if one.via not in (Via.FALLBACK, Via.MISSING)]


def _write(recipients: Iterable[Recipient], *, key: str, now: datetime, **about: Any) -> int:
    """Write one alert to each recipient by each channel; return how many there were not yet.

    No system of an agency gets a webhook: these alerts name no case that it could read.
    """
    each = {one.target: one for one in recipients}
    alerts = [
        Alert(
            **about,
            agency=one.agency,
            capacity=one.capacity,
            recipient_id=one.user,
            via=one.via,
            channel=channel,
            idem_key=f"{key}:{channel}:{one.target}",
            created_at=now,
            next_attempt_at=now,
            **sendable(one),
        )
        for one, channel in with_channels(list(each.values()))
    ]
    known = set(
        Alert.objects.filter(idem_key__in=[one.idem_key for one in alerts]).values_list("idem_key", flat=True)
    )
    new = [one for one in alerts if one.idem_key not in known]
    Alert.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
