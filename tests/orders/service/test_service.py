"""Service, failed attempts, and corrections of service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Agency
from orders.errors import InvalidFact
from orders.models import (
    Capacity,
    Checkpoint,
    DeadlineState,
    Order,
    OrderAgency,
)
from orders.services import service
from tests import make
from tests.make import NOW, deadline, pending

pytestmark = pytest.mark.django_db


def test_service_starts_the_clock_to_the_second() -> None:
    order = make.order()
    at = NOW - timedelta(minutes=7)

    service.record_service(order, served_at=at, service_method="in_hand", by=None, now=NOW)

    found = deadline(order, "CT-SUR-01")
    assert found.due_at is not None
    assert (found.due_at - at).total_seconds() == 86_400
    assert pending(order, "CT-SUR-01") == {"remind-6h", "check", "escalate-24h"}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - timedelta(days=2, seconds=1), "served_before_issued"),
        (NOW + timedelta(seconds=1), "in_the_future"),
        (NOW.replace(tzinfo=None), "invalid_timestamp"),
    ],
)
def test_impossible_service_is_refused(at: Any, code: str) -> None:
    order = make.order()

    with pytest.raises(InvalidFact) as refused:
        service.record_service(order, served_at=at, service_method="in_hand", by=None, now=NOW)

    assert refused.value.code == code
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED


def test_service_is_recorded_once_and_then_corrected() -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact, match="Correct it instead"):
        service.record_service(order, served_at=NOW, service_method="in_hand", by=None, now=NOW)


def test_correction_moves_the_deadline_and_its_checkpoints_and_keeps_the_reason() -> None:
    order = make.served_order()
    before = deadline(order, "CT-SUR-01")

    service.correct_service(
        order, served_at=NOW - timedelta(minutes=30), reason="the marshal wrote p.m.", by=None, now=NOW
    )

    after = deadline(order, "CT-SUR-01")
    assert after.due_at is not None
    assert before.due_at is not None
    assert after.due_at - before.due_at == timedelta(minutes=30)
    assert after.revision == 0, "nothing had fired"
    check = Checkpoint.objects.get(deadline=after, name="check")
    assert check.fires_at == after.due_at
    event = order.history.get(kind="service_corrected")
    assert event.reason == "the marshal wrote p.m."
    assert event.data["deadlines"]["CT-SUR-01"] == "moved"
    assert "served_at" in event.data["changes"]


def test_correction_without_reason_is_refused() -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact) as refused:
        service.correct_service(order, served_at=NOW, reason=" ", by=None, now=NOW)

    assert refused.value.field == "reason"


def test_withdrawn_service_stops_the_clock() -> None:
    order = make.served_order()

    service.withdraw_service(order, reason="another order's return", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED
    assert pending(order, "CT-SUR-01") == set()


def test_failed_attempt_is_kept_and_starts_nothing() -> None:
    order = make.order()

    service.record_failed_attempt(
        order, attempted_at=NOW, method="in_hand", reason="nobody at home", by=None, now=NOW
    )

    assert order.service_attempts.count() == 1
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED


def test_service_in_another_town_concerns_its_police_too() -> None:
    order, town = make.order(), make.town()

    service.record_service(order, served_at=NOW, service_method="in_hand", town=town, by=None, now=NOW)

    assert OrderAgency.objects.get(order=order, capacity=Capacity.SERVICE_POLICE).agency == town.police


def service_towns(order: Order) -> list[Any]:
    return [
        entry.data["changes"].get("service_town")
        for entry in order.history.filter(kind__startswith="serv").order_by("pk")
    ]


def service_police(order: Order) -> list[Agency]:
    return [one.agency for one in order.order_agencies.filter(capacity=Capacity.SERVICE_POLICE)]


def test_withdrawn_service_removes_the_police_of_its_town() -> None:
    order, wrong, right = make.order(), make.town(), make.town()
    service.record_service(order, served_at=NOW, service_method="in_hand", town=wrong, by=None, now=NOW)

    service.withdraw_service(order, reason="The wrong town.", by=None, now=NOW)

    assert service_police(order) == []
    service.record_service(order, served_at=NOW, service_method="in_hand", town=right, by=None, now=NOW)
    assert service_police(order) == [right.police]
    assert service_towns(order) == [["", wrong.name], [wrong.name, ""], ["", right.name]]


def test_a_town_of_service_that_is_also_the_respondents_keeps_its_police() -> None:
    order = make.order()
    town = order.case.respondent.town
    service.record_service(order, served_at=NOW, service_method="in_hand", town=town, by=None, now=NOW)

    service.withdraw_service(order, reason="Another order's return.", by=None, now=NOW)

    assert order.order_agencies.filter(agency=town.police).get().capacity == Capacity.RESPONDENT_POLICE


def test_officer_custody_and_town_of_service_are_corrected() -> None:
    order, wrong, right = make.order(), make.town(), make.town()
    service.record_service(order, served_at=NOW, service_method="in_hand", town=wrong, by=None, now=NOW)

    service.correct_service(
        order,
        served_at=NOW,
        service_officer="Marshal Oak",
        served_in_custody=True,
        town=right,
        reason="Misread.",
        by=None,
        now=NOW,
    )

    assert service_police(order) == [right.police]
    assert order.history.get(kind="service_corrected").data["changes"] == {
        "service_officer": ["", "Marshal Oak"],
        "served_in_custody": [False, True],
        "service_town": [wrong.name, right.name],
    }


def test_a_correction_of_the_time_keeps_the_town_of_service() -> None:
    order, town = make.order(), make.town()
    service.record_service(order, served_at=NOW, service_method="in_hand", town=town, by=None, now=NOW)

    service.correct_service(order, served_at=NOW - timedelta(hours=1), reason="Misread.", by=None, now=NOW)

    assert service_police(order) == [town.police]
    assert service.town_of_service(order) == town
