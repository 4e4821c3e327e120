"""Released figures: true, the same in each form, without small counts, and only by an administrator."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Agency, AgencyKind, Role
from guidance.models import StatisticsRelease
from guidance.services import statistics
from guidance.services.statistics import DEFINITIONS, FEW, HELD, Quarter, figures_of
from guidance.services.suppression import LEAST
from orders.services.reports.quarters import QuarterCounts, count_quarter
from tests import make
from tests.make import NOW

LAST = Quarter(2026, 3)
AFTER = datetime(2026, 10, 2, 12, tzinfo=UTC)


def counts(**given: Any) -> QuarterCounts:
    """The quarter of the sketch, in small."""
    plain: dict[str, Any] = {
        "orders": 205,
        "filed": 170,
        "verified": 150,
        "followed_up": 20,
        "courts": {
            "Ansonia": (42, 27),
            "Bridgeport": (88, 51),
            "Danbury": (31, 22),
            "Middlesex": (19, 11),
            "Tolland": (14, 11),
            "Windham": (11, 5),
        },
        "agencies": {"Ansonia Police": (102, 60), "Bridgeport Police": (103, 67)},
    }
    return QuarterCounts(**(plain | given))


@pytest.fixture
def released(db: None) -> StatisticsRelease:
    return StatisticsRelease.objects.create(
        year=2026,
        quarter=3,
        version=1,
        figures=figures_of(counts(), []),
        reason="First release",
        released_at=AFTER,
    )


def test_quarters_begin_and_end_at_midnight_of_the_courts_and_never_overlap() -> None:
    assert LAST.since == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert LAST.until == datetime(2026, 10, 1, 4, tzinfo=UTC) == LAST.next.since
    assert Quarter(2026, 4).next == Quarter(2027, 1)
    assert Quarter.before(NOW) == LAST
    assert Quarter.before(datetime(2026, 1, 15, tzinfo=UTC)) == Quarter(2025, 4)


def test_page_csv_and_json_show_the_same_numbers(client: Client, released: StatisticsRelease) -> None:
    page = client.get("/statistics/").content.decode()
    text = client.get("/statistics/2026/3/figures.csv").content.decode()
    data = client.get("/statistics/2026/3/figures.json").json()

    rows = list(csv.DictReader(StringIO(text)))
    assert [{name: str(value) for name, value in row.items()} for row in data["rows"]] == rows
    assert data["definitions"].keys() == rows[0].keys() == DEFINITIONS.keys()
    assert (rows[0]["name"], rows[0]["orders"], rows[0]["proven"]) == ("Connecticut", "205", "127")
    windham = next(row for row in rows if row["name"] == "Windham")
    assert (windham["orders"], windham["proven"], windham["not_proven"]) == ("11", FEW, HELD)
    assert "<i>fewer than 6</i>" in page
    # The database keeps no order of names.
    assert [row["name"] for row in rows if row["table"] == "court"] == sorted(counts().courts)
    assert page.index(">Ansonia<") < page.index(">Bridgeport<") < page.index(">Windham<")
    assert "Share" in page


def test_no_form_has_a_small_count(client: Client, released: StatisticsRelease) -> None:
    data = client.get("/statistics/2026/3/figures.json").json()
    names = ("orders", "proven", "not_proven", "filed", "verified", "followed_up")

    shown = [row[name] for row in data["rows"] for name in names if isinstance(row[name], int)]
    assert min(shown) >= LEAST
    # Nothing stored has more than what is shown.
    assert "5" not in {str(value) for row in data["rows"] for value in row.values()}
    assert released.figures["courts"]["Windham"]["proven"] == FEW


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        ({"filed": 202}, {"filed", "followed_up"}),
        ({"verified": 168}, {"verified"}),
        ({"verified": 129}, {"verified"}),
        ({"followed_up": 33}, {"followed_up"}),
        ({"followed_up": 4}, {"followed_up"}),
        ({}, set()),
    ],
)
def test_numbers_of_the_state_that_differ_by_few_are_held_back(
    given: dict[str, Any], hidden: set[str]
) -> None:
    state = figures_of(counts(**given), [])["state"]

    assert {name for name, value in state.items() if value == HELD} == hidden


def test_what_a_version_hid_stays_hidden_in_tables_and_for_the_state() -> None:
    first = figures_of(counts(verified=168), [])
    grown = counts(courts=counts().courts | {"Windham": (40, 20), "Tolland": (40, 20)}, orders=260)

    second = figures_of(grown, [first])

    assert second["state"]["verified"] == HELD
    for name, cells in first["courts"].items():
        for column, value in cells.items():
            assert not isinstance(value, str) or isinstance(second["courts"][name][column], str)


def test_a_quarter_without_orders_shows_no_number() -> None:
    nothing = counts(
        orders=0, filed=0, verified=0, followed_up=0, courts={"A": (0, 0)}, agencies={"B": (0, 0)}
    )

    figures = figures_of(nothing, [])

    tables = (figures["state"], *figures["courts"].values(), *figures["agencies"].values())
    assert {value for cells in tables for value in cells.values()} <= {FEW, HELD}


@pytest.mark.django_db
def test_orders_are_counted_by_court_and_by_police_of_the_quarter_in_which_they_were_served() -> None:
    court = make.agency(AgencyKind.COURT)
    served = NOW - timedelta(days=70)
    for moment in (served, served, NOW):
        make.order(court=court, issued_at=moment - timedelta(days=1), served_at=moment, now=moment)
    make.order(court=court, firearms_indicated=False, issued_at=served, served_at=served, now=served)

    found = count_quarter(LAST.since, LAST.until)

    assert (found.orders, found.filed, found.verified) == (2, 0, 0)
    assert found.courts[court.name] == (2, 0)
    assert sum(orders for orders, _ in found.agencies.values()) == 2
    assert set(found.courts) == set(
        Agency.objects.filter(kind=AgencyKind.COURT).values_list("name", flat=True)
    )


@pytest.mark.django_db
def test_a_quarter_that_has_not_ended_is_refused() -> None:
    with pytest.raises(ValidationError, match="has not ended"):
        statistics.release(Quarter(2026, 4), reason="Too early", by=None, now=NOW)


@pytest.mark.django_db
def test_the_same_figures_are_no_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "count_quarter", lambda *_: counts())
    statistics.release(LAST, reason="First release", by=None, now=NOW)

    with pytest.raises(ValidationError, match="no new version"):
        statistics.release(LAST, reason="Again", by=None, now=NOW)


@pytest.mark.django_db
def test_an_administrator_looks_first_and_then_releases(client: Client) -> None:
    make.agency(AgencyKind.COURT, name="Superior Court at Nowhere")
    client.force_login(make.person(Role.ADMINISTRATOR))
    address = "/admin/guidance/statisticsrelease/"
    last = Quarter.before(datetime.now(UTC))
    given = {"quarter": f"{last.year}-{last.quarter}", "reason": "First release"}

    looked = client.post(address, given).content.decode()
    assert "Superior Court at Nowhere" in looked
    assert StatisticsRelease.objects.count() == 0

    done = client.post(address, given | {"release": "Release these figures"}, follow=True)
    assert "Released:" in done.content.decode()
    row = StatisticsRelease.objects.get()
    assert row.released_by is not None
    assert "Superior Court at Nowhere" in client.get("/statistics/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR])
def test_other_roles_release_nothing(role: Role, client: Client) -> None:
    client.force_login(make.person(role, make.agency()))
    given = {"quarter": "2026-3", "reason": "Mine", "release": "Release these figures"}

    assert client.post("/admin/guidance/statisticsrelease/", given).status_code in (302, 403)
    assert StatisticsRelease.objects.count() == 0


def test_the_page_takes_two_queries_and_no_cookie(
    client: Client, released: StatisticsRelease, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    with django_assert_num_queries(1):
        answer = client.get("/statistics/2026/3/")

    assert answer.status_code == 200
    assert answer.cookies == {}
    assert client.get("/statistics/2025/1/").status_code == 404


@pytest.mark.django_db
def test_without_a_release_the_page_shows_no_number(client: Client) -> None:
    assert "No figures are released yet." in client.get("/statistics/").content.decode()
