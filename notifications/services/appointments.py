"""What stands in somebody's calendar: when, and nothing of what.

A calendar lies on phones and with other companies. An entry says that there is an appointment or that
something is due, and leads to the list behind sign-in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max
from icalendar import Calendar
from icalendar import Event as Entry

from accounts.access import MATRIX
from accounts.models import User
from notifications.services.links import list_link
from orders.models import Deadline, DeadlineState, Event, Hearing, HearingOutcome, Order
from orders.rules.court_time import at_wall
from orders.services.change import zone_of

#: How far back and ahead a calendar reaches, and how much it holds; what comes sooner goes first.
BACK = timedelta(days=7)
AHEAD = timedelta(days=400)
MOST = 500

#: How long an entry with a time of day is drawn.
_DRAWN = timedelta(minutes=30)

#: A day of any zone lies within this much of the same day in UTC.
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """One entry: an instant in UTC, or a whole day. `case` is whose it is, for the access log alone."""

    uid: str
    summary: str
    begins: datetime | date
    order: int
    case: UUID

    @property
    def day(self) -> str:
        """Sorts days and instants together; a whole day comes first."""
        return self.begins.isoformat()


def appointments(user: User, *, now: datetime) -> list[Appointment]:
    """The hearings, deadlines and windows of the orders that the person sees, the soonest first."""
    found = [*_hearings(user, now), *_deadlines(user, now)]
    return sorted(found, key=lambda one: (one.day, one.uid))[:MOST]


def calendar_file(found: Sequence[Appointment], *, now: datetime) -> bytes:
    """The entries as a calendar program reads them (RFC 5545)."""
    calendar = Calendar()
    calendar.add("prodid", "-//ctc//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    changes = _changes({one.order for one in found})
    for one in found:
        calendar.add_component(_entry(one, now, *changes.get(one.order, (0, now))))
    written: bytes = calendar.to_ical()
    return written


def _entry(one: Appointment, now: datetime, sequence: int, changed_at: datetime) -> Entry:
    is_timed = isinstance(one.begins, datetime)
    entry = Entry()
    entry.add("uid", f"{one.uid}@{urlsplit(settings.BASE_URL).hostname}")
    entry.add("dtstamp", now)
    entry.add("dtstart", one.begins)
    entry.add("dtend", one.begins + (_DRAWN if is_timed else _A_DAY))
    entry.add("summary", one.summary)
    entry.add("description", list_link())
    entry.add("sequence", sequence)
    entry.add("last-modified", changed_at)
    # A day marked by an entry is not a day on which somebody is busy.
    entry.add("transp", "OPAQUE" if is_timed else "TRANSPARENT")
    return entry


def _changes(orders: set[int]) -> dict[int, tuple[int, datetime]]:
    """How often each order changed, and when last. Its history only grows, so it numbers what is read."""
    rows = Event.objects.filter(order__in=orders).order_by().values("order")
    counted = rows.annotate(times=Count("pk"), last=Max("recorded_at"))
    return {one["order"]: (one["times"], one["last"]) for one in counted}


def _hearings(user: User, now: datetime) -> Iterator[Appointment]:
    set_for = ((now - BACK).date(), (now + AHEAD).date())
    rows = (
        Hearing.objects.visible_to(user, roles=_who_views("hearing"))
        .filter(scheduled_on__range=set_for)
        .exclude(outcome__in=[HearingOutcome.CONTINUED, HearingOutcome.VACATED])
        .select_related("order__case")
        .order_by("scheduled_on", "id")[:MOST]
    )
    for row in rows:
        begins: datetime | date = row.scheduled_on
        if row.scheduled_time is not None:
            begins = at_wall(row.scheduled_on, row.scheduled_time, zone_of(row.order))
        yield _appointment(f"{row.public_id}", "Appointment", begins, row.order)


def _deadlines(user: User, now: datetime) -> Iterator[Appointment]:
    rows = (
        Deadline.objects.visible_to(user, roles=_who_views("deadline"))
        .filter(
            state__in=[DeadlineState.OPEN, DeadlineState.OVERDUE],
            due_at__range=(now - BACK - _A_DAY, now + AHEAD + _A_DAY),
        )
        .select_related("order__case")
        .order_by("due_at", "id")[:MOST]
    )
    for row in rows:
        opens, due = row.opens_on or row.opens_at, row.due_on or row.due_at
        if opens is not None and _is_shown(opens, now):
            yield _appointment(f"{row.public_id}-opens", "Window opens", opens, row.order)
        if due is not None and _is_shown(due, now):
            yield _appointment(f"{row.public_id}", "Window closes" if opens else "Due", due, row.order)


def _appointment(uid: str, summary: str, begins: datetime | date, order: Order) -> Appointment:
    return Appointment(uid=uid, summary=summary, begins=begins, order=order.pk, case=order.case.public_id)


def _is_shown(at: datetime | date, now: datetime) -> bool:
    if isinstance(at, datetime):
        return now - BACK <= at <= now + AHEAD
    return (now - BACK).date() <= at <= (now + AHEAD).date()


def _who_views(thing: str) -> frozenset[str]:
    return MATRIX.things[thing].acts["view"]
