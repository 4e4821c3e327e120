"""A year that can only be a typing error is refused at every service that takes a date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.models import AgencyKind
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Order
from orders.services import hearings
from orders.services.conditions import conditions, notices
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders import case_events, corrections, extension, vacatur
from orders.services.orders.entry import enter_order
from orders.services.parties import releases, respondents
from orders.services.service import record_failed_attempt, record_service
from tests import make

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": make.NOW}
WHY = {"reason": "A slip.", **BY}
LONG_AGO = datetime(1926, 12, 3, 12, tzinfo=UTC)
CONFIRM: dict[str, Any] = {"confirm": "It is so."}


def _receipt(order: Order) -> object:
    firearm = inventory.list_firearm(order, serial="Q7", source="police", **BY)
    return receipts.record_receipt(
        order,
        kind="dealer",
        dealer_license="6-06-014-01-7M-12345",
        received_at=LONG_AGO,
        firearms=[firearm],
        **CONFIRM,
        **BY,
    )


def _release(order: Order) -> object:
    return releases.record_release(
        order,
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=date(2026, 12, 3),
        begins_at=make.NOW,
        ends_at=datetime(2206, 12, 3, 12, tzinfo=UTC),
        **BY,
    )


DOORS: dict[str, tuple[Callable[[Order], object], str]] = {
    "issue": (lambda order: enter_order(make.new_order(issued_at=LONG_AGO), **BY), "issued_at"),
    "last day": (
        lambda order: enter_order(
            make.new_order(kind="restraining_order", expires_on=date(2206, 12, 2)), **CONFIRM, **BY
        ),
        "expires_on",
    ),
    "first hearing": (
        lambda order: enter_order(make.new_order(hearing_on=date(2206, 12, 9)), **CONFIRM, **BY),
        "hearing_on",
    ),
    "birth": (
        lambda order: enter_order(make.new_order(respondent_dob=date(1890, 1, 2)), **BY),
        "respondent_dob",
    ),
    "corrected birth": (
        lambda order: respondents.correct_respondent(order, date_of_birth=date(1890, 1, 2), **WHY),
        "date_of_birth",
    ),
    "corrected issue": (
        lambda order: corrections.correct_order(order, issued_at=LONG_AGO, **CONFIRM, **WHY),
        "issued_at",
    ),
    "extension": (
        lambda order: extension.extend_order(order, expires_on=date(2206, 12, 2), **CONFIRM, **BY),
        "expires_on",
    ),
    "corrected last day": (
        lambda order: corrections.correct_order(order, expires_on=date(2206, 12, 2), **CONFIRM, **WHY),
        "expires_on",
    ),
    "vacatur": (lambda order: vacatur.vacate_order(order, vacated_at=LONG_AGO, **WHY), "vacated_at"),
    "service": (
        lambda order: record_service(order, served_at=LONG_AGO, service_method="in_hand", **BY),
        "served_at",
    ),
    "attempt": (
        lambda order: record_failed_attempt(order, attempted_at=LONG_AGO, method="in_hand", **WHY),
        "attempted_at",
    ),
    "hearing": (
        lambda order: hearings.schedule_hearing(
            order, purpose="compliance", scheduled_on=date(2206, 12, 9), **CONFIRM, **BY
        ),
        "scheduled_on",
    ),
    "condition": (
        lambda order: conditions.set_condition(order, condition="CT-HOM-01", due_on=date(2206, 12, 9), **BY),
        "due_on",
    ),
    "event": (
        lambda order: case_events.record_case_event(
            order, kind="extension_moved", occurred_on=date(1926, 12, 3), **BY
        ),
        "occurred_on",
    ),
    "notice": (
        lambda order: notices.record_notice_sent(
            order,
            entry=notices.required_notices(order)[0].entry.id,
            sent_on=date(1926, 12, 3),
            **BY,
        ),
        "sent_on",
    ),
    "receipt": (_receipt, "received_at"),
    "statement": (
        lambda order: statements.record_statement(
            order, kind="non_possession", sworn_at=LONG_AGO, **CONFIRM, **BY
        ),
        "sworn_at",
    ),
    "release": (_release, "ends_at"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_typing_error_in_a_year(door: str) -> None:
    act, field = DOORS[door]
    order = make.order()
    before = order.history.count(), Order.objects.count()

    with pytest.raises(InvalidFact) as refused:
        act(order)

    assert refused.value.field == field
    assert refused.value.code in ("unlikely_year", "before_issue") or "before_issue" in refused.value.code
    own = order.history.exclude(kind="firearm_listed")
    assert (own.count(), Order.objects.count()) == before


def test_a_respondent_of_one_month_needs_a_reason() -> None:
    new = make.new_order(respondent_dob=date(2026, 11, 1))

    with pytest.raises(DoubtfulFact, match="younger than 10 years") as doubted:
        enter_order(new, **BY)

    assert (doubted.value.field, doubted.value.code) == ("respondent_dob", "unlikely_age")
    assert enter_order(new, **CONFIRM, **BY).case.respondent.date_of_birth == date(2026, 11, 1)
    enter_order(make.new_order(respondent_dob=date(2016, 12, 2)), **BY)
    order = make.order()
    born: dict[str, Any] = {"date_of_birth": date(2026, 11, 1)}
    with pytest.raises(DoubtfulFact, match="younger than 10 years"):
        respondents.correct_respondent(order, **born, **WHY)
    respondents.correct_respondent(order, **born, **CONFIRM, **WHY)
