"""An import asks about a small child, and judges facts about a vacated order, as entry by hand does."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role, Town
from orders.admin.review_facts import facts_of
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import DeadlineState, Hearing, HearingPurpose, Order, ReviewItem
from orders.services import hearings
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.orders.corrections import correct_order
from orders.services.orders.extension import extend_order
from orders.services.orders.vacatur import vacate_order
from orders.services.registry.importing import importing
from orders.services.registry.reviews import confirm_review, reject_review, reopen_review
from orders.services.service import correct_service
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = pytest.mark.django_db

BORN = date(2020, 1, 2)
VACATED = NOW - timedelta(days=20)


@pytest.fixture(autouse=True)
def _places(db: None) -> None:
    Town.objects.create(name="Hamden", police=make.agency())
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")


def take(folder: Path, *, now: datetime = NOW, receipt: bool = False, **given: str) -> Counter[str]:
    """Import one order's row with these values; return what became of it."""
    proof = ([firearm_row()], [receipt_row(at="2026-12-01T12:00-05:00")]) if receipt else ([], [])
    with importing(write_export(folder, [order_row(1, **given)], *proof), now=now) as run:
        list(run.batches())
        reviews = Counter(item.code for item in run.reviews())
        return Counter(imported=run.imported, updated=run.updated, **run.rejected) + reviews


def born() -> date | None:
    return Order.objects.get().case.respondent.date_of_birth


@pytest.mark.parametrize("is_right", [True, False])
def test_the_birth_of_a_small_child_waits_for_a_clerk(tmp_path: Path, *, is_right: bool) -> None:
    found = take(tmp_path, respondent_dob=BORN.isoformat())

    assert found == {"imported": 1, "unlikely_age": 1}
    assert Order.objects.get().deadlines.exists()
    assert born() is None
    item = ReviewItem.objects.get()
    assert "2020 as the year of birth" in item.detail
    assert take(tmp_path, respondent_dob=BORN.isoformat(), now=NOW + timedelta(hours=1)) == {}

    clerk = make.person(Role.CLERK, item.order.case.court)
    decide = confirm_review if is_right else reject_review
    decide(item, by=clerk, now=NOW, reason="The papers were read again.")
    decided = BORN if is_right else None
    assert born() == decided
    # Another change of the row neither asks again nor takes the decision back.
    later = NOW + timedelta(hours=2)
    assert take(tmp_path, respondent_dob=BORN.isoformat(), permit_held="Y", now=later) == {"updated": 1}
    assert born() == decided
    # The registry corrects itself.
    take(tmp_path, respondent_dob="1991-01-02", permit_held="Y", now=NOW + timedelta(hours=3))
    assert born() == date(1991, 1, 2)


def test_a_later_row_with_a_small_child_keeps_the_stored_birth(tmp_path: Path) -> None:
    take(tmp_path)

    found = take(tmp_path, respondent_dob=BORN.isoformat(), now=NOW + timedelta(hours=1))

    assert found == {"updated": 1, "unlikely_age": 1}
    assert born() == date(1990, 1, 2)


def test_a_vacated_order_is_not_extended_by_hand_or_by_the_registry(tmp_path: Path) -> None:
    take(tmp_path, order_kind="restraining_order", expires_on="2027-03-01", hearing_on="")
    order = Order.objects.get()
    vacate_order(order, vacated_at=VACATED, by=None, now=NOW, reason="The court ended it.")

    with pytest.raises(InvalidFact) as refused:
        extend_order(order, expires_on=date(2027, 4, 1), by=None, now=NOW)
    later: dict[str, Any] = {"order_kind": "restraining_order", "expires_on": "2027-04-01", "hearing_on": ""}
    found = take(tmp_path, now=NOW + timedelta(hours=1), **later)

    assert found == {refused.value.code: 1} == {"order_vacated": 1}
    assert Order.objects.get().expires_on == date(2027, 3, 1)
    # An earlier last day is a correction at both doors.
    later["expires_on"] = "2027-02-01"
    assert take(tmp_path, now=NOW + timedelta(hours=2), **later) == {"updated": 1}


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_follows_a_vacatur_is_taken_at_both_doors(tmp_path: Path, *, by_hand: bool) -> None:
    take(tmp_path)
    order = Order.objects.get()
    vacate_order(order, vacated_at=VACATED, by=None, now=NOW, reason="The court ended it.")

    if by_hand:
        firearm = list_firearm(order, serial="S1", source="police", by=None, now=NOW)
        at = NOW - timedelta(days=3)
        record_receipt(
            order, kind="police", agency=make.agency(), received_at=at, firearms=[firearm], by=None, now=NOW
        )
        purpose = HearingPurpose.COMPLIANCE.value
        hearings.schedule_hearing(order, purpose=purpose, scheduled_on=date(2026, 12, 9), by=None, now=NOW)
    else:
        later = NOW + timedelta(hours=1)
        assert take(tmp_path, receipt=True, hearing_on="2026-12-09", now=later) == {"updated": 1}

    assert order.receipts.count() == 1
    assert Hearing.objects.filter(order=order, scheduled_on=date(2026, 12, 9), outcome="").exists()


