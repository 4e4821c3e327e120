"""The guides in plain words. Every number of law in them comes from the rules in force."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from orders.rules.vocabulary import Unit
from orders.services.planning.rulebooks import bundled

#: Each number that a text may name: the rule, which of its times, and the unit that the text writes.
NUMBERS = {
    "surrender_hours": ("CT-SUR-01", "due", Unit.ELAPSED_HOURS),
    "hearing_days": ("CT-HRG-14", "due", Unit.CALENDAR_DAYS),
    "armed_hearing_days": ("CT-HRG-07", "due", Unit.CALENDAR_DAYS),
    "served_days": ("CT-SVC-02", "due", Unit.CALENDAR_DAYS),
    "unserved_days": ("CT-CON-02", "due", Unit.CALENDAR_DAYS),
    "return_days": ("CT-SVC-08", "due", Unit.BUSINESS_DAYS),
    "remote_days": ("CT-HRG-REM", "due", Unit.CALENDAR_DAYS),
    "order_years": ("CT-ORD-01", "due", Unit.YEARS),
    "police_hours": ("CT-LE-48", "due", Unit.ELAPSED_HOURS),
    "extend_open": ("CT-EXT-01", "opens", Unit.CALENDAR_DAYS),
    "extend_close": ("CT-EXT-01", "due", Unit.CALENDAR_DAYS),
    "contempt_days": ("CT-CTM-01", "due", Unit.COURT_DAYS),
    "gun_days": ("CT-RET-01", "due", Unit.BUSINESS_DAYS),
    "kept_years": ("CT-RET-03", "due", Unit.YEARS),
}


#: Courts and the legislature change what is in a guide about once a year.
SOURCE_LASTS = timedelta(days=365)


class NumberChanged(ValueError):
    """A rule counts in another unit now than the texts of the guides write."""


@dataclass(frozen=True)
class GuideSource:
    """What a guide is taken from, and the day of that text; None for a source without a date."""

    name: str
    read: date | None


@dataclass(frozen=True)
class GuidePart:
    """One part of a guide: sentences, then a list, or steps in their order."""

    title: str
    text: tuple[str, ...]
    points: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Guide:
    """One guide in one language. `audience` is "protected" or "respondent"."""

    name: str
    audience: str
    title: str
    short: str
    parts: tuple[GuidePart, ...]
    sources: tuple[GuideSource, ...]
    reviewed_by: str

    def is_old(self, today: date) -> bool:
        """Return True if no source of the guide is newer than `SOURCE_LASTS`."""
        dates = [one.read for one in self.sources if one.read is not None]
        return not dates or max(dates) + SOURCE_LASTS < today

    def sentences(self) -> Iterator[str]:
        """Yield every text of the guide that a person reads."""
        yield self.title
        yield self.short
        for part in self.parts:
            yield part.title
            yield from (*part.text, *part.points, *part.steps)


def numbers(today: date) -> dict[str, int]:
    """Return the numbers of law that the guides name, as the rules have them on that day.

    Raises `NumberChanged` if a rule counts in another unit than the texts write.
    """
    rules = bundled().by_id
    found = {}
    for name, (rule, moment, unit) in NUMBERS.items():
        value = [one for one in rules[rule].values if one.effective <= today][-1]
        offset = getattr(value, moment)
        if offset is None or offset.unit is not unit:
            raise NumberChanged(f"{name}: {rule} does not count {unit}. Change the texts of the guides.")
        found[name] = abs(offset.amount)
    return found


def guides(language: str, today: date) -> list[Guide]:
    """Return every guide in a language, in the order in which they are listed."""
    known = numbers(today)
    return [_guide(name, data, language, known) for name, data in _files()]


def guide(name: str, language: str, today: date) -> Guide | None:
    """Return one guide in a language; None for an unknown name."""
    return next((one for one in guides(language, today) if one.name == name), None)


def old(today: date) -> list[Guide]:
    """Return the guides whose sources are old, to be read again."""
    return [one for one in guides("en", today) if one.is_old(today)]


@cache
def _files() -> tuple[tuple[str, dict[str, Any]], ...]:
    folder = resources.files("guidance.data").joinpath("guides")
    found = {
        one.name.removesuffix(".toml"): tomllib.loads(one.read_text(encoding="utf-8"))
        for one in folder.iterdir()
        if one.name.endswith(".toml")
    }
    return tuple(sorted(found.items(), key=lambda one: one[1]["order"]))


def _guide(name: str, data: dict[str, Any], language: str, known: dict[str, int]) -> Guide:
    def lines(part: dict[str, Any], kind: str) -> tuple[str, ...]:
        return tuple(one.format(**known) for one in part.get(kind, {}).get(language, ()))

    return Guide(
        name=name,
        audience=data["audience"],
        title=data["title"][language].format(**known),
        short=data["short"][language].format(**known),
        parts=tuple(
            GuidePart(
                title=part["title"][language],
                text=lines(part, "text"),
                points=lines(part, "list"),
                steps=lines(part, "steps"),
            )
            for part in data["part"]
        ),
        sources=tuple(GuideSource(one["name"], one.get("read")) for one in data["source"]),
        reviewed_by=data.get("reviewed_by", ""),
    )
