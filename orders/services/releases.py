"""A protected person's written leave for an advocacy organization: recorded, and taken back."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Order, Release
from orders.services.change import changing, court_day

#: The events of releases. Only who sees releases learns of them.
OF_RELEASES = ("release_recorded", "release_revoked")


def record_release(
    order: Order,
    *,
    agency: Agency,
    signed_on: date,
    begins_at: datetime,
    ends_at: datetime,
    by: User | None,
    now: datetime,
) -> Release:
    """The organization's advocates see how the order stands from `begins_at` until before `ends_at`.

    The event names neither the organization nor the person. Raises `InvalidFact`.
    """
    with changing(order, "release_recorded", by=by, now=now) as change:
        if agency.kind != AgencyKind.ADVOCACY:
            raise InvalidFact("agency", "not_advocacy", "A release is to an advocacy organization; name one.")
        if signed_on > court_day(change.order, now):
            raise InvalidFact(
                "signed_on", "in_the_future", f"{signed_on} lies ahead. Give the day on the release."
            )
        for name, at in (("begins_at", begins_at), ("ends_at", ends_at)):
            if at.utcoffset() is None:
                raise InvalidFact(name, "invalid_timestamp", "The time has no offset from UTC; add one.")
        if ends_at <= begins_at:
            raise InvalidFact(
                "ends_at", "ends_before_it_begins", "It would end before it begins. Correct one of the two."
            )
        if ends_at <= now:
            raise InvalidFact(
                "ends_at", "in_the_past", f"{ends_at.isoformat()} is past: nothing would be seen by it."
            )
        release = Release.objects.create(
            order=change.order,
            agency=agency,
            signed_on=signed_on,
            begins_at=begins_at,
            ends_at=ends_at,
            recorded_by=by,
        )
        change.data["release"] = str(release.public_id)
    return release


def not_ended(order: Order) -> QuerySet[Release]:
    """The order's releases that stand or are to begin."""
    rows = Release.objects.filter(order=order, revoked_at=None, ends_at__gt=Now())
    return rows.select_related("agency", "order")


def revoke_release(release: Release, *, by: User | None, now: datetime) -> Release:
    """From this instant, by the database's clock, nothing is seen by it. Raises `InvalidFact`."""
    with changing(release.order, "release_revoked", by=by, now=now) as change:
        row = Release.objects.select_related("agency").get(pk=release.pk)
        if row.revoked_at is not None or row.ends_at <= now:
            raise InvalidFact("release", "already_ended", "This release has ended already.")
        row.order = change.order
        row.revoked_at = Now()
        row.save(update_fields=["revoked_at"])
        row.refresh_from_db(fields=["revoked_at"])
        change.data["release"] = str(row.public_id)
    return row
