"""The report of a court: each number has a denominator and the list behind it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.dates import court_date
from accounts.models import AgencyKind, AuditEntry, Role, User
from orders.models import Hearing
from orders.services.desk import reports
from orders.services.desk.conditions import CourtDesk
from orders.services.desk.reports import FIRST, USUAL, ReportPeriod, count_all
from orders.services.desk.service_hours import hours_to_service
from orders.services.firearms import statements
from orders.services.planning.replan import replan
from tests import make
from tests.orders.desk.test_today import surrendered
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, signed_in
from tests.pdf import Pdf

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db


def court_of_four(enter: Enter, now: datetime) -> None:
    """Four orders whose time has ended: proven, sworn only, not followed up, and followed up."""
    surrendered(enter(served_at=now - timedelta(hours=30)), now, now - timedelta(hours=20))
    sworn = enter(served_at=now - timedelta(hours=30))
    statements.record_statement(
        sworn, kind="non_possession", sworn_at=now - timedelta(hours=9), by=None, now=now
    )
    enter(served_at=now - timedelta(hours=30))
    called = enter(served_at=now - timedelta(hours=30))
    Hearing.objects.create(order=called, purpose="compliance", scheduled_on=(now + timedelta(days=5)).date())
    enter()


def of_weeks(now: datetime) -> ReportPeriod:
    """The last weeks."""
    return ReportPeriod(first=(now - timedelta(days=30)).date(), last=(now + timedelta(days=1)).date())


def test_the_first_four_numbers_each_count_a_part_of_the_one_before(
    clerk: User, enter: Enter, now: datetime
) -> None:
    court_of_four(enter, now)

    counted = {one.measure.name: one for one in count_all(CourtDesk(person=clerk, now=now), of_weeks(now))}

    assert [(counted[name].count, counted[name].whole) for name in FIRST] == [(4, 5), (2, 4), (1, 2), (1, 2)]
    assert (counted["in-time"].count, counted["in-time"].whole) == (1, 4)
    assert (counted["sworn"].count, counted["sworn"].whole) == (1, 4)
    assert counted["answered-yes"].percent is None
    assert all(one.count <= one.whole for one in counted.values())


def test_the_list_behind_a_number_has_as_many_orders(desk: Client, enter: Enter, now: datetime) -> None:
    court_of_four(enter, now)
    page = desk.get("/reports/").content.decode()

    for name, count in re.findall(r'href="/reports/([\w-]+)/">(\d+)</a>', page):
        behind = desk.get(f"/reports/{name}/")
        assert behind.content.decode().count('scope="row"') == int(count), name
        assert len(AuditEntry.objects.latest("id").cases) == int(count) or not int(count)


def test_what_is_not_counted_has_a_list_too(desk: Client, enter: Enter, now: datetime) -> None:
    court_of_four(enter, now)

    assert desk.get("/reports/filed/?left=yes").content.decode().count('scope="row"') == 2
    assert desk.get("/reports/unknown/").status_code == 404


def test_the_report_is_for_a_period_and_a_kind(desk: Client, enter: Enter, now: datetime) -> None:
    enter(issued_at=now - timedelta(days=200))
    enter()

    def issued(query: str) -> str:
        page = desk.get(f"/reports/{query}").content.decode()
        found = re.search(r'">\d+</a> <span class="soft">of (\d+)', page)
        assert found
        return found[1]

    assert issued("") == "1"
    assert issued("?kind=risk_protection_order") == "0"
    assert issued(f"?first={(now - timedelta(days=300)).date()}") == "2"
    assert "ends before it starts" in desk.get("/reports/?first=2026-02-01&last=2026-01-01").content.decode()


@pytest.mark.parametrize("by", ["kind", "court", "agency", "judge"])
def test_the_first_numbers_are_grouped(by: str, desk: Client, enter: Enter, now: datetime) -> None:
    court_of_four(enter, now)

    page = desk.get(f"/reports/?by={by}").content.decode()

    assert re.search(r'<td class="number">\d+</td><td class="number">\d+</td>', page)


def test_an_order_counts_for_the_judge_of_its_latest_hearing(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter(served_at=now - timedelta(hours=30))
    enter()
    for days, judge in ((-9, "A. Rowan"), (-2, "B. Sorrel"), (3, "")):
        day = (now + timedelta(days=days)).date()
        Hearing.objects.create(order=order, purpose="compliance", scheduled_on=day, judge=judge)
    replan([order], now=now)

    page = desk.get("/reports/?by=judge").content.decode()
    of_one = desk.get("/reports/?as=csv&judge=B.+Sorrel").getvalue().decode()

    assert re.search(r"B. Sorrel</th>\s*<td[^>]*>1<", page)
    assert re.search(r"No judge named</th>\s*<td[^>]*>1<", page)
    assert "Ordered to surrender,1,1," in of_one
    assert "A. Rowan" not in page


def test_the_form_shows_the_period_that_is_counted(desk: Client, now: datetime) -> None:
    today = court_date(now)

    page = desk.get("/reports/").content.decode()

    assert f'name="last" value="{today}"' in page
    assert f'name="first" value="{today - USUAL + timedelta(days=1)}"' in page
    assert desk.get("/reports/?last=0001-01-02").status_code == 200
    assert desk.get("/reports/?last=soon").status_code == 200


def test_a_report_is_a_file(desk: Client, enter: Enter, now: datetime) -> None:
    court_of_four(enter, now)

    lines = desk.get("/reports/?as=csv").getvalue().decode().splitlines()

    assert lines[1].startswith("Ordered to surrender,4,5,80%,Orders issued,")

    answer = desk.get("/reports/?as=pdf&kind=ex_parte_restraining_order")
    found = Pdf(answer.content)
    shown = " ".join(found.text.split())
    assert re.search(r"Ordered to surrender 4 5 80% Orders issued", shown)
    assert "Kind: Ex parte restraining order" in shown
    assert "What the data do not hold" in shown
    assert "Birch" not in found.everything


def test_more_orders_take_no_more_queries(desk: Client, enter: Enter, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get("/reports/").status_code == 200
        return len(captured)

    few = queries()
    court_of_four(enter, now)

    assert queries() == few


def test_the_hours_to_service_are_of_this_court(clerk: User, enter: Enter, now: datetime) -> None:
    enter(issued_at=now - timedelta(hours=40), served_at=now - timedelta(hours=30))
    mine = CourtDesk(person=clerk, now=now)
    other = CourtDesk(person=make.person(Role.CLERK, make.agency(AgencyKind.COURT)), now=now)

    assert hours_to_service(mine, of_weeks(now))["median"] == 10.0
    assert hours_to_service(other, of_weeks(now))["median"] is None
    assert not any(one.whole for one in count_all(other, of_weeks(now)))


def test_people_of_no_court_have_no_report(now: datetime) -> None:
    police = signed_in(make.person(Role.LIAISON, make.agency(AgencyKind.POLICE)))

    assert police.get("/reports/").status_code == 404
    assert police.get("/reports/filed/").status_code == 404


def test_each_measure_has_a_definition(clerk: User, now: datetime) -> None:
    for one in reports.measures(CourtDesk(person=clerk, now=now)).values():
        assert one.definition.endswith(".")
        assert one.against_words
