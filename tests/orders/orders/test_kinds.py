"""A court issues the kinds of order of its own state."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Role
from orders.errors import InvalidFact
from orders.models import OTHER_STATES_KINDS, Order, OrderKind
from orders.services.orders import corrections
from orders.services.orders.legal_checks import kinds_of
from tests import make
from tests.callers import MakeCaller

pytestmark = pytest.mark.django_db


def test_the_states_divide_the_kinds() -> None:
    connecticut = {kind.value for kind in kinds_of("us_ct")}

    assert connecticut == set(OrderKind.values) - set(OTHER_STATES_KINDS)
    assert {kind.value for kind in kinds_of("us_md")} == set(OTHER_STATES_KINDS)
    assert {kind.value for kind in kinds_of("us_wa")} < set(OTHER_STATES_KINDS)


@pytest.mark.parametrize(
    ("jurisdiction", "kind"),
    [("us_ct", "final_erpo"), ("us_wa", "restraining_order"), ("us_wa", "interim_erpo")],
)
def test_entry_refuses_a_kind_of_another_state(jurisdiction: str, kind: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        make.order(jurisdiction=jurisdiction, kind=kind)

    assert (refused.value.field, refused.value.code) == ("kind", "kind_of_another_state")
    assert "does not issue this kind of order. Choose one of: " in refused.value.message
    assert not Order.objects.exists()


def test_a_correction_refuses_it_too() -> None:
    order = make.order()

    with pytest.raises(InvalidFact, match="A court of Connecticut does not issue"):
        corrections.correct_order(order, kind="final_erpo", reason="A slip.", by=None, now=make.NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "final_erpo"},
        {"jurisdiction": "us_wa"},
        {"jurisdiction": "us_ri", "kind": "foreign_order"},
    ],
)
def test_the_database_refuses_it(wrong: dict[str, Any]) -> None:
    order = make.order()

    with pytest.raises(IntegrityError, match="order_kind_of_its_state"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**wrong)


def test_the_clerk_is_offered_the_kinds_of_the_state() -> None:
    order = make.order()
    clerk = Client()
    clerk.force_login(make.person(Role.CLERK, order.case.court))

    for address in ("/admin/orders/order/add/", f"/admin/orders/order/{order.public_id}/correct/"):
        offered = {value for value, _ in clerk.get(address).context["form"].fields["kind"].choices if value}
        assert offered == {kind.value for kind in kinds_of("us_ct")}


def test_the_api_names_the_field(caller: MakeCaller) -> None:
    order = make.order()
    answer = caller(make.person(Role.CLERK, order.case.court)).post(
        "/orders",
        {
            "docket_number": "HHD-FA26-6012345-S",
            "court": order.case.court.name,
            "kind": "final_erpo",
            "respondent_name": "Ash Birch",
            "respondent_town": order.case.respondent.town.name,
            "issued_on": "2025-12-04",
        },
    )

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "kind_of_another_state")
