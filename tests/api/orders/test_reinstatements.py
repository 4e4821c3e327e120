"""A vacatur that was an error is lifted through the API."""

from __future__ import annotations

from accounts.models import Role
from orders.models import Deadline
from orders.services.orders import vacatur
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures


def _states(fixtures: Fixtures) -> dict[str, str]:
    rows = Deadline.objects.filter(order=fixtures.order).exclude(state="withdrawn")
    return {
        f"{rule}/{occurrence}": state
        for rule, occurrence, state in rows.values_list("rule_id", "occurrence", "state")
    }


def test_a_reinstated_order_is_planned_as_before(fixtures: Fixtures, caller: MakeCaller) -> None:
    before = _states(fixtures)
    vacatur.vacate_order(fixtures.order, vacated_at=fixtures.now, reason="A slip.", by=None, now=fixtures.now)
    assert _states(fixtures) != before
    clerk = caller(make.person(Role.CLERK, fixtures.court))

    answer = clerk.post(f"/orders/{fixtures.order.public_id}/reinstatements", {"reason": "Wrong order."})

    assert answer.status_code == 201, answer.content
    assert answer.json()["vacated_at"] is None
    assert _states(fixtures) == before
    assert fixtures.order.history.filter(kind="reinstated", reason="Wrong order.").exists()


def test_an_order_in_force_cannot_be_reinstated(fixtures: Fixtures, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, fixtures.court))

    answer = clerk.post(f"/orders/{fixtures.order.public_id}/reinstatements", {"reason": "Wrong order."})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_vacated")
