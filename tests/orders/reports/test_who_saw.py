"""`who_saw`: who saw one case, when, from where and by which entry_point."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AgencyKind, AuditAction, AuditEntry, EntryPoint, Role
from accounts.services.access.access_log import record
from orders.models import Order
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db: None) -> Order:
    return make.order(respondent_name="Canary Warbler", por_number="POR-CANARY")


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    call_command("who_saw", *words, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_access_to_the_case_is_listed(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    case = order.case.public_id
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    seen = record(
        AuditAction.SEEN,
        EntryPoint.ADMIN,
        what="admin:orders_order_change",
        actor=clerk,
        address="192.0.2.7",
        cases=[case],
    )
    record(AuditAction.SEEN, EntryPoint.API, actor=clerk, cases=[uuid4()])

    for name in (order.case.docket_number, str(case), str(order.public_id), "POR-CANARY"):
        [found] = asked(capsys, name)["cases"]
        assert found["case"] == str(case)
        assert found["entries"][-1] == {
            "at": seen.at.isoformat(),
            "who": clerk.email,
            "token": None,
            "action": "seen",
            "entry_point": "admin",
            "what": "admin:orders_order_change",
            "address": "192.0.2.7",
            "succeeded": True,
        }


def test_asking_is_on_record(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, order.case.docket_number)["cases"][0]["entries"] == []

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.entry_point, entry.what) == (
        AuditAction.LOG_READ,
        EntryPoint.COMMAND,
        "who_saw",
    )
    assert entry.cases == [order.case.public_id]


def test_a_docket_with_two_cases_lists_both(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    other = make.order(
        docket_number=order.case.docket_number,
        court=order.case.court,
        respondent_name="Robin Elm",
        is_another_person=True,
    )

    found = asked(capsys, order.case.docket_number)

    assert {one["case"] for one in found["cases"]} == {
        str(order.case.public_id),
        str(other.case.public_id),
    }


def test_between_two_instants(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    now = timezone.now()
    for days in (1, 10, 100):
        record(AuditAction.SEEN, EntryPoint.PAGE, cases=[order.case.public_id], at=now - timedelta(days=days))

    span = (
        f"--since={(now - timedelta(days=50)).isoformat()}",
        f"--until={(now - timedelta(days=5)).isoformat()}",
    )
    assert len(asked(capsys, order.case.docket_number, *span)["cases"][0]["entries"]) == 1


def test_in_words_it_names_no_case_but_by_its_id(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    person = make.person(Role.LIAISON, make.agency())
    record(AuditAction.REFUSED, EntryPoint.PAGE, actor=person, succeeded=False, cases=[order.case.public_id])

    call_command("who_saw", order.case.docket_number)

    expected = capsys.readouterr().out
    assert f"{person.name} <{person.email}>" in expected
    assert "  Refused  Page" in expected
    assert "Canary" not in expected
    assert order.case.docket_number not in expected


@pytest.mark.parametrize("words", [["HHD-FA26-0-S"], [str(uuid4())]])
def test_an_unknown_case_is_refused_without_repeating_it(words: list[str]) -> None:
    with pytest.raises(CommandError, match="No case found") as refused:
        call_command("who_saw", *words)

    assert words[0] not in str(refused.value)
    assert not AuditEntry.objects.exists()


def test_an_invalid_time_is_refused(order: Order) -> None:
    with pytest.raises(CommandError, match="--since"):
        call_command("who_saw", order.case.docket_number, "--since=soon")
