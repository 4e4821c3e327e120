"""Figures for the public: counted by quarter, with small counts hidden, released by an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.dates import COURT_TIME
from accounts.models import User
from guidance.models import StatisticsRelease
from guidance.services.suppression import COLUMNS, LEAST, TOTAL, Cell, OfficeCounts, hide
from orders.services.reports.quarters import QuarterCounts, count_quarter

FEW, HELD = "few", "held"

#: What each figure means, in the order of the file. Pages and files have no other definition.
DEFINITIONS = {
    "year": "The year of the quarter.",
    "quarter": "1 for January to March, 2 for April to June, 3 for July to September, 4 for the rest.",
    "version": "The version of these figures. A newer one replaces it.",
    "table": "state, court or agency: who the row is about.",
    "name": "The court, or the police agency of the town in which the respondent lives.",
    "orders": "Orders served in the quarter for which a court file, a list or a permit indicates firearms.",
    "proven": "Of these, proven in time: by a receipt of police or a licensed dealer, in the hours of "
    "the law.",
    "not_proven": "The other orders. A low share may also mean slow papers; it proves no crime.",
    "filed": "State only: any proof or statement is on file, at any time. A sworn statement counts here.",
    "verified": "State only: proven by receipts, at any time.",
    "followed_up": "State only: of orders with nothing on file, those with an attempt within 48 hours.",
}


#: The same in Spanish, for the page.
DEFINITIONS_ES = {
    "year": "El año del trimestre.",
    "quarter": "1 es de enero a marzo, 2 de abril a junio, 3 de julio a septiembre, 4 el resto.",
    "version": "La versión de estas cifras. Una más nueva la reemplaza.",
    "table": "state (estado), court (corte) o agency (policía): de quién trata la fila.",
    "name": "La corte, o la policía del pueblo donde vive la persona que recibió la orden.",
    "orders": "Órdenes notificadas en el trimestre en las que la corte, una lista o un permiso indica armas.",
    "proven": "De estas, las probadas a tiempo: con un recibo de la policía o de un vendedor con licencia, "
    "en las horas que da la ley.",
    "not_proven": "Las demás órdenes. Una cifra baja también puede ser papeleo lento; no prueba un delito.",
    "filed": "Solo el estado: hay una prueba o declaración, en cualquier fecha. Aquí cuenta la jurada.",
    "verified": "Solo el estado: probadas con recibos, en cualquier fecha.",
    "followed_up": "Solo el estado: de las órdenes sin nada, las que tuvieron un intento en 48 horas.",
}


@dataclass(frozen=True)
class Quarter:
    """A quarter of a year on the clock of Connecticut's courts. Quarters never overlap."""

    year: int
    quarter: int

    @property
    def since(self) -> datetime:
        """Return its first instant."""
        return datetime(self.year, self.quarter * 3 - 2, 1, tzinfo=COURT_TIME)

    @property
    def until(self) -> datetime:
        """Return the first instant after it."""
        return self.next.since

    @property
    def next(self) -> Quarter:
        """Return the quarter after it."""
        return Quarter(self.year + self.quarter // 4, self.quarter % 4 + 1)

    @classmethod
    def before(cls, now: datetime) -> Quarter:
        """Return the last quarter that has ended."""
        local = now.astimezone(COURT_TIME)
        number = local.year * 4 + (local.month - 1) // 3 - 1
        return cls(number // 4, number % 4 + 1)


def draft(quarter: Quarter) -> dict[str, Any]:
    """Return the figures of the quarter as they would be released now."""
    older = StatisticsRelease.objects.filter(year=quarter.year, quarter=quarter.quarter)
    counts = count_quarter(quarter.since, quarter.until)
    return figures_of(counts, [one.figures for one in older])


def figures_of(counts: QuarterCounts, older: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what may be shown beside what older versions show."""
    shown: dict[str, Any] = {
        name: _table(rows, [one[name] | {TOTAL: one["state"]} for one in older])
        for name, rows in (("courts", counts.courts), ("agencies", counts.agencies))
    }
    state, of_police = shown["courts"].pop(TOTAL), shown["agencies"].pop(TOTAL)
    if any(isinstance(one, str) for one in (*state.values(), *of_police.values())):
        # Both tables add up to the state. One would give away the sum that the other must hide.
        shown["agencies"] = {name: dict.fromkeys(COLUMNS, HELD) for name in shown["agencies"]}
    return {"state": state | _summary(counts, state, [one["state"] for one in older]), **shown}


def _table(rows: Mapping[str, tuple[int, int]], older: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the table as it is shown.

    Only a first version marks a count as few. If the marks of two versions differed, the count would have
    passed 6 between them, and a total that rose by one would give it away.
    """
    table = {name: OfficeCounts(orders, proven) for name, (orders, proven) in rows.items()}
    masked = hide(table, before=[_hidden(one) for one in older])
    whole = {**table, TOTAL: OfficeCounts(*(sum(one[place] for one in rows.values()) for place in (0, 1)))}

    def mark(cell: Cell) -> int | str:
        if cell in masked.few and not older:
            return FEW
        return HELD if cell in masked.hidden else whole[cell[0]].of(cell[1])

    return {row: {column: mark((row, column)) for column in COLUMNS} for row in whole}


def _hidden(figures: dict[str, dict[str, Any]]) -> frozenset[Cell]:
    """Return the cells that an older version hides."""
    cells = ((row, column) for row in figures for column in COLUMNS)
    return frozenset(cell for cell in cells if isinstance(figures[cell[0]][cell[1]], str))


def _summary(counts: QuarterCounts, state: dict[str, Any], older: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the numbers of the state that no table has. Each is shown if it is far from its neighbors.

    A number that a version hid stays hidden.
    """
    proven = state["proven"]
    if isinstance(proven, str):
        return dict.fromkeys(("filed", "verified", "followed_up"), HELD)
    once = {name for one in older for name, value in one.items() if isinstance(value, str)}
    kept = [counts.orders]
    found: dict[str, Any] = {}
    for name, value in (("filed", counts.filed), ("verified", counts.verified)):
        is_apart = all(high - low >= LEAST for high, low in pairwise([*kept, value, proven]))
        found[name] = value if is_apart and name not in once else HELD
        if found[name] != HELD:
            kept.append(value)
    without = counts.orders - counts.filed
    is_apart = min(counts.followed_up, without - counts.followed_up) >= LEAST
    is_shown = is_apart and found["filed"] != HELD and "followed_up" not in once
    return found | {"followed_up": counts.followed_up if is_shown else HELD}


def release(quarter: Quarter, *, reason: str, by: User | None, now: datetime) -> StatisticsRelease:
    """Count, hide and release the figures of a quarter as a new version. Raises `ValidationError`."""
    if now < quarter.until:
        raise ValidationError({"quarter": "This quarter has not ended. Choose one that has."})
    versions = StatisticsRelease.objects.filter(year=quarter.year, quarter=quarter.quarter)
    newest = versions.order_by("-version").first()
    row = StatisticsRelease(
        year=quarter.year,
        quarter=quarter.quarter,
        version=(newest.version if newest else 0) + 1,
        figures=draft(quarter),
        reason=reason,
        released_at=now,
        released_by=by,
    )
    row.full_clean(exclude=["released_by"])
    if newest is not None and _without_marks(newest.figures) == _without_marks(row.figures):
        raise ValidationError("Nothing that is shown has changed, so there is no new version.")
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValidationError("Someone else has just released this quarter. Open the list again.") from error
    return row


def _without_marks(figures: Any) -> Any:
    """Return figures with one mark for every hidden number: versions differ in why they hide it."""
    if isinstance(figures, dict):
        return {name: _without_marks(one) for name, one in figures.items()}
    return HELD if isinstance(figures, str) else figures


@dataclass(frozen=True)
class ReleasePreview:
    """What a release would publish: how many numbers are shown and hidden, and which version it replaces."""

    figures: dict[str, Any]
    shown: int
    few: int
    held: int
    replaces: int


def preview(quarter: Quarter) -> ReleasePreview:
    """Return what a release of the quarter would publish now."""
    figures = draft(quarter)
    rows = [figures["state"], *figures["courts"].values(), *figures["agencies"].values()]
    values = [value for row in rows for value in row.values()]
    older = StatisticsRelease.objects.filter(year=quarter.year, quarter=quarter.quarter)
    return ReleasePreview(
        figures=figures,
        shown=sum(isinstance(value, int) for value in values),
        few=values.count(FEW),
        held=values.count(HELD),
        replaces=older.order_by("-version").values_list("version", flat=True).first() or 0,
    )


def to_release(now: datetime) -> Quarter | None:
    """Return the last quarter that has ended if it has no released figures, else None."""
    last = Quarter.before(now)
    released = StatisticsRelease.objects.filter(year=last.year, quarter=last.quarter).exists()
    return None if released else last


def newest() -> list[StatisticsRelease]:
    """Return the newest version of each quarter, the latest quarter first."""
    found = StatisticsRelease.objects.order_by("-year", "-quarter", "-version")
    return list(found.distinct("year", "quarter"))


def rows_of(row: StatisticsRelease) -> list[dict[str, Any]]:
    """Return the figures as rows with the columns of `DEFINITIONS`."""
    head = {"year": row.year, "quarter": row.quarter, "version": row.version}
    figures = row.figures
    found = [{**head, "table": "state", "name": "Connecticut", **figures["state"]}]
    for table, name in (("courts", "court"), ("agencies", "agency")):
        offices = sorted(figures[table].items())
        found += [{**head, "table": name, "name": office, **cells} for office, cells in offices]
    return [{column: one.get(column, "") for column in DEFINITIONS} for one in found]
