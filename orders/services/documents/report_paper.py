"""The report of a court on paper: each number with what it is counted against and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.dates import format_day, format_instant
from orders.services.desk.reports import FIRST, NOT_HELD, Counted, ReportPeriod
from orders.services.documents.blocks import DataTable, Document, Heading, Items, Note


def report_paper(
    office: str,
    period: ReportPeriod,
    counted: Sequence[Counted],
    *,
    chosen: Sequence[str],
    groups: Sequence[Mapping[str, Any]],
    group_title: str,
    hours: Mapping[str, float | None],
    now: datetime,
) -> Document:
    """Return the report. `chosen` are the choices of the form in words, besides the period."""
    first = [one for one in counted if one.measure.name in FIRST]
    others = [one for one in counted if one.measure.name not in FIRST]
    days = f"{format_day(period.first)} to {format_day(period.last)}"
    rows = [[str(one[name]) for name in ("words", "issued", *FIRST[:3])] for one in groups]
    return Document(
        name=f"report-{period.first.isoformat()}-{period.last.isoformat()}",
        title="Report on orders and surrender of firearms",
        office=office,
        number=days,
        wide=True,
        dense=True,
        foot=[f"Counted {format_instant(now)}", "For the court only: small counts are not hidden."],
        blocks=[
            Note(text=f"Orders issued {days}. {'; '.join(chosen) or 'Every kind and agency'}."),
            Heading(text="Four numbers first"),
            _measures(first),
            Heading(text="Every other measure"),
            _measures(others),
            Note(text=_hours(hours)),
            Heading(text=f"By {group_title.lower()}"),
            DataTable(
                columns=[group_title, "Issued", "Ordered", "Filed", "Verified"],
                widths=[8, 3, 3, 3, 3],
                rows=rows or [["No order was issued in this period", "0", "0", "0", "0"]],
            ),
            Heading(text="What the data do not hold"),
            Items(lines=list(NOT_HELD), numbered=False),
        ],
    )


def _measures(counted: Sequence[Counted]) -> DataTable:
    return DataTable(
        columns=["Measure", "Count", "Of", "Share", "Counted against", "Definition"],
        widths=[6, 2, 2, 2, 6, 9],
        rows=[
            [
                one.measure.title,
                str(one.count),
                str(one.whole),
                "Nothing yet" if one.percent is None else f"{one.percent}%",
                one.measure.against_words,
                one.measure.definition,
            ]
            for one in counted
        ],
    )


def _hours(hours: Mapping[str, float | None]) -> str:
    if hours["median"] is None:
        return "Hours from issue to service: no order with a known time of issue was served."
    return (
        f"Hours from issue to service: half of the orders were served within {hours['median']} hours, "
        f"nine of ten within {hours['most']}. Counted: orders served whose time of issue is known."
    )
