"""An order that was entered under the wrong case is moved, with what was recorded for it, and moved back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Case, Deadline, Firearm, Order, OrderAgency, Receipt, Respondent
from orders.services.firearms import inventory, receipts
from orders.services.orders import moving
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"by": None, "now": NOW, "reason": "Entered under the wrong docket."}


def plan_of(*orders: Order) -> list[tuple[Any, ...]]:
    """Every deadline of these orders that was not withdrawn."""
    rows = Deadline.objects.filter(order__in=orders).exclude(state="withdrawn")
    return sorted(rows.values_list("order", "rule_id", "occurrence", "state", "due_at", "met_at"))


def beside(order: Order, **given: Any) -> Order:
    """Another served order of the same court."""
    return make.served_order(court=order.case.court, **given)


def sibling(order: Order) -> Order:
    """Another order of the same case."""
    return beside(order, docket_number=order.case.docket_number)


def listed(order: Order, serial: str) -> Firearm:
    """A firearm on the list of the order."""
    return inventory.list_firearm(order, serial=serial, source="police", by=None, now=NOW)


def handed_in(order: Order, *firearms: Firearm) -> Receipt:
    """A receipt of police."""
    return receipts.record_receipt(
        order,
        kind="police",
        agency=make.agency(),
        received_at=NOW,
        firearms=list(firearms),
        receipt_number="R-1",
        by=None,
        now=NOW,
    )


def case_of(order: Order) -> Case:
    """The case as it is stored."""
    return Order.objects.select_related("case__respondent").get(pk=order.pk).case


def test_an_order_and_its_firearms_move_to_the_case_of_its_respondent_and_back() -> None:
    right = make.served_order(respondent_name="José Birch")
    wrong = beside(right, respondent_name="Jose Birch")
    left = beside(right, respondent_name="Jose Birch", docket_number=wrong.case.docket_number)
    gun = listed(wrong, "S-1")
    handed_in(wrong, gun)
    before, docket = plan_of(right, wrong, left), wrong.case.docket_number

    moving.move_order(wrong, docket_number=right.case.docket_number.lower(), **WHY)

    assert case_of(wrong) == case_of(right)
    assert case_of(left) != case_of(right)
    assert set(Firearm.objects.filter(order__case=right.case)) == {gun}
    assert make.deadline(right, "CT-SUR-01").state == "met"
    assert make.deadline(left, "CT-SUR-01").state == "open"
    entry = wrong.history.get(kind="moved")
    assert entry.data["changes"] == {"docket_number": [docket, right.case.docket_number]}
    assert str(gun) in entry.data["items"]
    assert right.history.filter(kind="replanned").exists()
    assert left.history.filter(kind="replanned").exists()
    wrong.refresh_from_db()
    moving.move_order(wrong, docket_number=docket, **WHY)
    assert case_of(wrong) == case_of(left)
    assert plan_of(right, wrong, left) == before


def test_a_docket_that_no_case_has_gets_a_new_case_against_the_same_respondent() -> None:
    order = make.served_order()
    former = order.case

    moving.move_order(order, docket_number="HHD-FA26-7777777-S", **WHY)

    assert case_of(order).docket_number == "HHD-FA26-7777777-S"
    assert case_of(order).respondent == former.respondent
    assert Respondent.objects.count() == 1
    order.refresh_from_db()
    moving.move_order(order, docket_number=former.docket_number, **WHY)
    assert case_of(order) == former


def test_a_docket_against_another_person_asks_for_the_respondent() -> None:
    order = make.served_order(respondent_name="Ash Birch")
    other = beside(order, respondent_name="Elm Rowan", respondent_dob=date(1980, 1, 1))
    docket = other.case.docket_number

    with pytest.raises(DoubtfulFact, match="is a case against another person"):
        moving.move_order(order, docket_number=docket, **WHY)
    moving.move_order(order, docket_number=docket, respondent="of_case", **WHY)

    assert case_of(order) == other.case
    police = OrderAgency.objects.get(order=order, capacity="respondent_police").agency
    assert police == other.case.respondent.town.police
    words = order.history.get(kind="moved").data["corrected"]
    assert words == {"Respondent": ["Ash Birch", "Elm Rowan"]}


def test_a_docket_with_orders_against_both_is_confirmed_with_a_reason() -> None:
    order = make.served_order(respondent_name="Ash Birch")
    other = beside(order, respondent_name="Elm Rowan")

    moving.move_order(order, docket_number=other.case.docket_number, confirm="Orders against both.", **WHY)

    assert case_of(order) != other.case
    assert case_of(order).docket_number == other.case.docket_number
    assert case_of(order).respondent.name == "Ash Birch"
    assert order.history.get(kind="moved").reason.endswith("Orders against both.")


def test_a_docket_in_another_spelling_is_the_same_docket() -> None:
    order = make.order(docket_number="HHD-FA26-7000020-S")
    other = beside(order, docket_number="HHD-FA-26-7000021-S")

    with pytest.raises(InvalidFact) as refused:
        moving.move_order(order, docket_number="HHD-FA-26-7000020-S", reason="Misread.", by=None, now=NOW)
    moving.move_order(order, docket_number="HHD-FA26-7000021-S", reason="Misread.", by=None, now=NOW)

    assert refused.value.code == "same_case"
    assert case_of(order) == case_of(other)


def test_a_docket_without_an_order_asks_for_no_reason() -> None:
    order = make.order()
    used = beside(
        order, respondent_name="Oak Reed", is_another_person=True, docket_number="HHD-FA26-7000022-S"
    )
    moving.move_order(used, docket_number="HHD-FA26-7000023-S", reason="Misread.", by=None, now=NOW)

    moving.move_order(order, docket_number="HHD-FA26-7000022-S", reason="Misread.", by=None, now=NOW)

    assert case_of(order).docket_number == "HHD-FA26-7000022-S"
    assert case_of(order).respondent_id == order.case.respondent_id


def test_a_move_to_the_respondent_of_a_docket_needs_exactly_one_case() -> None:
    order = make.served_order()
    one = beside(order, respondent_name="Elm Rowan")
    beside(order, respondent_name="Oak Reed", docket_number=one.case.docket_number, is_another_person=True)

    for docket, words in (
        (one.case.docket_number, "has cases against several persons"),
        ("HHD-FA26-7777777-S", "has no other case"),
    ):
        with pytest.raises(InvalidFact, match=words):
            moving.move_order(order, docket_number=docket, respondent="of_case", **WHY)
    with pytest.raises(InvalidFact, match=r"is under HHD-FA26-.* already"):
        moving.move_order(order, docket_number=order.case.docket_number, **WHY)


def test_an_order_whose_receipt_names_a_firearm_of_another_order_is_not_moved() -> None:
    order = make.served_order()
    other = sibling(order)
    handed_in(order, listed(other, "S-2"))

    for one, words in (
        (order, "Receipt R-1 of this order names Firearm, serial S-2, which is listed under the ex parte"),
        (other, "Receipt R-1 of the ex parte restraining order of .* names Firearm, serial S-2 of this"),
    ):
        with pytest.raises(InvalidFact, match=words) as caught:
            moving.move_order(one, docket_number="HHD-FA26-7777777-S", **WHY)
        assert caught.value.code == "shared_firearms"
    assert case_of(order) == case_of(other)


def test_an_order_is_not_moved_to_a_respondent_born_after_its_issue() -> None:
    order = make.served_order()
    other = beside(order, respondent_name="Elm Rowan")
    Respondent.objects.filter(pk=other.case.respondent_id).update(
        date_of_birth=(NOW - timedelta(hours=1)).date()
    )

    with pytest.raises(InvalidFact, match="is not before the date of the order"):
        moving.move_order(order, docket_number=other.case.docket_number, respondent="of_case", **WHY)


def test_an_order_is_moved_to_a_small_child_only_with_a_reason() -> None:
    order = make.served_order()
    other = beside(order, respondent_name="Elm Rowan")
    born = (NOW - timedelta(days=6 * 365)).date()
    Respondent.objects.filter(pk=other.case.respondent_id).update(date_of_birth=born)
    there: dict[str, Any] = {"docket_number": other.case.docket_number, "respondent": "of_case", **WHY}

    with pytest.raises(DoubtfulFact, match="younger than 10 years"):
        moving.move_order(order, **there)
    moving.move_order(order, **there, confirm="The child is named in the order.")
    assert case_of(order) == case_of(other)
