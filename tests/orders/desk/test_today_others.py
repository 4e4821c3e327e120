"""Today: one press reminds others, who have a number to call, and the court's own duties have an owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, AgencyKind, Role, User
from orders.models import Deadline, FollowUp, HistoryEntry, Order
from orders.services.desk.conditions import CourtDesk
from orders.services.firearms.inventory import list_firearm
from orders.services.follow_ups.actions import assign
from orders.services.planning.duties import duties_of_court
from orders.views.court.done import MOST_CASES, done_lately
from orders.views.court.today import Today, TodayRow
from tests import make
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, signed_in

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

NUMBER = "860-555-0177"


def late(enter: Enter, now: datetime) -> FollowUp:
    """A surrender that is late, as the follow-up of police that have a telephone."""
    order = enter(served_at=now - timedelta(hours=30))
    police = order.case.respondent.town.police
    Agency.objects.filter(pk=police.pk).update(telephone=NUMBER)
    deadline = make.deadline(order, "CT-SUR-01")
    return FollowUp.objects.create(deadline=deadline, order=order, owner=police, next_action_at=now)


def own(enter: Enter, now: datetime, court: Agency) -> FollowUp:
    """A duty of the court that is late, as the court's own follow-up."""
    order = enter(served_at=now - timedelta(hours=40))
    duty = Deadline.objects.filter(order=order, rule_id__in=duties_of_court()).exclude(due_at=None)[0]
    Deadline.objects.filter(pk=duty.pk).update(due_at=now - timedelta(hours=1))
    return FollowUp.objects.create(deadline=duty, order=order, owner=court, next_action_at=now)


def row_of(person: User, order: Order, now: datetime, group: str = "overdue") -> TodayRow:
    """The row of the order in a group of the first page."""
    groups = {one.name: one for one in Today(desk=CourtDesk(person=person, now=now)).groups}
    return next(row for row in groups[group].rows if row.order.pk == order.pk)


def press(browser: Client, follow_up: FollowUp, act: str) -> str:
    """Press a button of a row, and return the page that follows."""
    address = reverse("follow-up-act", args=[follow_up.public_id, act])
    answer = browser.post(address, {"back": "today"}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    return answer.content.decode()


def test_one_press_on_a_row_reminds_police(desk: Client, clerk: User, enter: Enter, now: datetime) -> None:
    follow_up = late(enter, now)
    page = desk.get("/").content.decode()
    assert "Remind police" in page
    assert f'href="tel:{NUMBER}"' in page

    page = press(desk, follow_up, "reminder")

    follow_up.refresh_from_db()
    assert follow_up.reminded_at is not None
    assert "The owner is reminded." in page
    assert "Remind police" not in page
    assert "reminded today" in page
    assert HistoryEntry.objects.filter(order=follow_up.order, kind="follow_up_reminded").count() == 1


def test_a_second_press_is_refused_with_the_reason(desk: Client, enter: Enter, now: datetime) -> None:
    follow_up = late(enter, now)
    press(desk, follow_up, "reminder")

    assert "the next reminder cannot be sent before" in press(desk, follow_up, "reminder")


def test_an_hour_later_the_button_is_back(clerk: User, enter: Enter, now: datetime) -> None:
    follow_up = late(enter, now)
    FollowUp.objects.filter(pk=follow_up.pk).update(reminded_at=now - timedelta(minutes=61))

    others = row_of(clerk, follow_up.order, now).others

    assert others is not None
    assert (others.act, others.state) == ("reminder", "")


def test_time_that_still_runs_has_the_number_of_police(clerk: User, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=1))
    Agency.objects.filter(pk=order.case.respondent.town.police_id).update(telephone=NUMBER)

    others = row_of(clerk, order, now, "due").others

    assert others is not None
    assert (others.telephone, others.act) == (NUMBER, "")


def test_a_judge_reads_the_row_and_reminds_no_one(court: Agency, enter: Enter, now: datetime) -> None:
    follow_up = late(enter, now)
    judge = make.person(Role.JUDGE, court)

    assert "Remind police" not in signed_in(judge).get("/").content.decode()
    answer = signed_in(judge).post(reverse("follow-up-act", args=[follow_up.public_id, "reminder"]))
    assert answer.status_code == 404


def test_a_clerk_takes_a_row_and_gives_it_back(
    desk: Client, clerk: User, court: Agency, enter: Enter, now: datetime
) -> None:
    follow_up = own(enter, now, court)
    assert "I have it" in desk.get("/").content.decode()

    page = press(desk, follow_up, "take")

    assert "you have it" in page
    assert "Give it back" in page
    page = press(desk, follow_up, "assign")
    follow_up.refresh_from_db()
    assert follow_up.assigned_to is None
    assert "I have it" in page


def test_colleagues_read_who_has_a_row(
    desk: Client, clerk: User, court: Agency, enter: Enter, now: datetime
) -> None:
    colleague = make.person(Role.CLERK, court)
    follow_up = own(enter, now, court)
    assign(follow_up, assigned_to=colleague, by=colleague, now=now)

    page = desk.get("/").content.decode()

    assert f"{colleague.name} has it" in page
    assert "Take it over" in page
    assert "Remind" not in page


def test_no_row_offers_more_by_more_queries(desk: Client, court: Agency, enter: Enter, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get("/").status_code == 200
        return len(captured)

    late(enter, now)
    own(enter, now, court)
    desk.get("/")
    few = queries()
    for _ in range(3):
        late(enter, now)
        own(enter, now, court)

    # Fewer, when rows that ask for less fill a group.
    assert queries() <= few


def recorded(order: Order, by: User | None, now: datetime) -> None:
    """List a firearm of the order."""
    list_firearm(order, source="application", serial=f"S-{uuid4().hex[:8]}", by=by, now=now)


def test_what_the_court_did_since_yesterday_is_listed(
    desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    order = enter(respondent_name="Riley Crane")
    recorded(order, clerk, now)

    page = desk.get("/").content.decode()

    after = page.split("Done since yesterday")[1]
    assert after.index("Riley Crane") < after.index("Firearm listed") < after.index(clerk.name)


def test_only_the_own_court_and_the_last_two_days_count(
    clerk: User, court: Agency, enter: Enter, now: datetime
) -> None:
    mine = enter()
    recorded(mine, clerk, now)
    recorded(enter(), make.person(Role.LIAISON, mine.case.respondent.town.police), now)
    recorded(enter(), None, now)
    elsewhere = make.agency(AgencyKind.COURT)
    recorded(enter(court=elsewhere), make.person(Role.CLERK, elsewhere), now)

    assert [one.order.pk for one in done_lately(CourtDesk(person=clerk, now=now))] == [mine.pk]
    later = CourtDesk(person=clerk, now=now + timedelta(days=2))
    assert done_lately(later) == []


def test_many_entries_of_one_case_are_one_line(clerk: User, enter: Enter, now: datetime) -> None:
    orders = [enter() for _ in range(MOST_CASES + 2)]
    for order in (*orders, orders[-1], orders[-1]):
        recorded(order, clerk, now)

    with CaptureQueriesContext(connection) as captured:
        found = done_lately(CourtDesk(person=clerk, now=now))

    assert len(found) == MOST_CASES
    assert [one.order.pk for one in found] == [one.pk for one in orders[::-1][:MOST_CASES]]
    assert len([one for one in captured if "orders_historyentry" in one["sql"]]) == 1
