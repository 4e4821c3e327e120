"""Released figures: true, the same in each form, without small counts, and only by an administrator."""

from __future__ import annotations

import csv
import random
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Agency, AgencyKind, Role
from guidance.models import StatisticsRelease
from guidance.services import statistics
from guidance.services.statistics import DEFINITIONS, DEFINITIONS_ES, FEW, HELD, Quarter, figures_of
from guidance.services.suppression import LEAST
from guidance.views.statistics import as_data, as_text
from orders.models import Capacity
from orders.services.reports.quarters import ELSEWHERE, QuarterCounts, count_quarter
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


def test_a_visitor_reads_why_a_number_of_the_state_is_held_back(
    client: Client, released: StatisticsRelease
) -> None:
    reason = "With it, you could work out a number that is hidden to protect people."
    assert reason not in client.get("/statistics/").content.decode()
    released.figures["state"]["filed"] = HELD
    released.save()

    head = client.get("/statistics/").content.decode().partition("<table")[0]
    assert reason in head
    assert 'href="#marks"' in head
    assert "Con ella se podría calcular" in client.get("/statistics/es/").content.decode()


def test_what_a_version_hid_stays_hidden_in_tables_and_for_the_state() -> None:
    first = figures_of(counts(verified=168), [])
    grown = counts(courts=counts().courts | {"Windham": (40, 20), "Tolland": (40, 20)}, orders=260)

    second = figures_of(grown, [first])

    assert second["state"]["verified"] == HELD
    for name, cells in first["courts"].items():
        for column, value in cells.items():
            assert not isinstance(value, str) or isinstance(second["courts"][name][column], str)


def test_one_more_receipt_does_not_give_a_hidden_count_away() -> None:
    """Version 1 marks Windham's 5 proven as few. One receipt comes in, and every total rises by one.

    If version 2 marked the 5 that are not proven as few, all would know that 5 became 6.
    """
    first = figures_of(counts(), [])
    later = counts(courts=counts().courts | {"Windham": (11, 6)}, verified=151, filed=171)

    second = figures_of(later, [first])

    assert first["courts"]["Windham"]["proven"] == FEW
    assert second["state"]["proven"] == first["state"]["proven"] + 1
    marks = [value for row in second["courts"].values() for value in row.values() if isinstance(value, str)]
    assert set(marks) == {HELD}


