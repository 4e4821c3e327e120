"""An import of many pages, with the same names on each, costs as much for the last page as for the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, AgencyKind, Town
from orders.models import Order, Person, Respondent
from orders.services.registry import importing
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = pytest.mark.django_db

#: Orders on a page, and pages.
SIZE, PAGES = 20, 16
NAMES = [f"{first} {last}" for first in ("Ash", "Blake", "Casey", "Devon") for last in "ABCDE"]
BORN = [date(1960, 1, 1) + timedelta(days=30 * place) for place in range(SIZE)]


@pytest.fixture(autouse=True)
def _places(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Town.objects.create(name="Hamden", police=make.agency())
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")
    monkeypatch.setattr(importing, "BATCH", SIZE)


def other_people(page: int, place: int) -> date:
    """A date of birth that the name has on no other page. Each page has all names and all dates."""
    return BORN[(page + place) % SIZE]


def same_people(_page: int, place: int) -> date:
    """The same date of birth on each page."""
    return BORN[place]


def write(folder: Path, born: Callable[[int, int], date]) -> Path:
    """Write pages with the same names on each."""
    rows = [
        (
            1 + page * SIZE + place,
            {"respondent_name": NAMES[place], "respondent_dob": born(page, place).isoformat()},
        )
        for page in range(PAGES)
        for place in range(SIZE)
    ]
    orders = [order_row(number, **given) for number, given in rows]
    firearms = [firearm_row(number, f"S{number}") for number, _ in rows]
    return write_export(folder, orders, firearms, [receipt_row(number, f"S{number}") for number, _ in rows])


@pytest.mark.cut(2)
@pytest.mark.parametrize("born", [other_people, same_people])
def test_each_page_takes_the_same_number_of_queries(tmp_path: Path, born: Callable[[int, int], date]) -> None:
    taken = []
    with importing.importing(write(tmp_path, born), now=NOW) as run:
        pages = run.batches()
        for _ in range(PAGES):
            with CaptureQueriesContext(connection) as queries:
                next(pages)
            # The tables are analyzed whenever they have doubled.
            taken.append(sum(not one["sql"].startswith("ANALYZE") for one in queries))

    assert Order.objects.count() == SIZE * PAGES
    # The first page finds no one. Few rows are inserted with one query, many with two.
    assert max(taken[1:]) - min(taken[1:]) <= 1, taken


def test_no_page_loads_more_people_than_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, page = Counter[int](), [0]
    from_db = Respondent.from_db

    def counting(*row: Any) -> Respondent:
        loaded[page[0]] += 1
        return from_db(*row)

    monkeypatch.setattr(Respondent, "from_db", counting)
    with importing.importing(write(tmp_path, other_people), now=NOW) as run:
        for _ in run.batches():
            page[0] += 1

    assert Person.objects.count() == SIZE * PAGES
    # The first page finds no one.
    assert max(loaded.values()) == loaded[1], loaded
