"""A registry may write a row for each firearm of a receipt: one number, place and day are one receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role, Town
from orders.display import event_words
from orders.errors import InvalidFact
from orders.models import (
    Deadline,
    DeadlineState,
    Firearm,
    HistoryEntry,
    Order,
    Receipt,
    ReviewItem,
    Statement,
)
from orders.services.firearms.receipts import record_receipt, withdraw_receipt
from orders.services.firearms.statements import record_statement
from orders.services.registry.importing import importing
from orders.services.registry.reviews import confirm_review, match_review, reject_review
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export

pytestmark = pytest.mark.django_db

Rows = Sequence[dict[str, str]]

LISTED = [firearm_row(serial="S1"), firearm_row(serial="S2")]
FIRST = receipt_row(serials="S1")
SECOND = receipt_row(serials="S2")


@pytest.fixture(autouse=True)
def _places(db: None) -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")


def take(folder: Path, receipts: Rows, *, listed: Rows = LISTED, later: int = 0) -> Counter[str]:
    """Import one order with these receipts; return the rejects and the items that wait, by code."""
    export = write_export(folder, [order_row()], listed, receipts)
    with importing(export, now=NOW + timedelta(hours=later)) as run:
        list(run.batches())
        return Counter(run.rejected) + Counter(item.code for item in run.reviews())


def on_receipts() -> list[list[str]]:
    """The serial numbers on each receipt."""
    return [
        sorted(one.serial for one in receipt.firearms.all()) for receipt in Receipt.objects.order_by("id")
    ]


def is_met() -> bool:
    return Deadline.objects.get(rule_id="CT-SUR-01").state == DeadlineState.MET


def deciding(**given: Any) -> dict[str, Any]:
    return {
        "by": make.person(Role.CLERK, Agency.objects.get(kind=AgencyKind.COURT)),
        "now": NOW,
        "reason": "Read the paper.",
        **given,
    }


def test_rows_of_one_receipt_are_one_receipt(tmp_path: Path) -> None:
    assert take(tmp_path, [FIRST, SECOND]) == {}

    assert on_receipts() == [["S1", "S2"]]
    assert is_met()


def test_a_second_import_of_these_rows_changes_nothing(tmp_path: Path) -> None:
    take(tmp_path, [FIRST, SECOND])
    entries = HistoryEntry.objects.count()

    assert take(tmp_path, [SECOND, FIRST], later=1) == {}

    assert on_receipts() == [["S1", "S2"]]
    assert HistoryEntry.objects.count() == entries


def test_the_receipt_has_the_time_of_its_last_row(tmp_path: Path) -> None:
    later = receipt_row(serials="S2", at="2026-10-03T18:30-04:00")

    assert take(tmp_path, [FIRST, later]) == {}

    receipt = Receipt.objects.get()
    assert receipt.received_at.isoformat() == "2026-10-03T22:30:00+00:00"
    assert on_receipts() == [["S1", "S2"]]


def test_a_later_row_of_a_stored_receipt_is_added_to_it(tmp_path: Path) -> None:
    take(tmp_path, [FIRST])
    assert not is_met()

    assert take(tmp_path, [FIRST, SECOND], later=1) == {}

    assert on_receipts() == [["S1", "S2"]]
    assert is_met()
    entry = HistoryEntry.objects.get(kind="receipt_extended")
    assert event_words(entry) == "Firearm added to a receipt"
    assert take(tmp_path, [FIRST, SECOND], later=2) == {}
    assert HistoryEntry.objects.filter(kind="receipt_extended").count() == 1


@pytest.mark.parametrize("is_named", [True, False])
def test_a_row_that_may_replace_a_stored_receipt_waits_for_a_clerk(tmp_path: Path, *, is_named: bool) -> None:
    take(tmp_path, [FIRST])

    assert take(tmp_path, [SECOND], later=1) == {"not_on_receipt": 1, "no_longer_named": 1}

    assert on_receipts() == [[]]
    added, gone = ReviewItem.objects.order_by("-code")
    assert "S2 is not on the recorded receipt R1" in added.detail
    assert "S1 is on the recorded receipt R1, but the row with this number does not name it" in gone.detail
    assert take(tmp_path, [SECOND], later=2) == {}
    for item, serial in ((added, "S2"), (gone, "S1")):
        if is_named:
            match_review(item, firearm=Firearm.objects.get(serial=serial), **deciding())
        else:
            reject_review(item, **deciding())
    assert on_receipts() == [["S1", "S2"] if is_named else []]
    assert is_met() == is_named


@pytest.mark.parametrize(
    "other",
    [
        {"at": "2026-10-04T12:00-04:00"},
        {"recipient_kind": "police", "recipient_id": "CT0006200"},
        {"recipient_id": "6-06-014-01-7M-54321"},
    ],
    ids=["day", "recipient", "dealer"],
)
@pytest.mark.parametrize("is_stored", [True, False])
def test_a_number_with_another_day_or_recipient_waits_for_a_clerk(
    tmp_path: Path, other: dict[str, str], *, is_stored: bool
) -> None:
    row = receipt_row(serials="S2", **other)
    if is_stored:
        take(tmp_path, [FIRST])

    assert take(tmp_path, [FIRST, row], later=1) == {"receipt_number_used": 1}

    assert on_receipts() == [["S1"]]
    assert not is_met()
    assert take(tmp_path, [FIRST, row], later=2) == {}
    confirm_review(ReviewItem.objects.get(), **deciding())
    assert on_receipts() == [["S1"], ["S2"]]
    assert sorted(Receipt.objects.values_list("receipt_number", flat=True)) == ["R1", "R1 (2)"]
    assert is_met()
    assert take(tmp_path, [FIRST, row], later=3) == {}


def test_the_number_of_a_withdrawn_receipt_is_free(tmp_path: Path) -> None:
    row = receipt_row(serials="S2", at="2026-10-04T12:00-04:00")
    take(tmp_path, [FIRST, row])
    order = Order.objects.get()
    withdraw_receipt(order, receipt=Receipt.objects.get(), by=None, now=NOW, reason="Of another order.")

    confirm_review(ReviewItem.objects.get(), **deciding())

    assert Receipt.objects.get().receipt_number == "R1"


def test_two_rows_without_a_number_are_two_firearms(tmp_path: Path) -> None:
    unknown = [firearm_row(serial="UNK"), firearm_row(serial="UNK")]
    row = receipt_row(serials="UNK")

    assert take(tmp_path, [row, row], listed=unknown) == {"no_serial": 2}
    assert take(tmp_path, [row, row], listed=unknown, later=1) == {}

    one, two = Firearm.objects.order_by("id")
    for item, firearm in zip(ReviewItem.objects.order_by("id"), (one, two), strict=True):
        assert not is_met()
        match_review(item, firearm=firearm, **deciding())
    assert is_met()
    assert take(tmp_path, [row, row], listed=unknown, later=2) == {}


def test_a_cell_with_two_unnumbered_firearms_asks_twice(tmp_path: Path) -> None:
    assert take(tmp_path, [receipt_row(serials="UNK; UNK; S1")]) == {"no_serial": 2}


def test_a_row_with_fewer_firearms_is_part_of_the_receipt_beside_it(tmp_path: Path) -> None:
    whole = receipt_row(serials="S1; S2")

    assert take(tmp_path, [whole, FIRST]) == {}
    assert take(tmp_path, [whole, FIRST], later=1) == {}

    assert on_receipts() == [["S1", "S2"]]


@pytest.mark.parametrize("at", ["2026-10-03T12:00-04:00", "2026-10-03T18:00-04:00", "2026-10-04T12:00-04:00"])
def test_a_receipt_corrected_to_fewer_firearms_waits_with_the_duty_open(tmp_path: Path, at: str) -> None:
    take(tmp_path, [receipt_row(serials="S1; S2; S3")])
    assert is_met()

    found = take(tmp_path, [receipt_row(serials="S1", at=at)], later=1)

    assert found == {"no_longer_named": 2, **({} if "-03T" in at else {"receipt_number_used": 1})}
    assert on_receipts() == [["S1"]]
    assert not is_met()
    assert take(tmp_path, [receipt_row(serials="S1", at=at)], later=2) == {}
    # The receipt names S2. S3 was only on it.
    items = {item.payload["serial"]: item for item in ReviewItem.objects.filter(code="no_longer_named")}
    match_review(items["S2"], firearm=Firearm.objects.get(serial="S2"), **deciding())
    assert not is_met()
    reject_review(items["S3"], **deciding())
    assert not Firearm.objects.filter(serial="S3").exists()
    assert is_met()


def test_a_receipt_that_a_person_worked_on_keeps_its_firearms(tmp_path: Path) -> None:
    take(tmp_path, [])
    order = Order.objects.get()
    record_receipt(
        order,
        kind="police",
        agency=Agency.objects.get(kind=AgencyKind.POLICE),
        received_at=datetime.fromisoformat("2026-10-03T12:00-04:00"),
        receipt_number="r1",
        firearms=list(Firearm.objects.all()),
        by=make.person(Role.CLERK, order.case.court),
        now=NOW,
    )

    police = {"recipient_kind": "police", "recipient_id": "CT0006200"}
    found = take(tmp_path, [receipt_row(serials="S1", **police)], later=1)

    assert found == {"no_longer_named": 1}
    assert "It still counts" in ReviewItem.objects.get().detail
    assert on_receipts() == [["S1", "S2"]]


def test_rows_for_each_firearm_repeat_the_stored_receipt(tmp_path: Path) -> None:
    take(tmp_path, [receipt_row(serials="S1; S2")])

    assert take(tmp_path, [FIRST, SECOND], later=1) == {}

    assert on_receipts() == [["S1", "S2"]]


def test_receipt_numbers_in_small_letters_are_the_same(tmp_path: Path) -> None:
    assert take(tmp_path, [FIRST, receipt_row(serials="S2", receipt_number="r1")]) == {}

    assert on_receipts() == [["S1", "S2"]]
    assert take(tmp_path, [receipt_row(serials="S1", receipt_number="r1"), SECOND], later=1) == {}
    with pytest.raises(InvalidFact, match="r1 is already recorded"):
        record_receipt(
            Order.objects.get(),
            kind="police",
            agency=Agency.objects.get(kind=AgencyKind.POLICE),
            received_at=NOW,
            firearms=list(Firearm.objects.all()),
            receipt_number="r1",
            by=None,
            now=NOW,
        )


def test_a_listed_number_counts_at_once_and_the_rest_of_its_cell_waits(tmp_path: Path) -> None:
    assert take(tmp_path, [receipt_row(serials="S1, S9 & S10")]) == {"no_serial": 2}

    assert on_receipts() == [["S1"]]
    assert sorted(item.payload["serial"] for item in ReviewItem.objects.all()) == ["S10", "S9"]
    assert all("in one cell with firearms of the list" in item.detail for item in ReviewItem.objects.all())
    assert take(tmp_path, [receipt_row(serials="S1, S9 & S10")], later=1) == {}


def test_the_same_firearms_at_another_time_contradict_the_first_row(tmp_path: Path) -> None:
    assert take(tmp_path, [FIRST, receipt_row(serials="S1", at="2026-10-03T18:00-04:00")]) == {
        "duplicate_receipt_number": 1
    }
    assert Receipt.objects.get().received_at.hour == 16


def test_rows_of_one_receipt_from_before_the_order_are_one_doubt(tmp_path: Path) -> None:
    early = {"at": "2026-09-30T12:00-04:00"}

    assert take(tmp_path, [receipt_row(serials="S1", **early), receipt_row(serials="S2", **early)]) == {
        "before_the_order": 1
    }

    confirm_review(ReviewItem.objects.get(), **deciding())
    assert on_receipts() == [["S1", "S2"]]


def test_a_confirmed_receipt_asks_about_what_is_no_listed_number(tmp_path: Path) -> None:
    early = receipt_row(serials="s-1; S2; 50 rounds; X99", at="2026-09-30T12:00-04:00")
    assert take(tmp_path, [early]) == {"before_the_order": 1}

    confirm_review(ReviewItem.objects.get(), **deciding())

    assert on_receipts() == [["S2", "X99"]]
    assert not is_met()
    assert sorted(Firearm.objects.values_list("serial", flat=True)) == ["S1", "S2", "X99"]
    asked = {item.payload["serial"]: item for item in ReviewItem.objects.filter(resolved_at=None)}
    assert {serial: item.code for serial, item in asked.items()} == {
        "s-1": "near_match",
        "50 rounds": "no_serial",
    }
    match_review(asked["s-1"], firearm=Firearm.objects.get(serial="S1"), **deciding())
    assert is_met()
    # All that a receipt names may be unclear.
    assert take(tmp_path, [early, {**early, "receipt_number": "R7", "serials": "s2"}], later=1) == {
        "before_the_order": 1
    }
    confirm_review(ReviewItem.objects.get(code="before_the_order", resolved_at=None), **deciding())
    assert on_receipts()[1] == []


def test_one_wrong_row_of_a_receipt_does_not_reject_the_others(tmp_path: Path) -> None:
    wrong = receipt_row(serials="S2", recipient_id="12345")

    assert take(tmp_path, [FIRST, wrong]) == {"invalid_dealer_license": 1}

    assert on_receipts() == [["S1"]]


def test_a_serial_number_that_is_too_long_for_the_list_rejects_its_row_alone(tmp_path: Path) -> None:
    long = receipt_row(serials="A1" * 21, receipt_number="R2")
    joined = receipt_row(serials=", ".join(f"S{number:08}" for number in range(5)), receipt_number="R3")
    listed = [*LISTED, *(firearm_row(serial=f"S{number:08}") for number in range(5))]

    assert take(tmp_path, [FIRST, long, joined], listed=listed) == {"too_long": 1}

    assert on_receipts() == [["S1"], [f"S{number:08}" for number in range(5)]]


def test_a_row_of_what_was_recorded_without_a_number_waits_for_a_clerk(tmp_path: Path) -> None:
    take(tmp_path, [])
    order, at = Order.objects.get(), datetime.fromisoformat("2026-10-03T12:00-04:00")
    given: dict[str, Any] = {"by": None, "now": NOW}
    record_receipt(
        order,
        kind="dealer",
        dealer_license="6-06-014-01-7M-12345",
        received_at=at,
        firearms=[Firearm.objects.get(serial="S1")],
        **given,
    )
    record_statement(order, kind="non_possession", sworn_at=at, **given)
    sworn = statement_row(receipt_number="X1")
    rows = [FIRST, SECOND | {"receipt_number": "R2"}, sworn]

    assert take(tmp_path, rows, later=1) == {"already_recorded": 2}

    assert sorted(on_receipts()) == [["S1"], ["S2"]]
    assert Statement.objects.count() == 1
    assert take(tmp_path, rows, later=2) == {}
    statement, receipt = ReviewItem.objects.order_by("-line")
    assert "statement of this time is recorded for this order without a number" in statement.detail
    confirm_review(statement, **deciding())
    reject_review(receipt, **deciding())
    assert (Statement.objects.count(), Receipt.objects.count()) == (2, 2)
