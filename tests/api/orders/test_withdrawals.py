"""An order that was entered in error, through the API."""

from __future__ import annotations

from accounts.models import AgencyKind, Role
from orders.services.orders import withdrawal
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures
from tests.api.test_reads import LISTS


def test_only_the_court_finds_it_by_its_address_and_by_the_filter(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    path = f"/orders/{fixtures.order.public_id}"
    clerk, judge, liaison = (
        caller(make.person(role, place))
        for role, place in (
            (Role.CLERK, fixtures.court),
            (Role.JUDGE, fixtures.court),
            (Role.LIAISON, fixtures.police),
        )
    )
    answer = clerk.post(f"{path}/withdrawals", {"reason": "entered twice"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["withdrawn_at"]

    listed = {
        one["id"] for page in ("/orders", "/orders?served=true") for one in clerk.get(page).json()["results"]
    }
    assert listed == {str(fixtures.unserved.public_id)}
    for who in (clerk, judge):
        found = who.get("/orders", entered_in_error="true").json()["results"]
        assert [one["id"] for one in found] == [str(fixtures.order.public_id)]
        assert who.get(path).json()["withdrawn_at"]
    assert liaison.get(path).status_code == 404
    assert liaison.get("/orders", entered_in_error="true").json()["results"] == []
    assert clerk.get("/deadlines").json()["results"] != []
    assert str(fixtures.order.public_id) not in clerk.get("/deadlines").content.decode()
    assert clerk.get("/follow-ups").json()["results"] == []
    assert clerk.get(f"/firearms/{fixtures.firearm.public_id}").status_code == 404
    for name in LISTS:
        assert liaison.get(f"{path}/{name}").status_code in (403, 404)


def test_it_is_restored_and_takes_no_other_act_before(fixtures: Fixtures, caller: MakeCaller) -> None:
    withdrawal.withdraw_order(fixtures.order, by=None, now=fixtures.now, reason="entered twice")
    path = f"/orders/{fixtures.order.public_id}"
    clerk, judge, liaison, stranger = (
        caller(make.person(role, place))
        for role, place in (
            (Role.CLERK, fixtures.court),
            (Role.JUDGE, fixtures.court),
            (Role.LIAISON, fixtures.police),
            (Role.CLERK, make.agency(AgencyKind.COURT)),
        )
    )
    body = {"reason": "it was right"}

    act = clerk.post(f"{path}/firearms", {"serial": "S-9", "source": "police"})

    assert (act.status_code, act.json()["errors"][0]["code"]) == (409, "entered_in_error")
    assert judge.post(f"{path}/restorations", body).status_code == 403
    assert liaison.post(f"{path}/restorations", body).status_code == 403
    assert stranger.post(f"{path}/restorations", body).status_code == 404
    answer = clerk.post(f"{path}/restorations", body)
    assert (answer.status_code, answer.json()["withdrawn_at"]) == (201, None)
    assert liaison.get(path).status_code == 200
