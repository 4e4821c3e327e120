"""Calendar entries: when something is scheduled or due, without any details.

Calendars are stored on phones and by other companies. An entry shows only a word such as “Appointment”, “Due”
or “Last day”, and links to the list of alerts, which requires sign-in. An advocate may choose that it begins
with the word for the client, which is never a name, so that entries differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from icalendar import Calendar, Event

from accounts.access import MATRIX
from accounts.models import User
from notifications.services.contacts.contacts import releases_of
from notifications.services.delivery.links import list_link
from orders.models import RUNNING, Deadline, DeadlineState, Hearing, HearingOutcome, Order
from orders.rules.court_time import at_wall
from orders.services.court_days import zone_of

#: How far a calendar reaches into the past and the future, and its most entries, the earliest first.
BACK = timedelta(days=7)
AHEAD = timedelta(days=400)
MAX_ENTRIES = 500

#: The length of an entry with a time of day.
_LENGTH = timedelta(minutes=30)

#: The dates of any time zone and of UTC differ by at most this.
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """One entry: an instant in UTC or a whole day. `case` is for the access log only."""

    uid: str
    summary: str
    begins: datetime | date
    case: UUID

    @property
    def day(self) -> str:
        """A sort key for days and instants together; a whole day comes first."""
        return self.begins.isoformat()


def appointments(user: User, *, now: datetime, shows_aliases: bool = False) -> list[Appointment]:
    """Return the hearings, deadlines and windows of the orders visible to `user`, soonest first."""
    found = [*_hearings(user, now), *_deadlines(user, now)]
    if shows_aliases:
        found = _with_aliases(found, user)
    return sorted(found, key=lambda one: one.day)[:MAX_ENTRIES]


def _with_aliases(found: Sequence[Appointment], user: User) -> list[Appointment]:
    """Begin each entry with the word for the client, where there is one."""
    cases = {one.case for one in found}
    rows = releases_of(user).filter(order__case__public_id__in=cases).select_related("order__case")
    aliases = {one.order.case.public_id: one.alias for one in rows.order_by("id") if one.alias}
    return [
        replace(one, summary=f"{aliases[one.case]}: {one.summary}") if one.case in aliases else one
        for one in found
    ]


def calendar_file(found: Sequence[Appointment], *, now: datetime) -> bytes:
    """Return the entries in iCalendar format (RFC 5545)."""
    calendar = Calendar()
    calendar.add("prodid", "-//ctc//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for one in found:
        calendar.add_component(_entry(one, now))
    written: bytes = calendar.to_ical()
    return written


def _entry(one: Appointment, now: datetime) -> Event:
    """Return the entry without SEQUENCE and LAST-MODIFIED: hidden changes would show in them.

    A program that subscribes takes each file whole.
    """
    is_timed = isinstance(one.begins, datetime)
    entry = Event()
    entry.add("uid", f"{one.uid}@{urlsplit(settings.BASE_URL).hostname}")
    entry.add("dtstamp", now)
    entry.add("dtstart", one.begins)
    entry.add("dtend", one.begins + (_LENGTH if is_timed else _A_DAY))
    entry.add("summary", one.summary)
    entry.add("description", list_link())
    # An all-day entry must not mark the person as busy.
    entry.add("transp", "OPAQUE" if is_timed else "TRANSPARENT")
    return entry


def _hearings(user: User, now: datetime) -> Iterator[Appointment]:
    set_for = ((now - BACK).date(), (now + AHEAD).date())
    rows = (
        Hearing.objects.visible_to(user, roles=_viewer_roles("hearing"))
        .filter(scheduled_on__range=set_for)
        .exclude(outcome__in=[HearingOutcome.CONTINUED, HearingOutcome.VACATED])
        .select_related("order__case")
        .order_by("scheduled_on", "id")[:MAX_ENTRIES]
    )
    for row in rows:
        begins: datetime | date = row.scheduled_on
        if row.scheduled_time is not None:
            begins = at_wall(row.scheduled_on, row.scheduled_time, zone_of(row.order))
        yield _appointment(f"{row.public_id}", "Appointment", begins, row.order)


def _deadlines(user: User, now: datetime) -> Iterator[Appointment]:
    """Yield what is due, and what ends. Each has an index of its own."""
    for states in (RUNNING, [DeadlineState.ENDS]):
        yield from _deadlines_in(states, user, now)


def _deadlines_in(states: Collection[DeadlineState], user: User, now: datetime) -> Iterator[Appointment]:
    rows = (
        Deadline.objects.visible_to(user, roles=_viewer_roles("deadline"))
        .filter(
            state__in=states,
            due_at__range=(now - BACK - _A_DAY, now + AHEAD + _A_DAY),
        )
        .select_related("order__case")
        .order_by("due_at", "id")[:MAX_ENTRIES]
    )
    for row in rows:
        opens, due = row.opens_on or row.opens_at, row.due_on or row.due_at
        if opens is not None and _is_shown(opens, now):
            yield _appointment(f"{row.public_id}-opens", "Window opens", opens, row.order)
        if due is not None and _is_shown(due, now):
            yield _appointment(f"{row.public_id}", _due_words(row, opens), due, row.order)


def _due_words(row: Deadline, opens: datetime | date | None) -> str:
    if row.state == DeadlineState.ENDS:
        return "Last day"
    return "Window closes" if opens else "Due"


def _appointment(uid: str, summary: str, begins: datetime | date, order: Order) -> Appointment:
    return Appointment(uid=uid, summary=summary, begins=begins, case=order.case.public_id)


def _is_shown(at: datetime | date, now: datetime) -> bool:
    if isinstance(at, datetime):
        return now - BACK <= at <= now + AHEAD
    return (now - BACK).date() <= at <= (now + AHEAD).date()


def _viewer_roles(resource: str) -> frozenset[str]:
    return MATRIX.resources[resource].actions["view"]
