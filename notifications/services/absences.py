"""Absences: recorded by the person, a supervisor or an administrator of the agency or of the site."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from accounts.models import Absence, AuditAction, Cover, CoverReason, Role, User
from accounts.services.access.access_log import record_for
from orders.errors import InvalidFact

#: The roles that record absences of the people of their agency.
_LEADS = (Role.SUPERVISOR, Role.AGENCY_ADMINISTRATOR)
#: The longest absence that is recorded at once. A person who is away longer is given no alerts instead.
LONGEST = timedelta(days=366)


def people_of(by: User) -> QuerySet[User]:
    """The people whose absences `by` may see and record: all, those of an agency they lead, or oneself."""
    people = User.objects.filter(is_active=True, is_system=False)
    if Role.ADMINISTRATOR in by.roles:
        return people.order_by("name", "pk")
    led = [one.agency_id for one in by.memberships.all() if one.role in _LEADS and one.agency_id]
    found = people.filter(Q(pk=by.pk) | Q(memberships__agency__in=led))
    return found.distinct().order_by("name", "pk")


def absences_for(by: User) -> QuerySet[Absence]:
    """The absences that `by` may see."""
    return Absence.objects.filter(user__in=people_of(by).order_by().values("pk")).select_related(
        "user", "recorded_by", "ended_by"
    )


def not_over(absences: QuerySet[Absence], *, now: datetime) -> QuerySet[Absence]:
    """Those of them that are in force at `now` or begin later, the first to begin first."""
    return absences.filter(ended_at=None, ends_at__gt=now).order_by("starts_at", "pk")


def check(*, starts_at: datetime | None, ends_at: datetime, now: datetime) -> datetime:
    """Return when the absence begins: not before `now`. Raises `InvalidFact`."""
    begins = max(starts_at or now, now)
    if ends_at <= begins:
        raise InvalidFact(
            "ends_at", "too_early", gettext("This is not after the beginning. Enter a later time.")
        )
    if begins - now > LONGEST:
        raise InvalidFact(
            "starts_at", "too_late", gettext("This is more than 366 days ahead. Enter an earlier time.")
        )
    if ends_at - begins > LONGEST:
        raise InvalidFact(
            "ends_at", "too_late", gettext("This is more than 366 days. Enter an earlier time.")
        )
    return begins


@transaction.atomic
def record_absence(
    *,
    user: User,
    ends_at: datetime,
    starts_at: datetime | None = None,
    by: User,
    now: datetime,
    request: HttpRequest,
) -> Absence:
    """Record that `user` is away from `starts_at`, or now, until `ends_at`. Raises `InvalidFact`.

    From then on others of the agency get the person's alerts, and those that are still open.
    """
    if not people_of(by).filter(pk=user.pk).exists():
        raise InvalidFact(
            "person", "not_yours", gettext("You can record this for yourself and for people you lead.")
        )
    begins = check(starts_at=starts_at, ends_at=ends_at, now=now)
    absence = Absence.objects.create(user=user, starts_at=begins, ends_at=ends_at, recorded_by=by)
    Cover.objects.create(user=user, reason=CoverReason.AWAY, due_at=begins)
    _log(request, absence)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: User, now: datetime, request: HttpRequest) -> Absence:
    """Record that the person is back, or does not go. Raises `InvalidFact`."""
    row = Absence.objects.select_for_update(no_key=True).select_related("user").get(pk=absence.pk)
    if row.ended_at is not None or row.ends_at <= now:
        raise InvalidFact("body", "ended", gettext("This absence is over. Nothing is left to do."))
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["ended_at", "ended_by"])
    _log(request, row)
    return row


def _log(request: HttpRequest, absence: Absence) -> None:
    record_for(
        request,
        AuditAction.ACCOUNT_CHANGED,
        subject=absence.user,
        detail={
            "fields": ["away"],
            "from": absence.starts_at.isoformat(),
            "until": (absence.ended_at or absence.ends_at).isoformat(),
        },
    )
