"""The released figures as a page, as CSV and as JSON, without sign-in."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.dates import court_date
from guidance.models import StatisticsRelease
from guidance.services import statistics
from guidance.services.guides import numbers
from guidance.services.statistics import DEFINITIONS, DEFINITIONS_ES, FEW, HELD, rows_of
from guidance.services.words import day, words
from guidance.views.base import page, today
from orders.services.desk.tables import plain_cell
from orders.services.reports.quarters import ELSEWHERE


@require_safe
@login_not_required
def figures(request: HttpRequest, language: str, year: int = 0, quarter: int = 0) -> HttpResponse:
    """Show the figures of a quarter, or of the last one that was released."""
    said = words(language)
    hours = numbers(today())["surrender_hours"]
    releases = statistics.newest()
    chosen = _chosen(releases, year, quarter) if year else next(iter(releases), None)
    shown = chosen.figures if chosen else {}
    return page(
        request,
        "statistics",
        language,
        releases=releases,
        chosen=chosen,
        year=year,
        quarter=quarter,
        state=shown.get("state"),
        why_held=HELD in shown.get("state", {}).values(),
        courts=_rows(shown.get("courts", {}), said),
        agencies=_rows(shown.get("agencies", {}), said),
        state_share=_share(shown["state"]) if chosen else None,
        definitions=(DEFINITIONS_ES if language == "es" else DEFINITIONS).items(),
        in_time=said["figures_in_time"].format(hours=hours),
        by_court=said["figures_by_court"].format(hours=hours),
        by_police=said["figures_by_police"].format(hours=hours),
        about=_about(chosen, language) if chosen else "",
        footer=said["not_advice"],
    )


@require_safe
@login_not_required
def as_csv(request: HttpRequest, year: int, quarter: int) -> HttpResponse:
    """Return the figures of a quarter as CSV. A hidden number is the word `few` or `held`."""
    chosen = _chosen(statistics.newest(), year, quarter)
    answer = HttpResponse(as_text(chosen), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="figures-{year}-{quarter}.csv"'
    return answer


@require_safe
@login_not_required
def as_json(request: HttpRequest, year: int, quarter: int) -> HttpResponse:
    """Return the figures of a quarter as JSON, with what each column means."""
    chosen = _chosen(statistics.newest(), year, quarter)
    return JsonResponse(as_data(chosen))


def as_text(chosen: StatisticsRelease) -> str:
    """Return a release as CSV."""
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(DEFINITIONS))
    writer.writeheader()
    for row in rows_of(chosen):
        writer.writerow(
            {name: plain_cell(value) if isinstance(value, str) else value for name, value in row.items()}
        )
    return text.getvalue()


def as_data(chosen: StatisticsRelease) -> dict[str, Any]:
    """Return a release as the JSON file has it."""
    return {
        "definitions": DEFINITIONS,
        "marks": {FEW: "fewer than 6", HELD: "hidden to protect a number, this one or another"},
        "released_on": court_date(chosen.released_at).isoformat(),
        "reason": chosen.reason,
        "rows": rows_of(chosen),
    }


def _rows(table: dict[str, Any], said: dict[str, str]) -> list[tuple[str, dict[str, Any], int | None]]:
    """Return a table by name, in the words of the page."""
    named = {ELSEWHERE: said["figures_elsewhere"]}
    return [(named.get(name, name), cells, _share(cells)) for name, cells in sorted(table.items())]


def _about(chosen: StatisticsRelease, language: str) -> str:
    """Return which orders the figures count, and which version they are."""
    return words(language)["figures_about"].format(
        quarter=chosen.quarter,
        year=chosen.year,
        version=chosen.version,
        day=day(court_date(chosen.released_at), language),
    )


def _chosen(releases: list[StatisticsRelease], year: int, quarter: int) -> StatisticsRelease:
    found = next((one for one in releases if (one.year, one.quarter) == (year, quarter)), None)
    if found is None:
        raise Http404
    return found


def _share(cells: dict[str, Any]) -> int | None:
    """Return the share proven in time in percent; None if a part of it is hidden."""
    orders, proven = cells["orders"], cells["proven"]
    return None if isinstance(orders, str) or isinstance(proven, str) else round(100 * proven / orders)
