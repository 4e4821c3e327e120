"""The rulebook as it applies: with the closed days that a person keeps, and with a court's decisions."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.db import transaction

from orders.errors import InvalidFact
from orders.models import CourtClosing, CourtRule
from orders.rules import rulebook as rulebooks
from orders.rules.adjust import Adjustment, adjusted
from orders.rules.rulebook import Offset, Rulebook, Unit

#: One instant of each week of the years that orders are planned in.
_WEEKS = [datetime(2020, 1, 1, 12, tzinfo=UTC) + timedelta(weeks=week) for week in range(20 * 52)]


def load_closings() -> int:
    """Stores the proclaimed days that the rulebook's files name and that are not stored yet; counts them.

    A day that a person renamed or added stays as it is.
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
    """The courts are closed that day; orders are planned anew by the sweep. Raises `InvalidFact`."""
    with transaction.atomic():
        row, is_new = CourtClosing.objects.get_or_create(
            jurisdiction=jurisdiction, closed_on=closed_on, defaults={"name": name.strip()}
        )
    if not is_new:
        raise InvalidFact("closed_on", "duplicate_closing", f"{closed_on} is listed already: {row.name}.")
    return row


@cache
def bundled() -> Rulebook:
    """The rulebook as its files have it."""
    return rulebooks.load()


def zone_at(jurisdiction: str, area: str) -> ZoneInfo:
    """The time zone of a court in that area of the state; the state's own where no area is named."""
    return bundled().jurisdictions[jurisdiction].in_area(area).zone


@cache
def clock_rules() -> str:
    """A digest, in hexadecimal, of what local time is in the rulebook's zones in these years.

    Made of what this machine's data say, not of what they call themselves: an update that changes no clock of
    ours changes nothing here.
    """
    zones = {
        zone.key: zone for one in bundled().jurisdictions.values() for zone in (one.zone, *one.areas.values())
    }
    said = [
        (name, *(at.astimezone(zone).isoformat() for at in _WEEKS)) for name, zone in sorted(zones.items())
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:15]


def current_rulebook() -> Rulebook:
    """The rulebook with the closings that stand in the database now."""
    closings = CourtClosing.objects.order_by("jurisdiction", "closed_on")
    return _with_closings(tuple(closings.values_list("jurisdiction", "closed_on", "name")))


def closed_days(jurisdiction: str, year: int) -> dict[date, str]:
    """Every working day of the year on which the state's courts are closed, and why."""
    return current_rulebook().jurisdictions[jurisdiction].calendar.closed_in(year)


@lru_cache(maxsize=4)
def _with_closings(closings: tuple[tuple[str, date, str], ...]) -> Rulebook:
    by_jurisdiction: dict[str, dict[date, str]] = {}
    for jurisdiction, day, name in closings:
        by_jurisdiction.setdefault(jurisdiction, {})[day] = name
    book = bundled().with_closings(by_jurisdiction)
    # A day that is closed anew makes every earlier plan one of another version, to be planned anew; so does
    # another rule of local time.
    digest = hashlib.sha256(repr((closings, clock_rules())).encode()).hexdigest()[:8]
    return replace(book, version=f"{book.version}+{digest}")


def rulebooks_of(courts: Iterable[int], book: Rulebook | None = None) -> dict[int, Rulebook]:
    """The rulebook as each of the courts applies it, by the court's primary key, in two queries.

    Or `book`, as each of them would.
    """
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
