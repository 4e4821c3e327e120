"""A reason answers the doubts whose codes the caller names. What arose since then is refused again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from orders.models import HistoryEntry, Statement
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

LICENSE = "6-06-014-01-7M-12345"


@pytest.fixture
def clerk(fixtures: Fixtures, caller: MakeCaller) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def codes(answer: Any) -> list[tuple[str, bool]]:
    assert answer.status_code == 409, answer.content
    return [(one["code"], one["confirmable"]) for one in answer.json()["errors"]]


def test_a_reason_answers_only_what_the_caller_checked(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}/statements"
    early = {"kind": "non_possession", "sworn_at": fixtures.ago(days=20), "confirm": "Sworn before."}
    checked = {**early, "confirm_codes": ["before_the_order"]}
    before = Statement.objects.count()
    assert codes(clerk.post(path, {**early, "confirm_codes": []})) == [("before_the_order", True)]
    assert clerk.post(path, checked).status_code == 201
    assert (Statement.objects.count(), HistoryEntry.objects.latest("id").reason) == (
        before + 1,
        "Sworn before.",
    )

    again = clerk.post(path, checked)

    assert codes(again) == [("already_recorded", True)]
    assert Statement.objects.count() == before + 1
    both = {**early, "confirm_codes": ["before_the_order", "already_recorded"]}
    assert clerk.post(path, both).status_code == 201
    assert clerk.post(path, early).status_code == 201, "without the codes it answers all"


def test_codes_without_a_reason_answer_nothing(fixtures: Fixtures, clerk: Caller) -> None:
    body = {
        "sworn_at": fixtures.ago(days=20),
        "kind": "non_possession",
        "confirm_codes": ["before_the_order"],
    }

    answer = clerk.post(f"/orders/{fixtures.order.public_id}/statements", body)

    assert codes(answer) == [("before_the_order", True)]


def test_what_is_refused_for_certain_is_refused_whatever_the_codes(fixtures: Fixtures, clerk: Caller) -> None:
    body = {
        "sworn_at": fixtures.ago(days=-1),
        "kind": "non_possession",
        "confirm": "So.",
        "confirm_codes": ["x"],
    }

    answer = clerk.post(f"/orders/{fixtures.order.public_id}/statements", body)

    assert codes(answer) == [("in_the_future", False)]


def test_a_correction_names_its_codes_too(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/receipts/{fixtures.receipt.public_id}"
    body = {"received_at": fixtures.ago(days=20), "reason": "Misread.", "confirm": "Handed in before."}

    doubted = clerk.patch(path, {**body, "confirm_codes": ["already_recorded"]}, If_Match="*")
    confirmed = clerk.patch(path, {**body, "confirm_codes": ["before_the_order"]}, If_Match="*")

    assert codes(doubted) == [("before_the_order", True)]
    assert confirmed.status_code == 200, confirmed.content


def test_lines_of_a_receipt_and_its_time_are_doubted_at_once(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}/receipts"
    body = {
        "kind": "dealer",
        "dealer_license": LICENSE,
        "received_at": fixtures.ago(days=20),
        "found": [{"make": "see list"}],
        "confirm": "Handed in before.",
        "confirm_codes": ["before_the_order"],
    }

    assert codes(clerk.post(path, body)) == [("names_no_item", True)]


def test_a_dry_run_knows_the_codes(fixtures: Fixtures, clerk: Caller) -> None:
    path = reverse("order-services", args=[fixtures.unserved.public_id]).removeprefix("/api/v1")
    body = {
        "served_at": (fixtures.now - timedelta(hours=1)).isoformat(),
        "service_method": "in_hand",
        "confirm": "So.",
        "confirm_codes": ["served_before_attempt"],
    }

    answer = clerk.post(f"{path}?dry_run=true", body)

    assert answer.status_code == 200, answer.content
    fixtures.unserved.refresh_from_db()
    assert fixtures.unserved.served_at is None
