"""Requests about firearms in custody, and their steps: each refusal names field, problem and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Role
from orders.models import CustodyRequest, ReturnDecision, ReturnHold
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures, held_after_the_end

pytestmark = pytest.mark.django_db

LICENSE = "6-06-014-01-7M-12345"


@pytest.fixture
def fixtures(db: None) -> Fixtures:
    """Police hold the firearm since five hours, and the order ended three hours ago."""
    return held_after_the_end()


@pytest.fixture
def liaison(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.LIAISON, fixtures.police))


def errors(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 409, answer.content
    return {(one["field"], one["code"]) for one in answer.json()["errors"]}


def test_a_notice_from_before_the_receipt_is_refused(fixtures: Fixtures, liaison: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}/custody-requests"
    sale = {"kind": "sale", "dealer_license": LICENSE}

    early = liaison.post(path, {**sale, "requested_at": fixtures.ago(hours=6)})

    assert errors(early) == {("requested_at", "before_the_receipt")}
    assert not CustodyRequest.objects.filter(kind="sale").exists()
    assert liaison.post(path, {**sale, "requested_at": fixtures.ago(hours=2)}).status_code == 201


def test_holds_and_decisions_are_those_of_the_holder_and_in_their_order(
    fixtures: Fixtures, liaison: Caller
) -> None:
    path = f"/orders/{fixtures.order.public_id}/custody-requests"
    asked = liaison.post(path, {"kind": "return", "requested_at": fixtures.ago(hours=2)})
    request = f"/custody-requests/{asked.json()['id']}"
    officer = {"agency": fixtures.police.name, "officer": "Lee Ash", "why": "Records are incomplete."}
    hold = {**officer, "held_at": fixtures.ago(minutes=30), "ends_on": fixtures.day(3)}
    refusal = {**officer, "outcome": "safety", "decided_at": fixtures.ago(hours=1)}
    other = {"agency": make.agency().name}

    assert errors(liaison.post(f"{request}/holds", {**hold, **other})) == {("agency", "not_the_holder")}
    assert errors(liaison.post(f"{request}/decisions", {**refusal, **other})) == {
        ("agency", "not_the_holder")
    }
    assert liaison.post(f"{request}/holds", hold).status_code == 201
    assert errors(liaison.post(f"{request}/decisions", refusal)) == {("decided_at", "before_its_hold")}
    later = {**refusal, "decided_at": fixtures.ago(minutes=20)}
    assert liaison.post(f"{request}/decisions", later).status_code == 201
    assert (ReturnHold.objects.count(), ReturnDecision.objects.count()) == (1, 1)
