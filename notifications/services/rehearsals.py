"""Rehearsals: administrators begin and end them, and everyone sees that one is in force.

Everything runs: deadlines fire, alerts are written, escalated and bundled. The database marks the alerts
that are written in that time, in the trigger `notifications_mark_rehearsal`, so no way to write an alert can
forget it. A marked alert leaves only while its rehearsal is in force, and only by email to the list;
afterwards it is withdrawn. An alert that was written before is not marked, and goes to its recipient. Alerts
about this system are never marked: administrators must hear of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.access import MATRIX
from accounts.mail_addresses import AddressError, check_address
from accounts.models import Agency, AuditAction, User
from accounts.services.access.access_log import record_for
from accounts.text import clean
from notifications.models import Rehearsal
from notifications.services.sql import rows_of
from orders.errors import InvalidFact

#: The longest rehearsal. A longer one is begun again, with a reason.
LONGEST = timedelta(days=92)
#: The most addresses of one rehearsal.
MOST_ADDRESSES = 20
#: Any number: the advisory lock under which rehearsals begin.
_LOCK = 0x7265_6865


def in_force(now: datetime) -> QuerySet[Rehearsal]:
    """Return the rehearsals that are in force at `now`."""
    return Rehearsal.objects.filter(ended_at=None, starts_at__lte=now, ends_at__gt=now)


def in_force_for(user: User | None, now: datetime) -> list[Rehearsal]:
    """Return those that concern a person: of the installation, and of their own agencies.

    Administrators are concerned by all; someone who has not signed in, by that of the installation.
    """
    rows = in_force(now).select_related("agency").order_by("agency_id")
    if user is not None and MATRIX.may(user.roles, "view", "rehearsal"):
        return list(rows)
    mine = [] if user is None else [one.agency_id for one in user.memberships.all() if one.agency_id]
    return list(rows.filter(Q(agency=None) | Q(agency__in=mine)))


def check(
    *, agency: Agency | None, addresses: Sequence[str], ends_at: datetime, reason: str, now: datetime
) -> list[str]:
    """Return the cleaned addresses. Raises `InvalidFact`."""
    given = _checked(addresses)
    if not clean(reason):
        raise InvalidFact("reason", "required", "Enter the reason. It is kept on record.")
    if ends_at <= now:
        raise InvalidFact("ends_at", "too_early", "This is over already. Enter a later time.")
    if ends_at - now > LONGEST:
        raise InvalidFact(
            "ends_at", "too_late", f"A rehearsal lasts at most {LONGEST.days} days. Enter an earlier time."
        )
    if in_force(now).filter(agency=agency).exists():
        raise InvalidFact(
            "agency", "already", "A rehearsal of this is in force. End it first, then begin a new one."
        )
    return given


def _checked(addresses: Sequence[str]) -> list[str]:
    given = list(dict.fromkeys(one.strip() for one in addresses if one.strip()))
    if not given:
        raise InvalidFact("addresses", "required", "Enter at least one email address, one a line.")
    if len(given) > MOST_ADDRESSES:
        raise InvalidFact("addresses", "too_many", f"Enter at most {MOST_ADDRESSES} addresses.")
    for place, one in enumerate(given, start=1):
        try:
            check_address(one)
        except AddressError as error:
            raise InvalidFact("addresses", "invalid", f"Address {place}: {error}") from error
    return given


@transaction.atomic
def begin(
    *,
    agency: Agency | None,
    addresses: Sequence[str],
    ends_at: datetime,
    reason: str,
    by: User,
    now: datetime,
    request: HttpRequest,
) -> Rehearsal:
    """Begin a rehearsal of the agency, or of the whole installation. Raises `InvalidFact`."""
    _lock()
    given = check(agency=agency, addresses=addresses, ends_at=ends_at, reason=reason, now=now)
    row = Rehearsal.objects.create(
        agency=agency,
        addresses=given,
        starts_at=now,
        ends_at=ends_at,
        reason=clean(reason),
        started_by=by,
    )
    _log(request, row, "rehearsal_begun", reason=row.reason, until=ends_at)
    return row


@transaction.atomic
def end(rehearsal: Rehearsal, *, reason: str, by: User, now: datetime, request: HttpRequest) -> Rehearsal:
    """End a rehearsal. What it has not sent is withdrawn. Raises `InvalidFact`."""
    _lock()
    row = Rehearsal.objects.select_for_update(no_key=True, of=("self",)).get(pk=rehearsal.pk)
    if row.ended_at is not None or row.ends_at <= now:
        raise InvalidFact("body", "ended", "This rehearsal is over. Nothing is left to do.")
    if not clean(reason):
        raise InvalidFact("reason", "required", "Enter the reason. It is kept on record.")
    row.ended_at, row.ended_by, row.end_reason = now, by, clean(reason)
    row.save(update_fields=["ended_at", "ended_by", "end_reason"])
    _log(request, row, "rehearsal_ended", reason=row.end_reason, until=now)
    return row


def first_address(addresses: Collection[str], address: str) -> str:
    """Return where an email for `address` goes: to itself if it is on the list, else to the first one."""
    own = address.casefold()
    return next((one for one in addresses if one.casefold() == own), next(iter(addresses), ""))


def _lock() -> None:
    rows_of("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})


def _log(request: HttpRequest, row: Rehearsal, what: str, *, reason: str, until: datetime) -> None:
    record_for(
        request,
        AuditAction.DONE,
        what=what,
        detail={
            "agency": row.agency_id,
            "addresses": len(row.addresses),
            "reason": reason,
            "until": until.isoformat(),
        },
    )
