"""Extension, vacatur and corrections of an order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from orders.errors import InvalidFact
from orders.models import (
    Capacity,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    Order,
    OrderAgency,
)
from orders.services import service
from orders.services.orders import case_events, corrections, extension, vacatur
from orders.services.parties import respondents
from tests import make
from tests.make import NOW, deadline

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"by": None, "now": NOW, "reason": "A typing error."}


def plan_of(order: Order) -> list[tuple[Any, ...]]:
    """Every deadline of the order that was not withdrawn, and its pending checkpoints."""
    rows = Deadline.objects.filter(order=order).exclude(state="withdrawn")
    return [
        *sorted(rows.values_list("rule_id", "occurrence", "state", "due_at", "met_at")),
        *sorted(
            Checkpoint.objects.filter(deadline__in=rows, state=CheckpointState.PENDING).values_list(
                "deadline__rule_id", "name", "fires_at"
            )
        ),
    ]


def test_extension_replans_expiry_and_its_windows() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))
    case_events.record_case_event(
        order, kind="extension_moved", occurred_on=date(2026, 12, 4), by=None, now=NOW
    )

    extension.extend_order(order, expires_on=date(2028, 12, 1), by=None, now=NOW)

    window = deadline(order, "CT-EXT-01")
    assert (window.opens_on, window.due_on) == (date(2028, 11, 10), date(2028, 11, 17))
    assert deadline(order, "CT-EXT-03").due_on == date(2028, 12, 1)


def test_a_wrong_last_day_of_an_extension_is_refused_with_the_act_that_mends_it() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))
    early: dict[str, Any] = {"expires_on": date(2027, 11, 1)}

    with pytest.raises(InvalidFact, match="correct the order"):
        extension.extend_order(order, **early, by=None, now=NOW)
    extension.extend_order(order, expires_on=date(2027, 12, 20), by=None, now=NOW)
    with pytest.raises(InvalidFact, match="correct the extension"):
        extension.extend_order(order, **early, by=None, now=NOW)
    with pytest.raises(InvalidFact, match="withdraw the extension"):
        extension.correct_extension(order, **early, **WHY)


def test_extension_must_be_after_the_last_day() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))

    with pytest.raises(InvalidFact, match="not after"):
        extension.extend_order(order, expires_on=date(2027, 12, 1), by=None, now=NOW)


def test_extensions_undo_in_order() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))
    before = plan_of(order)
    for year in (2028, 2029):
        extension.extend_order(order, expires_on=date(year, 12, 1), by=None, now=NOW)

    extension.correct_extension(order, expires_on=date(2029, 11, 1), **WHY)
    after: list[date | None] = [Order.objects.get().expires_on]
    for _ in range(2):
        extension.withdraw_extension(order, **WHY)
        after.append(Order.objects.get().expires_on)

    assert after == [date(2029, 11, 1), date(2028, 12, 1), date(2027, 12, 1)]
    assert plan_of(order) == before
    with pytest.raises(InvalidFact, match="was not extended"):
        extension.withdraw_extension(order, **WHY)


def test_withdrawn_extension_of_an_order_leaves_no_last_day_where_nothing_was_printed() -> None:
    order = make.order(kind="restraining_order")
    before = plan_of(order)
    extension.extend_order(order, expires_on=date(2028, 12, 1), by=None, now=NOW)

    extension.withdraw_extension(order, **WHY)

    assert Order.objects.get().expires_on is None
    assert plan_of(order) == before


def test_corrected_last_day_is_that_of_the_latest_extension() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))
    extension.extend_order(order, expires_on=date(2028, 12, 1), by=None, now=NOW)
    extension.extend_order(order, expires_on=date(2029, 12, 1), by=None, now=NOW)

    corrections.correct_order(order, expires_on=date(2028, 11, 1), **WHY)

    (left,) = order.extensions.all()
    assert (left.former_last_day, left.expires_on) == (date(2027, 12, 1), date(2028, 11, 1))
    extension.withdraw_extension(order, **WHY)
    assert Order.objects.get().expires_on == date(2027, 12, 1)


def test_extension_with_service_after_the_former_last_day_is_not_withdrawn() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2026, 12, 2), issued_on=date(2026, 11, 1))
    extension.extend_order(order, expires_on=date(2028, 12, 1), by=None, now=NOW)
    service.record_service(order, served_at=NOW, service_method="in_hand", by=None, now=NOW)

    with pytest.raises(InvalidFact, match="is after the last day of the order, Wed, Dec 2, 2026"):
        extension.withdraw_extension(order, **WHY)

    assert order.extensions.exists()


def test_corrected_vacatur_and_reinstatement_leave_the_plan_as_it_was() -> None:
    order = make.served_order(hearing_on=date(2026, 12, 9))
    before = plan_of(order)
    vacatur.vacate_order(order, vacated_at=NOW, **WHY)

    vacatur.correct_vacatur(order, vacated_at=NOW - timedelta(minutes=5), **WHY)

    assert Order.objects.get().vacated_at == NOW - timedelta(minutes=5)
    with pytest.raises(InvalidFact, match="is before the order was issued"):
        vacatur.correct_vacatur(order, vacated_at=NOW - timedelta(days=5), **WHY)
    vacatur.reinstate_order(order, **WHY)
    assert plan_of(order) == before
    with pytest.raises(InvalidFact, match="is not vacated"):
        vacatur.correct_vacatur(order, vacated_at=NOW, **WHY)


def test_vacated_order_has_nothing_pending() -> None:
    order = make.served_order(hearing_on=date(2026, 12, 9))

    vacatur.vacate_order(order, vacated_at=NOW, reason="application withdrawn", by=None, now=NOW)

    pending = Checkpoint.objects.filter(state=CheckpointState.PENDING)
    assert {one.deadline.rule_id for one in pending} == {"ANN-VACATED"}
    assert deadline(order, "CT-SUR-01").state == DeadlineState.WITHDRAWN
    assert deadline(order, "CT-HRG-07").state == DeadlineState.MET, "what was met stays met"


def test_correction_of_the_firearms_box_changes_the_hearing_rule() -> None:
    order = make.order()

    corrections.correct_order(order, firearms_indicated=False, reason="wrong box", by=None, now=NOW)

    assert deadline(order, "CT-HRG-07").state == DeadlineState.WITHDRAWN
    assert deadline(order, "CT-HRG-14").state == DeadlineState.OPEN


def test_correction_refuses_what_is_not_the_orders() -> None:
    order = make.order()

    with pytest.raises(TypeError, match="public_id"):
        corrections.correct_order(order, public_id="x", reason="because", by=None, now=NOW)


def test_moved_respondent_concerns_the_other_towns_police() -> None:
    order, town = make.order(), make.town()

    respondents.correct_respondent_town(order, town=town, reason="moved", by=None, now=NOW)

    order_agency = OrderAgency.objects.get(order=order, capacity=Capacity.RESPONDENT_POLICE)
    assert order_agency.agency == town.police
