"""The retention classes: for each kind of order, how many years a case is kept after it has ended."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from orders.models.orders import OrderKind

#: The file that comes with the project; RETENTION_CLASSES names another.
SHIPPED = Path(__file__).with_name("classes.toml")
#: Means every jurisdiction, or every kind.
ANY = "*"
#: The fewest years, so that a typing error deletes nothing that is still in use.
FEWEST_YEARS = 1


class ClassesError(ValueError):
    """The file cannot be used. The message names the class and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """How many years, from which day on, and where that comes from."""

    since: date
    years: int
    source: str
    is_default: bool = False

    @property
    def words(self) -> str:
        """The period as the pages show it."""
        years = f"{self.years} year{'' if self.years == 1 else 's'}"
        return f"{years} (default)" if self.is_default else years

    def ended_before(self, today: date) -> date:
        """Return the day before which an order must have ended, for its period to be over `today`."""
        try:
            return today.replace(year=today.year - self.years)
        except ValueError:  # February 29.
            return today.replace(year=today.year - self.years, day=28)


@dataclass(frozen=True, kw_only=True)
class RetentionClass:
    """One class. `is_rehearsal`: orders of a rehearsal, of every kind."""

    name: str
    title: str
    periods: tuple[Period, ...]
    jurisdictions: tuple[str, ...] = (ANY,)
    kinds: tuple[str, ...] = (ANY,)
    is_rehearsal: bool = False

    def period(self, today: date) -> Period | None:
        """Return the period that applies on the day; None before the first one."""
        known = [one for one in self.periods if one.since <= today]
        return max(known, key=lambda one: one.since, default=None)


def classes() -> list[RetentionClass]:
    """Return the classes of this installation. Raises `ClassesError`."""
    path = Path(settings.RETENTION_CLASSES) if settings.RETENTION_CLASSES else SHIPPED
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ClassesError(f"RETENTION_CLASSES: {path} cannot be read. Name another file.") from error


def read(text: str) -> list[RetentionClass]:
    """Parse the classes. Raises `ClassesError`."""
    try:
        found = [_class(one) for one in tomllib.loads(text)["class"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ClassesError(f"The retention classes cannot be read: {error}. Correct the file.") from error
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise ClassesError(f"Two retention classes have one name: {', '.join(sorted(names))}.")
    return found


def _class(row: dict[str, Any]) -> RetentionClass:
    periods = tuple(Period(**one) for one in row.pop("period"))
    jurisdictions, kinds = (tuple(row.pop(name, [ANY])) for name in ("jurisdictions", "kinds"))
    found = RetentionClass(periods=periods, jurisdictions=jurisdictions, kinds=kinds, **row)
    for one in periods:
        if type(one.since) is not date or one.years < FEWEST_YEARS or not one.source.strip():
            raise ClassesError(
                f"{found.name}: each period needs a date without quotes, {FEWEST_YEARS} year or more, "
                "and its source."
            )
    if unknown := set(found.kinds) - {ANY} - set(OrderKind.values):
        raise ClassesError(f"{found.name}: {', '.join(sorted(unknown))} is no kind of order.")
    return found


def class_of(kind: str, jurisdiction: str, known: list[RetentionClass]) -> RetentionClass | None:
    """Return the class of an order outside of a rehearsal: the one that names it most closely."""
    fitting = [
        one
        for one in known
        if not one.is_rehearsal
        and {ANY, kind} & set(one.kinds)
        and {ANY, jurisdiction} & set(one.jurisdictions)
    ]
    return max(fitting, key=lambda one: (jurisdiction in one.jurisdictions, kind in one.kinds), default=None)


def kinds_and_jurisdictions(jurisdictions: list[str]) -> Iterator[tuple[str, str]]:
    """Yield every kind of order in each of these jurisdictions."""
    for jurisdiction in jurisdictions:
        for kind in OrderKind.values:
            yield kind, jurisdiction
