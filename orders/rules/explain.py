"""Says in sentences a clerk can read out why a deadline is due when it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orders.rules.facts import Happening
from orders.rules.rulebook import Certainty, Jurisdiction, Mark, Offset, Rule, Unit, Value

if TYPE_CHECKING:
    from orders.rules.plan import Moment

_EVENTS = {
    "issued": "the order was issued",
    "expiry": "the order's last day",
    "served": "the order was served",
    "hearing_scheduled": "the hearing's date",
    "contempt_motion_served": "the contempt motion was served",
    "released_from_custody": "the respondent was released from custody",
    "transfer_notice_received": "the notice naming a transferee was received",
}

_UNITS = {
    Unit.ELAPSED_HOURS: ("elapsed hour", "elapsed hours"),
    Unit.CALENDAR_DAYS: ("calendar day", "calendar days"),
    Unit.COURT_DAYS: ("court day", "court days"),
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.MONTHS: ("calendar month", "calendar months"),
    Unit.YEARS: ("year", "years"),
}

_MARKS = {
    Mark.SEEN: "seen in a published text",
    Mark.SECOND_HAND: "second-hand, have it checked",
    Mark.RECOLLECTION: "from recollection only, have a lawyer check it before relying on it",
}

#: Marks a value that has been in force since before any order held here; its beginning was not looked up.
LONG_AGO = date(1900, 1, 1)


def event_name(kind: str) -> str:
    """A rule's starting event in words."""
    return _EVENTS.get(kind, kind.replace("_", " "))


def day_words(day: date) -> str:
    """Such as “Friday 4 December 2026”."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def instant_words(instant: datetime, zone: ZoneInfo) -> str:
    """Such as “Friday 4 December 2026 at 18:30 (EST, UTC-05:00)”."""
    local = instant.astimezone(zone)
    offset = f"{local:%z}"
    seconds = f":{local:%S}" if local.second else ""
    return f"{day_words(local.date())} at {local:%H:%M}{seconds} ({local:%Z}, UTC{offset[:3]}:{offset[3:]})"


def not_started(rule: Rule, value: Value) -> tuple[str, ...]:
    """Why nothing is due yet."""
    return (
        f"Nothing is due yet: the time runs from when {event_name(rule.starts)}, and that is not recorded.",
        *_law(rule, value),
    )


def cannot_compute(rule: Rule, value: Value, missing: tuple[str, ...]) -> tuple[str, ...]:
    """What is wanted before the deadline can be computed."""
    return (
        f"This cannot be computed: {', '.join(missing)} is not recorded. Record it; nothing is guessed.",
        *_law(rule, value),
    )


def sentences(
    rule: Rule,
    value: Value,
    *,
    start: Happening,
    opens: Moment | None,
    due: Moment,
    alternative_on: date | None,
    moves_to: date | None,
    met: Moment | None,
    jurisdiction: Jurisdiction,
) -> tuple[str, ...]:
    """The event and where it came from, the rule, the arithmetic, the source, the certainty."""
    zone = jurisdiction.zone
    began = instant_words(start.at, zone) if start.at else day_words(start.day(zone))
    known = f" ({start.source})" if start.source else ""
    said = [f"It counts from {began}, when {event_name(start.kind)}{known}."]
    if start.kind in ("expiry", "hearing_scheduled"):
        said = [f"It counts from {began}, {event_name(start.kind)}{known}."]
    if value.opens and opens:
        said.append(f"It opens {_span(value.opens, start, jurisdiction)}: {_moment(opens, zone)}.")
    said.append(f"It is due {_span(value.due, start, jurisdiction)}: {_moment(due, zone)}.")
    said.extend(_skipped(value.due, start, due, jurisdiction))
    if moves_to and due.on:
        reason = jurisdiction.calendar.closed_because(due.on)
        said.append(f"The court is closed that day ({reason}); the next open day is {day_words(moves_to)}.")
    if met:
        said.append(f"It was met on {_moment(met, zone)}.")
    said.extend(_law(rule, value))
    if alternative_on:
        said.append(f"The stricter reading gives {day_words(alternative_on)}.")
    return tuple(said)


def _moment(moment: Moment, zone: ZoneInfo) -> str:
    if moment.at is not None:
        return instant_words(moment.at, zone)
    return day_words(moment.on) if moment.on else ""


def _span(offset: Offset, start: Happening, jurisdiction: Jurisdiction) -> str:
    if offset.unit is Unit.NEXT_OPEN_DAY:
        reason = jurisdiction.calendar.closed_because(start.day(jurisdiction.zone))
        return f"on the next open day, for the court is closed that day ({reason})"
    if offset.amount == 0:
        return "on that day"
    one, many = _UNITS[offset.unit]
    size = abs(offset.amount)
    words = f"{size} {one if size == 1 else many} {'after' if offset.amount > 0 else 'before'} it"
    if offset.unit is Unit.ELAPSED_HOURS:
        return f"{words}, nights, weekends and holidays counted"
    if offset.unit is Unit.CALENDAR_DAYS:
        return f"{words}, that day itself not counted"
    return words


def _skipped(offset: Offset, start: Happening, due: Moment, jurisdiction: Jurisdiction) -> Iterator[str]:
    """The closed days that a count of open days passed over."""
    if offset.unit not in (Unit.COURT_DAYS, Unit.BUSINESS_DAYS) or due.on is None:
        return
    first, last = sorted((start.day(jurisdiction.zone), due.on))
    between = (first + timedelta(days=n) for n in range(1, (last - first).days))
    closed = [
        f"{day_words(day)} ({jurisdiction.calendar.closed_because(day)})"
        for day in between
        if not jurisdiction.calendar.is_open(day)
    ]
    if closed:
        yield f"Not counted, for the court is closed: {'; '.join(closed)}."


def _law(rule: Rule, value: Value) -> Iterator[str]:
    since = "" if value.effective <= LONG_AGO else f", in force since {day_words(value.effective)}"
    yield f"Rule {rule.id}: {rule.title} Who must act: {rule.actor}."
    yield f"Source: {'; '.join(value.sources)} ({_MARKS[value.mark]}{since})."
    if value.note:
        yield value.note
    if rule.certainty is Certainty.DEBATABLE:
        yield f"Debatable: {rule.doubt}"
    else:
        yield "This reading is held to be certain."
