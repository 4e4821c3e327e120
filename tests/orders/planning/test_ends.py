"""What ends by itself, such as an order on its last day, is no duty and never overdue."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from accounts.dates import court_date
from accounts.models import User
from orders.display import clock_words, short_title, shown_state
from orders.models import ALERTABLE, Deadline, DeadlineState, OrderUrgency, deadline_is_overdue
from orders.services.desk.conditions import CourtDesk
from orders.services.orders.extension import extend_order
from orders.services.orders.vacatur import vacate_order
from orders.services.planning.duties import duties_of, duties_of_court, who_must_act
from orders.services.planning.rulebooks import bundled
from orders.views.court.today import Today
from tests import make
from tests.make import NOW
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, page_of

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def test_an_order_that_ended_is_not_overdue() -> None:
    issued = NOW - timedelta(days=10)
    order = make.order(kind="restraining_order", issued_at=issued, expires_on=(issued + YEAR).date())
    end = make.deadline(order, "CT-ORD-01")
    after = NOW + YEAR

    assert end.state == DeadlineState.ENDS
    assert not end.is_running
    assert not end.is_overdue(after)
    assert not Deadline.objects.filter(deadline_is_overdue(after), pk=end.pk).exists()
    assert [shown_state(end, at).label for at in (NOW, after)] == ["Ends", "Ended"]


def test_it_moves_with_the_order_and_is_withdrawn_with_it() -> None:
    issued = NOW - timedelta(days=300)
    order = make.order(kind="restraining_order", issued_at=issued, expires_on=(issued + YEAR).date())
    extend_order(order, expires_on=(NOW + YEAR).date(), by=None, now=NOW)

    end = make.deadline(order, "CT-ORD-01")
    assert (end.state, end.due_on) == (DeadlineState.ENDS, (NOW + YEAR).date())

    vacate_order(order, vacated_at=NOW, reason="on motion", by=None, now=NOW)
    assert make.deadline(order, "CT-ORD-01").state == DeadlineState.WITHDRAWN


def test_reminders_of_an_end_are_sent() -> None:
    assert DeadlineState.ENDS in ALERTABLE
    order = make.order(kind="final_erpo", jurisdiction="us_ca", filed_by="law_enforcement")

    assert make.deadline(order, "CA-FIN").state == DeadlineState.ENDS
    assert make.pending(order, "CA-FIN") == {"remind-30d"}


def test_an_overdue_hearing_at_which_an_order_ends_is_on_every_list_of_the_court(
    desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    """An interim order of Maryland ends at its hearing: to hold it is a duty, also once the day is past."""
    issued = now - timedelta(days=9)
    order = enter(jurisdiction="us_md", kind="interim_erpo", issued_at=issued, filed_by="law_enforcement")
    duty = make.deadline(order, "MD-INT")
    assert duty.is_overdue(now)

    groups = {one.name: one for one in Today(desk=CourtDesk(person=clerk, now=now)).groups}
    listed = unescape(desk.get("/admin/orders/deadline/?who=court&due=soon").content.decode())
    concerns = unescape(desk.get("/admin/orders/deadline/?who=concerns").content.decode())
    page = unescape(desk.get(page_of(order)).content.decode())

    assert [row.order.pk for row in groups["duties"].rows] == [order.pk]
    assert OrderUrgency.objects.get(order=order).due_at == duty.due_at
    for shown in (listed, concerns):
        assert "An interim order lasts until the hearing" in shown
    assert "your court's own duty" in page
    assert f"your court's own duty, {clock_words(duty, now)}: {short_title('MD-INT')}" in page


def test_who_must_act_follows_the_value_of_the_rule() -> None:
    """Since July 2022 an officer of Washington files the receipt, and no longer the respondent."""
    assert who_must_act("WA-RCPT", date(2020, 1, 1)) == "respondent"
    assert who_must_act("WA-RCPT", date(2022, 7, 1)) == "police"
    assert "WA-RCPT" in duties_of("police") & duties_of("respondent")


def test_no_one_must_act_by_a_rule_that_gives_an_end() -> None:
    acting = {rule.id: who_must_act(rule.id, rule.values[-1].effective) for rule in bundled().rules}

    assert {id_ for id_, who in acting.items() if not who} == {
        rule.id for rule in bundled().rules if not rule.has_duty
    }
    assert duties_of_court() == {id_ for id_, who in acting.items() if who in ("court", "clerk")}
    assert acting["CT-SUR-01"] == "respondent"
    assert acting["CT-ORD-01"] == ""


def test_lists_of_what_is_due_leave_ends_out(desk: Client, enter: Enter, now: datetime) -> None:
    issued = now - timedelta(days=400)
    order = enter(kind="restraining_order", issued_at=issued, expires_on=court_date(now - timedelta(days=35)))

    listed = unescape(desk.get("/admin/orders/deadline/").content.decode())
    ends = unescape(desk.get("/admin/orders/deadline/?state=ends").content.decode())
    page = unescape(desk.get(page_of(order)).content.decode())

    assert "Order ends" not in listed
    assert "Order ends" in ends
    assert "Ended" in ends
    assert "Order ends" in page
