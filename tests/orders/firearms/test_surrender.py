"""Receipts and statements, and the surrender deadline."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AgencyKind
from orders.errors import InvalidFact
from orders.models import (
    DeadlineState,
    Firearm,
    FirearmStatus,
    Receipt,
    ReceiptItem,
)
from orders.services.firearms import inventory, receipts, statements
from tests import make
from tests.make import NOW, deadline, pending

pytestmark = pytest.mark.django_db

LICENSE = "6-06-014-01-7M-12345"


def test_every_listed_firearm_on_a_receipt_meets_the_deadline() -> None:
    order = make.served_order()
    police = make.agency()
    one, two = (
        inventory.list_firearm(order, serial=serial, source="police", by=None, now=NOW)
        for serial in ("S1", "S2")
    )

    receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[one], agency=police, by=None, now=NOW
    )
    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN

    receipts.record_receipt(
        order, kind="dealer", received_at=NOW, firearms=[two], dealer_license=LICENSE, by=None, now=NOW
    )
    found = deadline(order, "CT-SUR-01")
    assert (found.state, found.met_at, found.met_in_time) == (DeadlineState.MET, NOW, True)
    assert pending(order, "CT-SUR-01") == set()
    assert list(Firearm.objects.values_list("status", flat=True)) == [
        FirearmStatus.SURRENDERED,
        FirearmStatus.SOLD,
    ]


def test_firearm_found_after_surrender_opens_the_deadline_again() -> None:
    order = make.served_order()
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[one], agency=make.agency(), by=None, now=NOW
    )

    inventory.list_firearm(order, serial="S2", source="police", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert "check" in pending(order, "CT-SUR-01")


def test_withdrawn_receipt_opens_the_deadline_again() -> None:
    order = make.served_order()
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    receipt = receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[one], agency=make.agency(), by=None, now=NOW
    )

    receipts.withdraw_receipt(order, receipt=receipt, reason="wrong case", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert not Receipt.objects.exists()
    assert Firearm.objects.get().status == FirearmStatus.ALLEGED


def test_receipt_for_a_firearm_of_another_order_is_refused() -> None:
    order, other = make.served_order(), make.served_order()
    foreign = inventory.list_firearm(other, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact) as refused:
        receipts.record_receipt(
            order, kind="police", received_at=NOW, firearms=[foreign], agency=make.agency(), by=None, now=NOW
        )

    assert (refused.value.field, refused.value.code) == ("firearms", "firearm_of_another_order")
    assert not Receipt.objects.exists()


def test_database_refuses_a_receipt_for_a_firearm_of_another_case() -> None:
    order, other = make.served_order(), make.served_order()
    mine = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    foreign = inventory.list_firearm(other, serial="S2", source="police", by=None, now=NOW)
    receipt = receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[mine], agency=make.agency(), by=None, now=NOW
    )

    with pytest.raises(IntegrityError, match="another case"), transaction.atomic():
        ReceiptItem.objects.create(receipt=receipt, firearm=foreign)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("6-06-014-03-7M-12345", "collector"),
        ("6-06-014-06-7M-12345", "ammunition"),
        ("6-06-014-01-7M-1234", "R-DD-CCC-TT-EX-SSSSS"),
        ("6-06-014-01-7I-12345", "R-DD-CCC-TT-EX-SSSSS"),
        ("", "Enter the license number"),
    ],
)
def test_receipt_of_somebody_who_is_no_dealer_is_refused(number: str, expected: str) -> None:
    order = make.served_order()
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match=expected) as refused:
        receipts.record_receipt(
            order, kind="dealer", received_at=NOW, firearms=[one], dealer_license=number, by=None, now=NOW
        )

    assert refused.value.field == "dealer_license"


def test_receipt_of_a_private_person_is_refused() -> None:
    order = make.served_order()
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match="no friend or relative may take them") as refused:
        receipts.record_receipt(
            order, kind="third_party", taker_name="Oak Elm", received_at=NOW, firearms=[one], by=None, now=NOW
        )

    assert refused.value.code == "unlawful_recipient"
    assert "no friend or relative may take them" in refused.value.message


def test_transfer_to_an_eligible_person_where_the_state_allows_it_is_recorded() -> None:
    order = make.served_order(jurisdiction="us_or", kind="final_erpo")
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact) as refused:
        receipts.record_receipt(order, kind="third_party", received_at=NOW, firearms=[one], by=None, now=NOW)
    assert refused.value.field == "taker_name"

    paper: dict[str, Any] = {
        "kind": "third_party",
        "taker_name": "Oak Elm",
        "taker_address": " 4 Oak Street ",
        "eligibility_check": "A-123",
        "received_at": NOW,
        "firearms": [one],
        "by": None,
        "now": NOW,
    }
    with pytest.raises(InvalidFact, match="in the own home") as same_home:
        receipts.record_receipt(order, lives_apart=False, **paper)
    assert same_home.value.field == "lives_apart"

    stored = receipts.record_receipt(order, lives_apart=True, **paper)
    assert Firearm.objects.get().status == FirearmStatus.TRANSFERRED
    assert (stored.taker_address, stored.eligibility_check) == ("4 Oak Street", "A-123")
    history = str(list(order.history.values_list("data", "reason")))
    assert "Oak" not in history


def test_court_is_no_police() -> None:
    order = make.served_order()
    one = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match="police agency"):
        receipts.record_receipt(
            order,
            kind="police",
            received_at=NOW,
            firearms=[one],
            agency=make.agency(AgencyKind.COURT),
            by=None,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("firearms_indicated", "permit_indicated", "state"),
    [
        (False, False, DeadlineState.MET),
        (True, False, DeadlineState.OPEN),
        (False, True, DeadlineState.OPEN),
    ],
)
def test_denial_meets_the_deadline_only_where_nothing_speaks_against_it(
    *, firearms_indicated: bool, permit_indicated: bool, state: str
) -> None:
    order = make.served_order(firearms_indicated=firearms_indicated, permit_indicated=permit_indicated)

    statements.record_statement(order, kind="non_possession", sworn_at=NOW, by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == state


def test_duty_without_an_indication_raises_no_alarm() -> None:
    order = make.served_order(firearms_indicated=False)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert pending(order, "CT-SUR-01") == set()

    inventory.list_firearm(order, make="COL", source="police", by=None, now=NOW)
    assert "check" in pending(order, "CT-SUR-01")


def test_orders_of_a_case_share_one_inventory() -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    common: dict[str, Any] = {"docket_number": "D-1", "court": court, "respondent_town": town}
    ex_parte = make.served_order(**common)
    one = inventory.list_firearm(ex_parte, serial="S1", source="police", by=None, now=NOW)
    final = make.served_order(kind="restraining_order", **common)

    receipts.record_receipt(
        ex_parte, kind="police", received_at=NOW, firearms=[one], agency=town.police, by=None, now=NOW
    )

    assert deadline(ex_parte, "CT-SUR-01").state == DeadlineState.MET
    assert deadline(final, "CT-SUR-01").state == DeadlineState.MET
    assert final.history.get(kind="replanned").data["deadlines"]["CT-SUR-01"] == "met"
