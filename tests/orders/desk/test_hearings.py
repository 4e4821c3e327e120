"""Hearings as a calendar of five weeks and as a list, and deadlines in groups."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.dates import COURT_TIME
from accounts.models import AgencyKind, AuditEntry, Role
from orders.models import CourtClosing, Hearing, Order
from orders.services.firearms import statements
from orders.services.hearings import schedule_hearing
from orders.views.court import hearings
from tests import make
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, signed_in

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db


def heard(order: Order, now: datetime, days: int, **facts: str) -> Hearing:
    """A hearing so many days from today."""
    day = now.astimezone(COURT_TIME).date() + timedelta(days=days)
    return Hearing.objects.create(**{"order": order, "purpose": "compliance", "scheduled_on": day} | facts)


def text(client: Client, address: str) -> str:
    """The page as text."""
    return client.get(address).content.decode()


def test_the_calendar_shows_each_hearing_with_the_state_of_its_order(
    desk: Client, enter: Enter, now: datetime
) -> None:
    late = enter(served_at=now - timedelta(hours=30), respondent_name="Late Birch")
    unserved = enter(respondent_name="Unserved Birch")
    moved = enter(respondent_name="Moved Birch")
    sworn = enter(served_at=now - timedelta(hours=20), respondent_name="Sworn Birch")
    statements.record_statement(sworn, kind="non_possession", sworn_at=now, by=None, now=now)
    free = enter(kind="restraining_order_application", served_at=now, respondent_name="None Birch")
    heard(sworn, now, 2)
    heard(free, now, 2)
    heard(late, now, 2)
    heard(unserved, now, 3)
    heard(moved, now, 4, outcome="continued")

    page = text(desk, "/hearings/")

    assert re.search(r'class="shape overdue"[^<]*</span><span[^>]*>Firearms overdue: </span>Late Birch', page)
    assert re.search(r'class="shape runs".*?Unserved Birch', page)
    assert re.search(r'class="shape sworn".*?Sworn Birch', page)
    assert re.search(r'class="shape nothing"[^<]*</span><span[^>]*>No surrender is due: </span>None', page)
    assert "Moved Birch" not in page
    shown = (late, unserved, sworn, free)
    assert AuditEntry.objects.latest("id").cases == sorted(one.case.public_id for one in shown)


def test_the_hearings_and_orders_of_one_judge_are_shown(desk: Client, enter: Enter, now: datetime) -> None:
    oak, elm = enter(respondent_name="Oak Birch"), enter(respondent_name="Elm Birch")
    schedule_hearing(
        oak,
        purpose="compliance",
        scheduled_on=now.astimezone(COURT_TIME).date() + timedelta(days=2),
        judge=" Hon. Ada Oak ",
        confirm="The court sits that day.",
        by=None,
        now=now,
    )
    heard(elm, now, 2, judge="Hon. Bo Elm")
    heard(make.order(), now, 2, judge="Hon. Other Court")

    every = text(desk, "/hearings/?show=list")
    one = text(desk, "/hearings/?show=list&judge=Hon.+Ada+Oak")
    orders = text(desk, "/admin/orders/order/?judge=Hon.+Bo+Elm")

    assert "Elm Birch" in every
    assert "Hon. Other Court" not in every + orders
    assert "<option selected>Hon. Ada Oak</option>" in one
    assert "Oak Birch" in one
    assert "Elm Birch" not in one
    assert "Elm Birch" in orders
    assert "Oak Birch" not in orders


def test_a_judge_is_offered_for_the_days_shown_also_if_another_hears_the_order_later(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    heard(order, now, 2, judge="Hon. Ada Oak")
    heard(order, now, 70, judge="Hon. Bo Elm")

    assert "<option>Hon. Ada Oak</option>" in text(desk, "/hearings/")


def test_a_hearing_without_outcome_is_named_and_leads_to_its_list(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    hearing = heard(order, now, -2)

    page = text(desk, f"/hearings/?from={hearing.scheduled_on}&day={hearing.scheduled_on}")

    assert "1 hearing has passed without an outcome." in page
    assert "Record the outcome" in page
    assert order.case.docket_number in text(desk, "/admin/orders/order/?hearing=passed")


def test_a_hearing_on_the_application_leads_to_its_decision(
    desk: Client, enter: Enter, now: datetime
) -> None:
    """The outcome alone would enter no order after hearing."""
    day = heard(enter(kind="ex_parte_restraining_order"), now, -2, purpose="application").scheduled_on

    calendar = text(desk, f"/hearings/?from={day}&day={day}")

    assert "Record the decision" in text(desk, "/")
    assert "Record the decision" in calendar
    assert "/hold/" not in calendar


def test_the_closed_days_of_the_court_are_named(desk: Client, now: datetime) -> None:
    CourtClosing.objects.create(closed_on=(now + timedelta(days=8)).date(), name="Snow")

    page = text(desk, "/hearings/")

    assert page.count("Closed") >= 10


def test_a_day_with_many_hearings_shows_four_and_a_link(desk: Client, enter: Enter, now: datetime) -> None:
    for _ in range(6):
        heard(enter(), now, 1)
    day = (now.astimezone(COURT_TIME) + timedelta(days=1)).date()

    assert "+ 2 more</a>" in text(desk, "/hearings/")
    assert text(desk, f"/hearings/?day={day}").count('class="of-day"') == 6


def test_a_page_that_does_not_show_all_hearings_has_a_note(
    desk: Client, enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearings, "MOST", 1)
    heard(enter(), now, 1)
    assert "hearings of these weeks are shown" not in text(desk, "/hearings/")

    heard(enter(), now, 2)

    for address in ("/hearings/", "/hearings/?show=list"):
        assert "Only the first 1 hearings of these weeks are shown." in text(desk, address)


def test_late_firearms_behind_the_link_of_a_day_are_counted(
    desk: Client, enter: Enter, now: datetime
) -> None:
    for _ in range(4):
        heard(enter(), now, 1)
    heard(enter(served_at=now - timedelta(hours=30)), now, 1)

    page = text(desk, "/hearings/")

    assert re.search(r"\+ 1 more, <span[^>]*></span> 1 late</a>", page)


@pytest.mark.parametrize("query", ["", "?show=list"])
def test_more_hearings_take_no_more_queries(query: str, desk: Client, enter: Enter, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(f"/hearings/{query}").status_code == 200
        return len(captured)

    heard(enter(served_at=now - timedelta(hours=1)), now, 0)
    few = queries()
    for _ in range(5):
        heard(enter(served_at=now - timedelta(hours=1)), now, 0)

    assert queries() == few


@pytest.mark.parametrize("asked", ["from=2026-13-45", "day=x", "from=0001-01-01", "day=9999-12-31"])
def test_an_impossible_day_shows_this_week(asked: str, desk: Client) -> None:
    assert "Today</strong>" in text(desk, f"/hearings/?{asked}")


def test_police_have_no_calendar_of_a_court() -> None:
    police = make.person(Role.LIAISON, make.agency(AgencyKind.POLICE))

    assert signed_in(police).get("/hearings/").status_code == 404


def test_deadlines_come_in_groups_and_by_who_must_act(desk: Client, enter: Enter, now: datetime) -> None:
    enter(served_at=now - timedelta(hours=30))

    page = text(desk, "/admin/orders/deadline/")
    of_court = text(desk, "/admin/orders/deadline/?who=court")

    assert page.index(">Overdue <") < page.index("Surrender of firearms")
    assert "Surrender of firearms" not in of_court
    assert "Send the order to police" in of_court


@pytest.mark.parametrize("typed", ["birch", "HHD-FA-17"])
def test_deadlines_are_found_by_person_and_docket(typed: str, desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-17-S", respondent_name="Ash Birch")
    enter(docket_number="HHD-FA-99-S", respondent_name="Rowan Sedge")

    desk.post("/admin/orders/deadline/", {"q": typed})
    page = text(desk, "/admin/orders/deadline/")

    assert "HHD-FA-17-S" in page
    assert "HHD-FA-99-S" not in page


def test_a_hearing_that_is_set_too_late_is_moved_and_not_set_again(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter(firearms_indicated=True, issued_at=now - timedelta(days=1))
    before = text(desk, "/admin/orders/deadline/?who=court")
    heard(order, now, 12, purpose="application")

    after = text(desk, "/admin/orders/deadline/?who=court")

    assert "Set a hearing" in before
    assert "Set a hearing" not in after
    assert "Hearing is set too late" in after
    assert f"/admin/orders/order/{order.public_id}/continue/" in after


def test_the_papers_of_the_chosen_day_are_beside_the_calendar(
    desk: Client, enter: Enter, now: datetime
) -> None:
    heard(enter(), now, 1)
    day = (now.astimezone(COURT_TIME) + timedelta(days=1)).date()
    page = unescape(text(desk, f"/hearings/?day={day}"))
    papers = re.findall(rf'href="(/documents/days/[?][^"]*day={day}[^"]*)"', page)

    assert [one.rpartition("paper=")[2] for one in papers] == ["docket", "bench", "calendar"]
    for one in papers:
        assert desk.get(one)["Content-Type"] == "application/pdf"
    # Without a hearing there is only what is due.
    assert unescape(text(desk, "/hearings/")).count("/documents/days/?") == 1
