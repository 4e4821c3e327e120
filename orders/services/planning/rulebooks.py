"""The rulebook in effect: with the stored closed days and the decisions of a court."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.dates import format_day
from orders.errors import InvalidFact
from orders.models import CourtClosing, CourtRule
from orders.rules.adjust import Adjustment, adjusted
from orders.rules.loading import load
from orders.rules.model import Offset
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Unit

#: One instant of each week of the years that orders are planned in.
_WEEKS = [datetime(2020, 1, 1, 12, tzinfo=UTC) + timedelta(weeks=week) for week in range(20 * 52)]


def load_closings() -> int:
    """Store the proclaimed days of the rulebook's files that are not stored yet, and return their count.

    A day that a person renamed or added is not changed.
    """
    found = [
        CourtClosing(jurisdiction=one.id, closed_on=day, name=name)
        for one in bundled().jurisdictions.values()
        for day, name in one.calendar.closings.items()
    ]
    known = set(CourtClosing.objects.values_list("jurisdiction", "closed_on"))
    new = [one for one in found if (one.jurisdiction, one.closed_on) not in known]
    CourtClosing.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def record_closing(*, jurisdiction: str, closed_on: date, name: str) -> CourtClosing:
    """Close the courts on a day. The hourly sweep replans the orders. Raises `InvalidFact`."""
    with transaction.atomic():
        row, is_new = CourtClosing.objects.get_or_create(
            jurisdiction=jurisdiction, closed_on=closed_on, defaults={"name": name.strip()}
        )
    if not is_new:
        raise InvalidFact(
            "closed_on", "duplicate_closing", f"{format_day(closed_on)} is already listed: {row.name}."
        )
    return row


def is_proclaimed(row: CourtClosing) -> bool:
    """True for a day of the rulebook's files, which no person added."""
    return row.closed_on in bundled().jurisdictions[row.jurisdiction].calendar.closings


def take_back_closing(row: CourtClosing) -> None:
    """Open the courts on a day that was added in error. The hourly sweep replans the orders.

    Raises `InvalidFact`.
    """
    if is_proclaimed(row):
        raise InvalidFact(
            "reason",
            "proclaimed",
            f"{format_day(row.closed_on)} was proclaimed and comes with this program. It stays closed.",
        )
    row.delete()


@cache
def bundled() -> Rulebook:
    """The rulebook of the files."""
    return load()


@cache
def alarm_rules() -> frozenset[str]:
    """The rules whose overdue deadlines by a person believed armed are urgent."""
    return frozenset(rule.id for rule in bundled().rules if rule.alarms_when_armed)


@cache
def return_rules() -> frozenset[str]:
    """The rules by which police return firearms, each from a request."""
    return frozenset(rule.id for rule in bundled().rules if rule.starts == "return_requested")


@cache
def urgent_news() -> frozenset[str]:
    """The announcements that wait for no quiet hours, such as of a hearing that someone would travel to."""
    return frozenset(one.rule.id for one in bundled().announcements if one.urgent)


@cache
def news_at_once() -> frozenset[str]:
    """The announcements that wait for no digest, such as of the return of firearms."""
    return frozenset(one.rule.id for one in bundled().announcements if one.at_once)


@cache
def hearing_news() -> frozenset[str]:
    """The urgent announcements of the day of a hearing."""
    about = ("hearing_canceled", "hearing_scheduled")
    return frozenset(
        one.rule.id for one in bundled().announcements if one.urgent and one.rule.starts in about
    )


@cache
def awaited_answers() -> dict[str, str]:
    """The announcements that are sent only if no one acknowledged another one, with that one."""
    found = bundled().announcements
    return {one.rule.id: one.unless_acknowledged for one in found if one.unless_acknowledged}


@cache
def naming_rules() -> frozenset[str]:
    """Return the announcements that one agency was named: `occurrence` is its key."""
    named = ("given_to_serve", "school_named")
    return frozenset(one.rule.id for one in bundled().announcements if one.rule.starts in named)


def zone_at(jurisdiction: str, area: str) -> ZoneInfo:
    """The time zone of a court in this area of the state. An empty area has the zone of the state."""
    return bundled().jurisdictions[jurisdiction].in_area(area).zone


@cache
def zones_by_place() -> tuple[tuple[str, str, str], ...]:
    """State, county and name of the time zone: of each state without a county, and of those with another."""
    return tuple(
        (one.id, area, zone.key)
        for one in bundled().jurisdictions.values()
        for area, zone in (("", one.zone), *one.areas.items())
    )


@cache
def clock_rules() -> str:
    """A hexadecimal digest of local time in the rulebook's time zones in these years.

    It depends on the offsets, not on the version of the time zone data, so an update without changes to these
    zones does not change it.
    """
    zones = {
        zone.key: zone for one in bundled().jurisdictions.values() for zone in (one.zone, *one.areas.values())
    }
    offsets = [
        (name, *(at.astimezone(zone).isoformat() for at in _WEEKS)) for name, zone in sorted(zones.items())
    ]
    return hashlib.sha256(repr(offsets).encode()).hexdigest()[:15]


def current_rulebook() -> Rulebook:
    """The rulebook with the closed days that are stored now."""
    closings = CourtClosing.objects.order_by("jurisdiction", "closed_on")
    return _with_closings(tuple(closings.values_list("jurisdiction", "closed_on", "name")))


def closed_days(jurisdiction: str, year: int) -> dict[date, str]:
    """Every weekday of the year on which the state's courts are closed, with the reason."""
    return current_rulebook().jurisdictions[jurisdiction].calendar.closed_in(year)


@lru_cache(maxsize=4)
def _with_closings(closings: tuple[tuple[str, date, str], ...]) -> Rulebook:
    by_jurisdiction: dict[str, dict[date, str]] = {}
    for jurisdiction, day, name in closings:
        by_jurisdiction.setdefault(jurisdiction, {})[day] = name
    book = bundled().with_closings(by_jurisdiction)
    # A new closed day gives the rulebook another version, so that orders are replanned. So does a change of
    # local time.
    digest = hashlib.sha256(repr((closings, clock_rules())).encode()).hexdigest()[:8]
    return replace(book, version=f"{book.version}+{digest}")


def rulebooks_of(courts: Iterable[int], book: Rulebook | None = None) -> dict[int, Rulebook]:
    """The rulebook, or `book`, with the decisions of each court, by the court's key, in two queries."""
    ids = set(courts)
    book = book or current_rulebook()
    decisions: defaultdict[int, list[Adjustment]] = defaultdict(list)
    newest = CourtRule.objects.filter(court__in=ids).order_by("court_id", "rule_id", "-id")
    for row in newest.distinct("court_id", "rule_id"):
        decisions[row.court_id].append(_adjustment(row))
    return {court: adjusted(book, decisions[court]) for court in ids}


def _adjustment(row: CourtRule) -> Adjustment:
    return Adjustment(
        rule_id=row.rule_id,
        is_on=row.is_on,
        due=None if row.due_amount is None else Offset(amount=row.due_amount, unit=Unit(row.due_unit)),
        reminders=None
        if row.reminders is None
        else tuple(Offset(amount=amount, unit=Unit(unit)) for amount, unit in row.reminders),
    )
