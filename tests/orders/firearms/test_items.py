"""Ammunition, permits, items found on a receipt, near serial numbers, and what leaves police custody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.dates import COURT_TIME
from accounts.models import Agency
from orders.admin.summary.cards import firearm_cards
from orders.admin.summary.duty import SurrenderDuty
from orders.errors import DoubtfulFact, InvalidFact
from orders.forms.proof import FoundField
from orders.matching.firearm_words import names_firearm
from orders.models import DeadlineState, Firearm, FirearmStatus, ItemKind, Order, Permit, ProofStatus
from orders.services import corrections
from orders.services.firearms import disposals, inventory, receipts, statements
from orders.services.firearms.accounting import account_of
from orders.services.firearms.found import FoundItem
from orders.services.orders import case_events
from orders.services.orders.record import load_record
from tests import make
from tests.make import NOW, deadline

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Another case."}


@pytest.fixture
def police(db: None) -> Agency:
    return make.agency()


@pytest.fixture
def order(db: None) -> Order:
    return make.served_order(ago=timedelta(hours=3))


def listed(order: Order, serial: str = "S1", **more: Any) -> Firearm:
    return inventory.list_firearm(order, serial=serial, source="police", **BY, **more)


def receipt(order: Order, police: Agency, *firearms: Firearm, **more: Any) -> Any:
    facts = {"kind": "police", "received_at": NOW - timedelta(hours=1), "agency": police, **BY, **more}
    return receipts.record_receipt(order, firearms=firearms, **facts)


def state(order: Order) -> tuple[str, str]:
    found = deadline(order, "CT-SUR-01")
    return found.state, found.proof


def test_listed_ammunition_must_be_accounted_for_too(order: Order, police: Agency) -> None:
    one = listed(order)
    rounds = inventory.list_firearm(
        order, item_kind="ammunition", quantity=200, description="9mm", source="police", **BY
    )
    assert str(rounds) == "Ammunition, 200: 9mm"

    receipt(order, police, one)
    assert state(order) == (DeadlineState.OPEN, "")
    assert account_of(order).numbers == "1 of 1 accounted for; number alleged not stated, 1 listed"
    assert account_of(order).why_open == ["Ammunition, 200: 9mm is not accounted for."]

    receipt(order, police, rounds)
    assert state(order) == (DeadlineState.MET, ProofStatus.PROVEN)


def test_ammunition_alone_is_no_firearm_that_the_application_alleges(order: Order, police: Agency) -> None:
    receipt(order, police, found=[FoundItem(item_kind="ammunition", quantity=50)])

    assert state(order) == (DeadlineState.OPEN, "")
    assert account_of(order).why_open == ["The application alleges firearms, but the list is empty."]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"item_kind": "ammunition"}, "quantity"),
        ({"item_kind": "magazines", "quantity": 0}, "quantity"),
        ({"item_kind": "magazines", "quantity": 2, "serial": "S1"}, "serial"),
        ({"item_kind": "firearm", "quantity": 2, "serial": "S1"}, "quantity"),
        ({"item_kind": "cannon"}, "item_kind"),
        ({"serial": "S1", "believed_on": NOW.date() + timedelta(days=2)}, "believed_on"),
    ],
)
def test_a_wrong_item_is_refused(wrong: dict[str, Any], field: str, order: Order) -> None:
    with pytest.raises(InvalidFact) as refused:
        inventory.list_firearm(order, source="police", **BY, **wrong)

    assert refused.value.field == field


def test_what_else_a_receipt_names_is_listed_and_counts(order: Order, police: Agency) -> None:
    one = listed(order)
    found = [
        FoundItem(serial="Z9", make="Ruger"),
        FoundItem(serial="S1"),
        FoundItem(item_kind=ItemKind.MAGAZINES, quantity=3),
    ]

    taken = receipt(order, police, found=found)

    assert sorted(map(str, taken.firearms.all())) == [
        "Firearm, serial S1",
        "Magazines, 3",
        "Ruger, serial Z9",
    ]
    assert state(order) == (DeadlineState.MET, ProofStatus.PROVEN)
    assert set(Firearm.objects.exclude(pk=one.pk).values_list("source", flat=True)) == {"receipt"}

    receipts.withdraw_receipt(order, receipt=taken, **WHY)
    assert list(Firearm.objects.all()) == [one]
    assert state(order) == (DeadlineState.OPEN, "")


def test_words_on_a_receipt_that_name_no_firearm_prove_nothing_without_a_reason(
    order: Order, police: Agency
) -> None:
    for words in (("see", "attached list"), ("items", "as listed"), ("one", "long"), ("Unknown", "")):
        with pytest.raises(DoubtfulFact, match="names no firearm") as doubt:
            receipt(order, police, found=[FoundItem(make=words[0], model=words[1])])
        assert (doubt.value.field, doubt.value.code) == ("found", "names_no_item")
    assert not Firearm.objects.exists()
    assert state(order) == (DeadlineState.OPEN, "")

    named = [
        ("Glock", "19"),
        ("old", "hunting rifle"),
        ("two", "shotguns"),
        ("GLC", ""),
        ("Smith", "& Wesson"),
        ("Ruger", ""),
        ("remington", "pump"),
        ("Springfield Armory", ""),
    ]
    assert all(names_firearm(" ".join(one)) for one in named)
    receipt(order, police, found=[FoundItem(make="one", model="long")], confirm="The paper has no more.")
    record = load_record(Order.objects.get(pk=order.pk))
    duty = SurrenderDuty(deadline=None, now=NOW, zone=COURT_TIME)
    assert [one.badge for one in firearm_cards(record, duty, COURT_TIME)] == ["Words on a receipt"]


def test_a_near_serial_number_is_asked_about_at_entry_and_on_a_receipt(order: Order, police: Agency) -> None:
    listed(order, "SA 123-45")

    with pytest.raises(DoubtfulFact, match="may be SA 123-45, which is on the list") as doubt:
        listed(order, "SA12345")
    assert (doubt.value.field, doubt.value.code) == ("serial", "near_match")
    with pytest.raises(DoubtfulFact) as doubt:
        receipt(order, police, found=[FoundItem(serial="SA12345")])
    assert doubt.value.field == "found"

    listed(order, "SA12345", confirm="Two firearms, seen side by side.")
    assert Firearm.objects.count() == 2


def test_a_permit_is_handed_in_by_a_receipt_or_alone(order: Order, police: Agency) -> None:
    one = listed(order)
    by_receipt = inventory.record_permit(order, kind="Pistol permit", **BY)
    alone = inventory.record_permit(order, kind="Eligibility certificate", **BY)
    day = NOW.date()

    taken = receipt(order, police, one, permits=[by_receipt])
    inventory.hand_in_permit(alone, handed_in_on=day, agency=police, **BY)

    assert set(Permit.objects.values_list("handed_in_on", flat=True)) == {day}
    with pytest.raises(InvalidFact, match="already"):
        inventory.hand_in_permit(alone, handed_in_on=day, agency=police, **BY)
    with pytest.raises(InvalidFact, match="handed in already"):
        receipt(order, police, permits=[alone])
    with pytest.raises(InvalidFact, match="Withdraw that receipt first"):
        inventory.HAND_IN.withdraw(by_receipt, **WHY)

    receipts.withdraw_receipt(order, receipt=taken, **WHY)
    inventory.HAND_IN.withdraw(alone, **WHY)
    assert not Permit.objects.exclude(handed_in_on=None, receipt=None).exists()


def test_a_permit_that_is_handed_in_meets_its_deadline(order: Order, police: Agency) -> None:
    case_events.record_case_event(
        order, kind="revocation_notified", occurred_at=NOW - timedelta(hours=2), **BY
    )
    permit = inventory.record_permit(order, kind="Pistol permit", **BY)
    assert deadline(order, "CT-SUR-06").state == DeadlineState.OPEN

    receipt(order, police, permits=[permit])

    assert deadline(order, "CT-SUR-06").state == DeadlineState.MET
    assert state(order)[0] == DeadlineState.OPEN


def test_a_statement_of_firearms_out_of_reach_names_them(order: Order) -> None:
    one = listed(order)
    sworn: dict[str, Any] = {"sworn_at": NOW - timedelta(hours=1), **BY}
    with pytest.raises(InvalidFact, match="Choose the firearms"):
        statements.record_statement(order, kind="unreachable", **sworn)
    with pytest.raises(InvalidFact, match="Only a statement of firearms"):
        statements.record_statement(order, kind="non_possession", firearms=[one], **sworn)

    statement = statements.record_statement(order, kind="unreachable", firearms=[one], **sworn)

    one.refresh_from_db()
    assert one.status == FirearmStatus.UNREACHABLE
    assert account_of(order).open_items == [one]
    corrections.withdraw(statement, **WHY)
    one.refresh_from_db()
    assert one.status == FirearmStatus.ALLEGED


@pytest.mark.parametrize(
    ("kind", "taker", "status"),
    [
        ("destroyed", {}, FirearmStatus.DESTROYED),
        ("transferred", {"dealer_license": "6-06-014-01-7M-12345"}, FirearmStatus.TRANSFERRED),
        ("transferred", {"taker_name": "Oak Elm"}, FirearmStatus.TRANSFERRED),
    ],
)
def test_a_firearm_leaves_custody(
    kind: str, taker: dict[str, str], status: str, order: Order, police: Agency
) -> None:
    one = listed(order)
    facts: dict[str, Any] = {
        "kind": kind,
        "disposed_at": NOW,
        "agency": police,
        "officer": "Lee Ash",
        "authority": "Court order of Dec 4",
        "confirm": "So ordered.",
        **taker,
        **BY,
    }
    with pytest.raises(InvalidFact, match="Only a firearm in police custody"):
        disposals.record_disposal(order, firearms=[one], **facts)
    taken = receipt(order, police, one)

    (gone,) = disposals.record_disposal(order, firearms=[one], **facts)

    one.refresh_from_db()
    assert one.status == status
    assert state(order) == (DeadlineState.MET, ProofStatus.PROVEN)
    with pytest.raises(InvalidFact):
        receipts.withdraw_receipt(order, receipt=taken, **WHY)
    corrections.withdraw(gone, **WHY)
    one.refresh_from_db()
    assert one.status == FirearmStatus.SURRENDERED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "melted"}, "kind"),
        ({"officer": " "}, "officer"),
        ({"authority": ""}, "authority"),
        ({"taker_name": "Oak Elm"}, "taker_name"),
        ({"kind": "transferred"}, "taker_name"),
        ({"kind": "transferred", "dealer_license": "12"}, "dealer_license"),
        ({"disposed_at": NOW + timedelta(hours=1)}, "disposed_at"),
        ({"disposed_at": NOW - timedelta(hours=2)}, "disposed_at"),
    ],
)
def test_a_wrong_disposal_is_refused(wrong: dict[str, Any], field: str, order: Order, police: Agency) -> None:
    one = listed(order)
    receipt(order, police, one)
    facts: dict[str, Any] = {
        "kind": "destroyed",
        "disposed_at": NOW,
        "agency": police,
        "officer": "Lee Ash",
        "authority": "Court order of Dec 4",
    }

    with pytest.raises(InvalidFact) as refused:
        disposals.record_disposal(order, firearms=[one], **{**facts, **wrong}, **BY)

    assert refused.value.field == field


def test_lines_of_a_receipt_are_read() -> None:
    field = FoundField()

    assert field.clean("Glock 19, AB123\n\nAmmunition 1,200: 9mm \nmagazines 3\nRuger") == [
        FoundItem(make="Glock", model="19", serial="AB123"),
        FoundItem(item_kind="ammunition", quantity=1200, description="9mm"),
        FoundItem(item_kind="magazines", quantity=3),
        FoundItem(make="Ruger"),
    ]
    assert field.clean("") == []
    with pytest.raises(ValidationError, match="longer than 20"):
        field.clean("Glock nineteen in a very long holster, AB123")
