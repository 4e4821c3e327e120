"""What ends by itself, such as an order on its last day, is no duty and never overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from orders.display import shown_state, who_must_act
from orders.models import ALERTABLE, Deadline, DeadlineState, deadline_is_overdue
from orders.services.orders.extension import extend_order
from orders.services.orders.vacatur import vacate_order
from orders.services.planning.rulebooks import bundled
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


def test_no_one_must_act_by_a_rule_that_gives_an_end() -> None:
    acting = {rule.id: who_must_act(rule.id) for rule in bundled().rules}

    assert {id_ for id_, who in acting.items() if not who} == {
        rule.id for rule in bundled().rules if not rule.has_duty
    }
    assert acting["CT-SUR-01"] == "respondent"
    assert acting["CT-ORD-01"] == ""


def test_lists_of_what_is_due_leave_ends_out(desk: Client, enter: Enter, now: datetime) -> None:
    issued = now - timedelta(days=400)
    order = enter(kind="restraining_order", issued_at=issued, expires_on=(now - timedelta(days=35)).date())

    listed = unescape(desk.get("/admin/orders/deadline/").content.decode())
    ends = unescape(desk.get("/admin/orders/deadline/?state=ends").content.decode())
    page = unescape(desk.get(page_of(order)).content.decode())

    assert "Order ends" not in listed
    assert "Order ends" in ends
    assert "Ended" in ends
    assert "Order ends" in page
