"""Cards of an order by the API: verified by police, and seen by the court alone."""

from __future__ import annotations

from accounts.models import Role
from orders.services.orders.order_cards import issue_card, printed_number
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

TELEPHONE = "860-555-0100"


def test_police_verify_a_number(fixtures: Fixtures, caller: MakeCaller) -> None:
    card = issue_card(fixtures.order, telephone=TELEPHONE, by=None, now=fixtures.now)
    police = caller(make.person(Role.LIAISON, make.agency()))

    answer = police.post("/card-verifications", {"number": printed_number(card)})
    assert answer.status_code == 200
    (found,) = answer.json()["results"]
    assert (found["state"], found["docket_number"]) == ("in_force", fixtures.order.case.docket_number)
    assert police.post("/card-verifications", {"number": "AAAAA-22222"}).json()["results"] == []
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    assert clerk.post("/card-verifications", {"number": card.number}).status_code == 403
    assert clerk.get(f"/cards/{card.public_id}/document").headers["Content-Type"] == "application/pdf"
    assert police.get(f"/cards/{card.public_id}").status_code in (403, 404)


def test_history_of_cards_is_the_courts(fixtures: Fixtures, caller: MakeCaller) -> None:
    issue_card(fixtures.order, telephone=TELEPHONE, by=None, now=fixtures.now)
    path = f"/orders/{fixtures.order.public_id}/history"

    assert "card_issued" in str(caller(make.person(Role.CLERK, fixtures.court)).get(path).json())
    assert "card_issued" not in str(caller(make.person(Role.LIAISON, fixtures.police)).get(path).json())