def correct_service_and_issue(order: Order) -> None:
    given: dict[str, Any] = {"by": None, "now": NOW, "reason": "The order was read again."}
    correct_service(order, served_at=datetime.fromisoformat("2026-10-05T12:00-04:00"), **given)
    correct_order(order, issued_at=datetime.fromisoformat("2026-10-04T12:00-04:00"), **given)


def test_a_time_of_issue_after_the_proof_makes_the_proof_doubtful(tmp_path: Path) -> None:
    sworn = {"kind": "non_possession_statement", "recipient_kind": "court", "serials": ""}
    proof = [receipt_row(), receipt_row(**sworn, receipt_number="N1")]

    def imported(later: int, **given: str) -> Counter[str]:
        export = write_export(tmp_path, [order_row(1, **given)], [firearm_row()], proof)
        with importing(export, now=NOW + timedelta(hours=later)) as run:
            list(run.batches())
            return Counter(updated=run.updated, **run.rejected) + Counter(one.code for one in run.reviews())

    moved = {"issued_at": "2026-10-04T12:00-04:00", "served_at": "2026-10-05T12:00-04:00"}
    assert imported(0) == {}
    order = Order.objects.get()
    duty = order.deadlines.filter(rule_id="CT-SUR-01")
    assert duty.get().state == DeadlineState.MET

    # By hand it is asked about.
    with pytest.raises(DoubtfulFact, match="receipt R1 of") as asked:
        correct_service_and_issue(order)
    assert asked.value.code == "before_the_order"

    assert imported(1, **moved) == {"updated": 1, "before_the_order": 2}
    assert duty.get().state != DeadlineState.MET
    assert not order.receipts.exists()
    assert not order.statements.exists()
    assert imported(2, **moved) == {}

    for item in ReviewItem.objects.order_by("id"):
        confirm_review(item, by=make.person(Role.CLERK, order.case.court), now=NOW, reason="Read the paper.")
    assert duty.get().state == DeadlineState.MET
    # A person has decided: the registry does not take it back again.
    assert imported(3, **{**moved, "issued_at": "2026-10-04T13:00-04:00"}) == {"updated": 1}


def test_an_ex_parte_order_without_an_end_waits_for_a_clerk(tmp_path: Path) -> None:
    assert take(tmp_path, hearing_on="") == {"imported": 1, "no_end": 1}
    assert take(tmp_path, hearing_on="", now=NOW + timedelta(hours=1)) == {}

    item = ReviewItem.objects.get()
    assert Order.objects.get().deadlines.exists()
    clerk = make.person(Role.CLERK, item.order.case.court)
    given: dict[str, Any] = {"by": clerk, "now": NOW, "reason": "Read."}
    confirm_review(item, **given)
    reopen_review(item, **given)
    reject_review(item, **given)
    assert ("Hearing and last day", "Not in the row") in facts_of(item)


@pytest.mark.parametrize("is_same", [True, False])
def test_a_docket_that_changes_to_one_in_use_is_refused_or_asked_about(
    tmp_path: Path, *, is_same: bool
) -> None:
    name = "Ash Birch" if is_same else "Sam Rowan"
    rows = [order_row(), order_row(2, respondent_name=name)]
    with importing(write_export(tmp_path / "1", rows, [], []), now=NOW) as run:
        list(run.batches())
    rows[0]["docket_number"] = rows[1]["docket_number"]

    with importing(write_export(tmp_path / "2", rows, [], []), now=NOW + timedelta(hours=1)) as run:
        list(run.batches())
        codes = [item.code for item in run.reviews()]
        rejected = run.rejected

    # Never a second case of the docket for one person, and never another person in silence.
    if is_same:
        assert (rejected, codes) == ({"docket_of_several_orders": 1}, [])
    else:
        assert (rejected, codes) == ({}, ["docket_of_another_respondent"])
