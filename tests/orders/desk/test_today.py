"""Today: each thing that needs the court is in its group, with its next act and the list behind it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.dates import court_date
from accounts.models import AgencyKind, Role, User
from orders.models import RUNNING, Deadline, Hearing, Order, OrderUrgency, ReviewItem
from orders.services import hearings
from orders.services.desk import conditions
from orders.services.desk.conditions import CourtDesk
from orders.services.desk.figures import days_ahead, proven_by_week
from orders.services.firearms import inventory, receipts
from orders.services.firearms.surrender import surrender_rules
from orders.views.court.today import MOST_ROWS, Today
from tests import make
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, signed_in

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db


def surrendered(order: Order, now: datetime, at: datetime) -> None:
    """Police received the one firearm of the order."""
    firearm = inventory.list_firearm(order, source="application", serial="T-1", by=None, now=now)
    police = order.case.respondent.town.police
    receipts.record_receipt(
        order, kind="police", received_at=at, firearms=[firearm], agency=police, by=None, now=now
    )


def everything(enter: Enter, now: datetime) -> dict[str, Order]:
    """An order for each group."""
    passed = enter(issued_at=now - timedelta(days=20))
    Hearing.objects.create(order=passed, purpose="application", scheduled_on=(now - timedelta(days=3)).date())
    soon = enter(served_at=now - timedelta(hours=20))
    Hearing.objects.create(order=soon, purpose="compliance", scheduled_on=court_date(now))
    doubtful = enter(served_at=now - timedelta(hours=26))
    ReviewItem.objects.create(
        order=doubtful,
        kind="doubtful",
        code="x",
        file="receipts",
        line=2,
        detail="serial: UNK",
        created_at=now,
    )
    unserved = enter()
    Hearing.objects.create(
        order=unserved, purpose="application", scheduled_on=(now + timedelta(days=3)).date()
    )
    return {
        "overdue": enter(served_at=now - timedelta(hours=30)),
        "due": enter(served_at=now - timedelta(hours=1)),
        "unserved": unserved,
        "hearings": soon,
        "outcomes": passed,
        "doubtful": doubtful,
    }


def test_each_thing_is_in_its_group(desk: Client, clerk: User, enter: Enter, now: datetime) -> None:
    orders = everything(enter, now)

    groups = {one.name: one for one in Today(desk=CourtDesk(person=clerk, now=now)).groups}
    page = desk.get("/").content.decode()

    for name, order in orders.items():
        assert order.pk in {row.order.pk for row in groups[name].rows}, name
        assert groups[name].list_address.replace("&", "&amp;") in page
        assert desk.get(groups[name].list_address).status_code == 200
    for group in groups.values():
        assert len(group.rows) == min(group.count, MOST_ROWS)
        assert all(row.act.address in page for row in group.rows)
    assert "No window for a motion to extend is open." in page


def twice(enter: Enter, now: datetime) -> None:
    """What an order has twice, and what ended long ago with firearms still out."""
    order = enter(respondent_name="Blake Twice", served_at=now - timedelta(days=2), permit_indicated=True)
    surrendered(order, now, now - timedelta(hours=1))
    for days in (0, 1):
        hearings.schedule_hearing(
            order,
            purpose="compliance" if days else "contempt",
            scheduled_on=court_date(now) + timedelta(days=days),
            confirm="The court sits that day.",
            by=None,
            now=now,
        )
    enter(
        respondent_name="Drew Long",
        issued_at=now - timedelta(days=200),
        served_at=now - timedelta(days=199),
        expires_on=court_date(now) - timedelta(days=90),
        firearms_indicated=True,
    )


def number_of(desk: Client, address: str) -> int:
    """How many rows the list at this address has."""
    return int(desk.get(address).context["cl"].result_count)


def test_each_count_of_today_is_that_of_its_list(
    desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    everything(enter, now)
    twice(enter, now)
    today = Today(desk=CourtDesk(person=clerk, now=now))

    counts = {one.name: one.count for one in today.groups}
    assert {one.name: number_of(desk, one.list_address) for one in today.groups} == counts
    assert counts["overdue"] > 1
    assert counts["hearings"] > 1
    assert sum(one.count for one in today.ages) == counts["overdue"]


def test_each_day_of_the_strip_counts_what_its_list_has(
    desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    everything(enter, now)
    twice(enter, now)
    page = desk.get("/").content.decode()
    links = re.findall(r'<a href="([^"]+day=[^"]+)">(\d+) due</a>', page)

    assert links
    for address, count in links:
        assert number_of(desk, address.replace("&amp;", "&")) == int(count)


def test_a_view_of_the_list_counts_what_today_counts(
    desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    everything(enter, now)
    twice(enter, now)
    counts = {one.title: one.count for one in Today(desk=CourtDesk(person=clerk, now=now)).groups}
    page = desk.get("/admin/orders/order/").content.decode()

    for view in (conditions.OVERDUE, conditions.DUE_IN_A_DAY):
        assert re.search(rf"{view.title} <strong>{counts[view.title]}</strong>", page), view.title


@pytest.mark.parametrize("rule", ["CT-EXT-01", "RI-REN", "VT-REN"])
def test_an_open_window_of_each_state_is_shown(clerk: User, enter: Enter, now: datetime, rule: str) -> None:
    order = enter(served_at=now - timedelta(hours=1))
    deadline = Deadline.objects.filter(order=order, state__in=RUNNING).earliest("pk")
    opens, due = now - timedelta(days=1), now + timedelta(days=9)
    Deadline.objects.filter(pk=deadline.pk).update(rule_id=rule, opens_at=opens, due_at=due)
    OrderUrgency.objects.filter(order=order).update(ends_on=court_date(due))

    groups = {one.name: one for one in Today(desk=CourtDesk(person=clerk, now=now)).groups}

    assert [row.order.pk for row in groups["extensions"].rows] == [order.pk]


def test_an_empty_court_reads_that_nothing_waits(desk: Client) -> None:
    page = desk.get("/").content.decode()

    assert page.count('class="nothing"') == 10
    assert "No surrender is overdue." in page


def test_a_judge_reads_and_is_offered_no_act(court: object, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=30))
    judge = signed_in(make.person(Role.JUDGE, order.case.court))

    page = judge.get("/").content.decode()

    assert order.case.docket_number in page
    assert "Record a receipt" not in page
    assert "Enter an order" not in page


def test_more_cases_take_no_more_queries(desk: Client, enter: Enter, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get("/").status_code == 200
        return len(captured)

    everything(enter, now)
    few = queries()
    for _ in range(MOST_ROWS + 2):
        enter(served_at=now - timedelta(hours=30))

    assert queries() == few


def test_the_figures_count_the_court_alone(clerk: User, enter: Enter, now: datetime) -> None:
    surrendered(enter(served_at=now - timedelta(hours=30)), now, now - timedelta(hours=20))
    enter(served_at=now - timedelta(hours=30))
    enter(served_at=now - timedelta(hours=1))
    make.served_order(now=now, ago=timedelta(hours=40), issued_at=now - timedelta(days=3))
    mine, other = (
        CourtDesk(person=one, now=now)
        for one in (clerk, make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    )

    weeks = proven_by_week(mine)

    assert (sum(one.proven for one in weeks), sum(one.whole for one in weeks)) == (1, 2)
    assert [one.count for one in Today(desk=mine).ages] == [1, 0, 0, 0]
    assert sum(one.due for one in days_ahead(mine)) > 0
    assert not sum(one.whole for one in proven_by_week(other))


def test_the_first_rows_are_those_due_first(clerk: User, enter: Enter, now: datetime) -> None:
    ages = [30, 50, 30, 70, 40, 90, 35, 60, 45, 55]
    for hours in ages:
        enter(issued_at=now - timedelta(days=9), served_at=now - timedelta(hours=hours))
    late = Deadline.objects.filter(rule_id__in=surrender_rules(), state__in=RUNNING, due_at__lte=now)
    expected = [(one.order_id, one.due_at) for one in sorted(late, key=lambda one: (one.due_at, one.pk))]

    groups = {one.name: one for one in Today(desk=CourtDesk(person=clerk, now=now)).groups}

    assert groups["overdue"].count == len(expected) == len(ages)
    assert [row.order.pk for row in groups["overdue"].rows] == [pk for pk, _ in expected[:MOST_ROWS]]


def test_no_walk_through_the_deadlines_of_every_court(clerk: User, enter: Enter, now: datetime) -> None:
    enter(served_at=now - timedelta(hours=30))
    with CaptureQueriesContext(connection) as captured:
        assert Today(desk=CourtDesk(person=clerk, now=now)).groups

    by_urgency = [
        one["sql"]
        for one in captured
        if 'BY "orders_orderurgency"."due_at"' in one["sql"] and 'FROM "orders_deadline"' in one["sql"]
    ]
    walked = [
        one["sql"]
        for one in captured
        if 'BY "orders_deadline"."due_at"' in one["sql"] and "LIMIT" in one["sql"]
    ]
    # Overdue, due in 24 hours, the duties of the court, and the windows to extend.
    assert len(by_urgency) == 4
    assert not walked


def test_a_judge_follows_a_doubtful_fact_to_its_order(court: object, enter: Enter, now: datetime) -> None:
    everything(enter, now)
    item = ReviewItem.objects.select_related("order__case").get()
    judge = signed_in(make.person(Role.JUDGE, item.order.case.court))

    page = judge.get("/").content.decode()

    assert reverse("admin:orders_reviewitem_decide", args=[item.public_id]) not in page
    assert judge.get(reverse("admin:orders_order_change", args=[item.order.public_id])).status_code == 200
