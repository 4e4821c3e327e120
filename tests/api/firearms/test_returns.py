"""Returns of firearms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Role
from orders.models import Firearm, HistoryEntry
from orders.services.firearms.returns import asked_before_return
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures, held_after_the_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def fixtures(db: None) -> Fixtures:
    """The order has ended, and police hold the firearm."""
    fixtures = held_after_the_end()
    make.may_return(fixtures.order, at=fixtures.now - timedelta(hours=2), now=fixtures.now)
    return fixtures


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def given(fixtures: Fixtures, **other: Any) -> dict[str, Any]:
    """All legal conditions were checked."""
    return {
        "returned_at": fixtures.ago(hours=1),
        "agency": fixtures.police.name,
        "officer": "Pat Reed",
        "confirmed": [one.value for one in asked_before_return(fixtures.order)],
        **other,
    }


def test_firearm_is_returned_and_the_return_withdrawn(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/firearms/{fixtures.firearm.public_id}"

    answer = clerk.post(f"{path}/returns", given(fixtures))

    assert answer.status_code == 201, answer.content
    assert answer.json()["firearm"] == str(fixtures.firearm.public_id)
    assert clerk.get(path).json()["status"] == "returned"
    again = clerk.get(answer.headers["Location"].removeprefix("/api/v1"))
    assert (again.json(), again.headers["ETag"]) == (answer.json(), answer.headers["ETag"])
    assert clerk.get(f"/orders/{fixtures.order.public_id}/returns").json()["results"] == [answer.json()]

    withdrawn = clerk.post(f"/returns/{answer.json()['id']}/withdrawals", {"reason": "another firearm"})

    assert withdrawn.status_code == 201, withdrawn.content
    assert Firearm.objects.get(pk=fixtures.firearm.pk).status == "surrendered"


def test_firearm_not_held_by_police_cannot_be_returned(fixtures: Fixtures, clerk: Caller) -> None:
    before = HistoryEntry.objects.count()

    answer = clerk.post(f"/firearms/{fixtures.receipted.public_id}/returns", given(fixtures))

    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    # The URL names the firearm, not the body.
    assert (error["field"], error["code"]) == ("body", "not_in_custody")
    assert HistoryEntry.objects.count() == before


def test_unknown_condition_is_invalid(fixtures: Fixtures, clerk: Caller) -> None:
    answer = clerk.post(
        f"/firearms/{fixtures.firearm.public_id}/returns", given(fixtures, confirmed=["eligible", "paid"])
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "confirmed.1")


def test_judge_may_not_return_firearms(fixtures: Fixtures, caller: MakeCaller) -> None:
    judge = caller(make.person(Role.JUDGE, fixtures.court))

    assert judge.post(f"/firearms/{fixtures.firearm.public_id}/returns", given(fixtures)).status_code == 403


def test_dry_run_returns_no_firearm(fixtures: Fixtures, clerk: Caller) -> None:
    answer = clerk.post(f"/firearms/{fixtures.firearm.public_id}/returns?dry_run=true", given(fixtures))

    assert answer.status_code == 200, answer.content
    assert Firearm.objects.get(pk=fixtures.firearm.pk).status == "surrendered"
