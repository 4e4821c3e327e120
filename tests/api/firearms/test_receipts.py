"""A receipt of police is recorded by their own people and the court; by other police with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Role
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

ASKED = [("agency", "receipt_of_another_agency", True)]


def body(f: Fixtures, agency: str) -> dict[str, Any]:
    return {
        "kind": "police",
        "agency": agency,
        "received_at": (f.now - timedelta(hours=1)).isoformat(),
        "firearms": [str(f.firearm.public_id)],
    }


def refusals(answer: Any) -> list[tuple[str, str, bool]]:
    return [(one["field"], one["code"], one["confirmable"]) for one in answer.json()["errors"]]


def test_a_receipt_of_other_police_needs_the_reason(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    path, sent = f"/orders/{fixtures.order.public_id}/receipts", body(fixtures, make.agency().name)

    asked = liaison.post(path, sent)
    done = liaison.post(path, sent | {"confirm": "Mutual aid."})

    assert (asked.status_code, refusals(asked)) == (409, ASKED)
    assert (done.status_code, done.json()["agency"]) == (201, sent["agency"])


@pytest.mark.parametrize("role", [Role.LIAISON, Role.CLERK])
def test_the_agency_itself_and_the_court_give_no_reason(
    role: Role, fixtures: Fixtures, caller: MakeCaller
) -> None:
    own = caller(make.person(role, fixtures.police if role == Role.LIAISON else fixtures.court))

    answer = own.post(f"/orders/{fixtures.order.public_id}/receipts", body(fixtures, fixtures.police.name))

    assert answer.status_code == 201, answer.content


def test_a_correction_to_other_police_needs_the_reason(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison, other = caller(make.person(Role.LIAISON, fixtures.police)), make.agency().name
    made = liaison.post(
        f"/orders/{fixtures.order.public_id}/receipts", body(fixtures, fixtures.police.name)
    ).json()
    path, sent = f"/receipts/{made['id']}", {"agency": other, "reason": "Misread."}

    asked = liaison.patch(path, sent, If_Match="*")
    done = liaison.patch(path, sent | {"confirm": "They took it."}, If_Match="*")
    later = liaison.patch(path, {"receipt_number": "R-77", "reason": "Misread."}, If_Match="*")

    assert (asked.status_code, refusals(asked)) == (409, ASKED)
    assert (done.status_code, later.status_code) == (200, 200), "what is stored is not asked about again"
    assert later.json()["agency"] == other