def published(year_figures: dict[str, Any], version: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows about courts and the state that a reader of the CSV, and one of the JSON, has."""
    row = StatisticsRelease(
        year=2026, quarter=3, version=version, figures=year_figures, reason="", released_at=AFTER
    )
    text = as_text(row)
    files = (list(csv.DictReader(StringIO(text))), as_data(row)["rows"])
    of_csv, of_json = (
        {one["name"]: one for one in rows if one["table"] in ("state", "court")} for rows in files
    )
    return of_csv, of_json


def possible(rows: dict[str, Any], known: dict[tuple[str, str], int]) -> dict[tuple[str, str], set[int]]:
    """For each hidden count of proven orders, every value that fits what is shown and what is known.

    An attacker knows that rows and columns add up, and tries them all.
    """
    courts = [name for name in rows if name != "Connecticut"]
    choices = []
    for name in courts:
        orders, proven = rows[name]["orders"], rows[name]["proven"]
        if str(proven).isdigit():
            choices.append([int(proven)])
        elif (name, "proven") in known:
            choices.append([known[name, "proven"]])
        else:
            most = int(orders) if str(orders).isdigit() else 12
            few = str(proven) == FEW
            choices.append([one for one in range(most + 1) if not few or one < LEAST])
    total = rows["Connecticut"]["proven"]
    found: dict[tuple[str, str], set[int]] = {}
    for guess in product(*choices):
        if not str(total).isdigit() or sum(guess) == int(total):
            for name, value in zip(courts, guess, strict=True):
                found.setdefault((name, "proven"), set()).add(value)
    return {cell: values for cell, values in found.items() if not str(rows[cell[0]]["proven"]).isdigit()}


def test_no_older_version_less_a_newer_one_gives_a_count_away() -> None:
    """In both directions, from CSV to JSON: what one version shows is taken for unchanged in the other."""
    chance = random.Random(7)
    tried = 0
    for _ in range(30):
        orders = {name: chance.choice([7, 9, 11, 40, 60]) for name in "ABCDE"}
        first = {name: (many, chance.randint(0, many)) for name, many in orders.items()}
        later = {
            name: (many, min(many, proven + chance.choice([0, 0, 1, 3])))
            for name, (many, proven) in first.items()
        }
        old = figures_of(counts(courts=first, orders=sum(orders.values())), [])
        new = figures_of(counts(courts=later, orders=sum(orders.values())), [old])
        (old_csv, old_json), (new_csv, new_json) = published(old, 1), published(new, 2)
        for newer, older in ((new_json, old_csv), (old_json, new_csv)):
            known = {
                (name, "proven"): int(row["proven"])
                for name, row in older.items()
                if str(row["proven"]).isdigit()
            }
            for cell, values in possible(newer, known).items():
                if cell not in known:
                    tried += 1
                    assert len(values) >= LEAST or values == set(range(LEAST)), (cell, values)
    assert tried > 50


def test_the_table_of_police_does_not_add_up_to_what_the_courts_hide() -> None:
    """Both courts have 5 orders not proven. The sum 10 would give both away, so the state hides it.

    The table of police adds up to the same sum.
    """
    given = {"orders": 200, "filed": 196, "verified": 193, "courts": {"A": (100, 95), "B": (100, 95)}}
    for agencies in ({"P": (200, 190)}, {"P": (120, 110), "Q": (80, 80)}, {"P": (150, 140), "Q": (50, 50)}):
        figures = figures_of(counts(**given, agencies=agencies), [])
        assert figures["courts"]["A"]["not_proven"] == FEW
        assert figures["state"]["not_proven"] == HELD
        shown = {value for cells in figures["agencies"].values() for value in cells.values()}
        assert shown == {HELD}, agencies
        later = figures_of(counts(**given, agencies=agencies), [figures])
        assert {value for cells in later["agencies"].values() for value in cells.values()} == {HELD}


def test_the_state_less_the_rows_of_police_is_no_small_count() -> None:
    """Two orders of respondents in another state have a row too, which is hidden with another one."""
    figures = figures_of(counts(agencies={"P": (102, 60), "Q": (101, 67), ELSEWHERE: (2, 0)}), [])

    state, rows = figures["state"], figures["agencies"]
    for column in ("orders", "proven"):
        left = [cells[column] for cells in rows.values() if isinstance(cells[column], str)]
        assert len(left) != 1, column
        assert left or sum(cells[column] for cells in rows.values()) == state[column]


def test_the_files_have_the_day_of_the_page(client: Client, released: StatisticsRelease) -> None:
    """In the evening of Connecticut it is the next day in UTC."""
    StatisticsRelease.objects.update(released_at=datetime(2026, 10, 3, 1, 30, tzinfo=UTC))

    assert client.get("/statistics/2026/3/figures.json").json()["released_on"] == "2026-10-02"
    assert "Oct 2, 2026" in client.get("/statistics/2026/3/").content.decode()


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
    assert found.agencies[ELSEWHERE] == (0, 0)
    assert found.courts[court.name] == (2, 0)
    assert sum(orders for orders, _ in found.agencies.values()) == 2
    assert set(found.courts) == set(
        Agency.objects.filter(kind=AgencyKind.COURT).values_list("name", flat=True)
    )


@pytest.mark.django_db
def test_an_order_counts_once_among_police_also_with_two_departments_or_without_one() -> None:
    """Else the rows of police less the state would be the few orders with two departments, or without."""
    served = NOW - timedelta(days=70)
    twice, none = (
        make.order(issued_at=served - timedelta(days=1), served_at=served, now=served) for _ in range(2)
    )
    former, later = make.agency(), make.agency()
    twice.order_agencies.filter(capacity=Capacity.RESPONDENT_POLICE).update(agency=former)
    twice.order_agencies.create(capacity=Capacity.RESPONDENT_POLICE, agency=later)
    none.order_agencies.filter(capacity=Capacity.RESPONDENT_POLICE).update(agency=make.agency(state="us_ma"))

    found = count_quarter(LAST.since, LAST.until)

    assert found.orders == sum(orders for orders, _ in found.agencies.values()) == 2
    assert {name: one for name, one in found.agencies.items() if one[0]} == {
        later.name: (1, 0),
        ELSEWHERE: (1, 0),
    }


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
    assert "Before you release" in looked
    assert "cannot be taken back" in looked
    assert "0 numbers are shown" in looked
    home = client.get("/").content.decode()
    assert f"Quarter {last.quarter}, {last.year} is not released yet." in home
    assert f'href="{address}"' in home
    assert StatisticsRelease.objects.count() == 0

    done = client.post(address, given | {"release": "Release these figures"}, follow=True)
    assert "Released:" in done.content.decode()
    row = StatisticsRelease.objects.get()
    assert row.released_by is not None
    assert "is not released yet" not in client.get("/").content.decode()
    again = client.post(address, given).content.decode()
    assert "It replaces version 1" in again
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


def test_the_page_is_in_spanish_with_the_same_numbers(client: Client, released: StatisticsRelease) -> None:
    english = client.get("/statistics/2026/3/").content.decode()
    spanish = client.get("/statistics/2026/3/es/").content.decode()

    assert '<html lang="es">' in spanish
    assert "¿Se entregan las armas a tiempo?" in spanish
    assert "<i>menos de 6</i>" in spanish
    assert 'href="/statistics/2026/3/es/" lang="es"' in english
    assert 'href="/statistics/2026/3/" lang="en"' in spanish
    assert client.get("/statistics/es/").status_code == 200
    numbers = [re.findall(r"<td[^>]*>(?:<span>.*?)?([\d,]+%?)<", one) for one in (english, spanish)]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) > 15
    assert DEFINITIONS_ES.keys() == DEFINITIONS.keys()
    for words in ("Orders", "Proven", "State", "Court", "Quarter", "held back"):
        assert not re.search(rf"\b{words}\b", re.sub(r"<[^>]+>", " ", spanish)), words


@pytest.mark.django_db
def test_without_a_release_the_page_shows_no_number(client: Client) -> None:
    assert "No figures are released yet." in client.get("/statistics/").content.decode()
