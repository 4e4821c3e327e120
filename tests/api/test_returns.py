"""Firearms that go back, by the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Role
from orders.models import Event, Firearm
from orders.services import surrender, term
from orders.services.returns import asked_before_return
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db: None) -> Stage:
    """The order has ended, and police hold the firearm."""
    stage = set_up()
    by: dict[str, Any] = {"by": None, "now": stage.now}
    surrender.record_receipt(
        stage.order,
        kind="police",
        agency=stage.police,
        at=stage.now - timedelta(hours=5),
        firearms=[stage.firearm],
        **by,
    )
    for one in (stage.order, stage.unserved):
        term.vacate_order(one, at=stage.now - timedelta(hours=3), reason="dismissed", **by)
    return stage


@pytest.fixture
def clerk(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.CLERK, stage.court))


def given(stage: Stage, **other: Any) -> dict[str, Any]:
    """All that the law asks was seen to."""
    return {
        "returned_at": stage.ago(hours=1),
        "agency": stage.police.name,
        "officer": "Pat Reed",
        "confirmed": [one.value for one in asked_before_return(stage.order)],
        **other,
    }


def test_a_firearm_goes_back_and_the_return_is_taken_back(stage: Stage, clerk: Caller) -> None:
    path = f"/firearms/{stage.firearm.public_id}"

    answer = clerk.post(f"{path}/returns", given(stage))

    assert answer.status_code == 201, answer.content
    assert answer.json()["firearm"] == str(stage.firearm.public_id)
    assert clerk.get(path).json()["status"] == "returned"
    again = clerk.get(answer.headers["Location"].removeprefix("/api/v1"))
    assert (again.json(), again.headers["ETag"]) == (answer.json(), answer.headers["ETag"])
    assert clerk.get(f"/orders/{stage.order.public_id}/returns").json()["results"] == [answer.json()]

    withdrawn = clerk.post(f"/returns/{answer.json()['id']}/withdrawals", {"reason": "another firearm"})

    assert withdrawn.status_code == 201, withdrawn.content
    assert Firearm.objects.get(pk=stage.firearm.pk).status == "surrendered"


def test_what_police_do_not_hold_does_not_go_back(stage: Stage, clerk: Caller) -> None:
    before = Event.objects.count()

    answer = clerk.post(f"/firearms/{stage.receipted.public_id}/returns", given(stage))

    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    # The body names no firearm: the address does.
    assert (error["field"], error["code"]) == ("body", "not_in_custody")
    assert Event.objects.count() == before


def test_a_condition_that_there_is_not_is_a_slip_of_form(stage: Stage, clerk: Caller) -> None:
    answer = clerk.post(
        f"/firearms/{stage.firearm.public_id}/returns", given(stage, confirmed=["eligible", "paid"])
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "confirmed.1")


def test_a_judge_gives_nothing_back(stage: Stage, caller: MakeCaller) -> None:
    judge = caller(make.person(Role.JUDGE, stage.court))

    assert judge.post(f"/firearms/{stage.firearm.public_id}/returns", given(stage)).status_code == 403


def test_tried_it_stays_where_it_is(stage: Stage, clerk: Caller) -> None:
    answer = clerk.post(f"/firearms/{stage.firearm.public_id}/returns?dry_run=true", given(stage))

    assert answer.status_code == 200, answer.content
    assert Firearm.objects.get(pk=stage.firearm.pk).status == "surrendered"
