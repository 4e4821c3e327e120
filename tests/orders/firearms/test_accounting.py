"""Alleged, listed, accounted for: when a surrender duty is proven, and why it is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Agency
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import (
    Deadline,
    DeadlineState,
    Firearm,
    FirearmStatus,
    Hearing,
    Order,
    ProofStatus,
    Receipt,
    StatementVerification,
)
from orders.services import corrections, hearings, service
from orders.services.firearms import inventory, receipts, statements
from orders.services.firearms.accounting import account_of
from orders.services.firearms.findings import NewFinding
from orders.services.orders.corrections import correct_order
from orders.services.planning.inventory import Inventory, Move, MoveKind
from tests import make
from tests.make import NOW, deadline

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}


@pytest.fixture
def police(db: None) -> Agency:
    return make.agency()


def listed(order: Order, *serials: str) -> list[Firearm]:
    return [inventory.list_firearm(order, serial=one, source="police", **BY) for one in serials]


def handed_over(order: Order, police: Agency, *firearms: Firearm) -> Receipt:
    return receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=firearms, agency=police, **BY
    )


def denied_and_checked(order: Order, police: Agency, **more: Any) -> StatementVerification:
    sworn = NOW - timedelta(minutes=30)
    statement = statements.record_statement(order, kind="non_possession", sworn_at=sworn, **BY)
    check: dict[str, Any] = {
        "verified_at": NOW,
        "agency": police,
        "verified_by": "Officer Reed",
        "method": "records",
    }
    return statements.verify_statement(statement, **{**check, **BY, **more})


def held(order: Order, outcome: str, *findings: NewFinding) -> Hearing:
    day = NOW.date()
    hearing = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=day, **BY)
    return hearings.record_hearing(hearing, outcome=outcome, held_on=day, findings=findings, **BY)


def duty(order: Order) -> tuple[str, str]:
    found = deadline(order, "CT-SUR-01")
    return found.state, found.proof


def test_a_firearm_that_is_alleged_and_not_listed_keeps_the_duty_open(police: Agency) -> None:
    order = make.served_order(firearms_alleged_count=3)
    handed_over(order, police, *listed(order, "S1", "S2"))

    account = account_of(order)

    assert duty(order) == (DeadlineState.OPEN, "")
    assert account.numbers == "2 of 3 accounted for; 3 alleged, 2 listed"
    assert account.why_open == ["One firearm that the application alleges is not on the list."]

    handed_over(order, police, *listed(order, "S3"))
    assert duty(order) == (DeadlineState.MET, ProofStatus.PROVEN)
    assert account_of(order).numbers == "3 of 3 accounted for; 3 alleged, 3 listed"


def test_a_corrected_count_closes_and_opens_the_duty(police: Agency) -> None:
    order = make.served_order(firearms_alleged_count=3)
    handed_over(order, police, *listed(order, "S1", "S2"))

    correct_order(order, firearms_alleged_count=2, reason="Misread.", **BY)
    assert duty(order) == (DeadlineState.MET, ProofStatus.PROVEN)

    correct_order(order, firearms_alleged_count=4, reason="Misread.", **BY)
    assert duty(order) == (DeadlineState.OPEN, "")
    assert account_of(order).why_open == ["2 firearms that the application alleges are not on the list."]


def test_a_count_indicates_firearms_and_a_wrong_one_is_refused() -> None:
    assert make.order(firearms_indicated=False, firearms_alleged_count=1).firearms_indicated
    order = make.order(firearms_alleged_count=1)
    with pytest.raises(InvalidFact, match="alleges 1 firearms"):
        correct_order(order, firearms_indicated=False, reason="No.", **BY)
    with pytest.raises(InvalidFact, match="from 0 to 999"):
        make.order(firearms_alleged_count=1000)
    with pytest.raises(InvalidFact, match="from 0 to 999"):
        correct_order(order, firearms_alleged_count=-1, reason="No.", **BY)


def test_an_allegation_without_a_list_stays_open_with_a_reason() -> None:
    order = make.served_order()

    assert not account_of(order).is_complete
    assert account_of(order).why_open == ["The application alleges firearms, but the list is empty."]
    assert account_of(order).numbers == "0 of 1 accounted for; number alleged not stated, 0 listed"


def test_a_denial_against_an_allegation_is_closed_only_by_a_check(police: Agency) -> None:
    order = make.served_order(firearms_alleged_count=2)
    (one,) = listed(order, "S1")

    check = denied_and_checked(order, police)

    assert duty(order) == (DeadlineState.MET, ProofStatus.PROVEN)
    one.refresh_from_db()
    assert one.status == FirearmStatus.NOT_HELD
    corrections.withdraw(check, reason="Another statement.", **BY)
    assert duty(order) == (DeadlineState.OPEN, ProofStatus.SWORN)
    one.refresh_from_db()
    assert one.status == FirearmStatus.ALLEGED


def test_what_is_listed_after_the_check_is_open_again(police: Agency) -> None:
    order = make.served_order()
    denied_and_checked(order, police)

    listed(order, "S1")

    assert duty(order) == (DeadlineState.OPEN, ProofStatus.CONTRADICTED)


def test_a_check_of_before_does_not_cover_what_a_later_order_alleges(police: Agency) -> None:
    order = make.served_order(ago=timedelta(hours=2))
    denied_and_checked(order, police)

    later = make.served_order(
        docket_number=order.case.docket_number,
        court=order.case.court,
        kind="restraining_order",
        issued_at=NOW + timedelta(hours=1),
        ago=timedelta(minutes=30),
        now=NOW + timedelta(hours=2),
    )

    assert later.case_id == order.case_id
    assert duty(order) == (DeadlineState.MET, ProofStatus.PROVEN)
    assert duty(later)[0] == DeadlineState.OPEN


def test_a_statement_with_a_check_is_withdrawn_after_the_check(police: Agency) -> None:
    check = denied_and_checked(make.served_order(), police)

    with pytest.raises(InvalidFact, match="Withdraw the check first"):
        corrections.withdraw(check.statement, reason="Another case.", **BY)


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"verified_at": NOW + timedelta(days=1)}, "verified_at", "in_the_future"),
        ({"verified_at": NOW - timedelta(hours=1)}, "verified_at", "before_the_statement"),
        ({"verified_by": " "}, "verified_by", "required"),
        ({"method": "glance"}, "method", "unknown_method"),
        ({"method": "other"}, "note", "required"),
    ],
)
def test_a_wrong_check_is_refused(wrong: dict[str, Any], field: str, code: str, police: Agency) -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact) as refused:
        denied_and_checked(order, police, **wrong)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert duty(order) == (DeadlineState.OPEN, ProofStatus.SWORN)


def test_a_spoken_yes_outweighs_a_later_statement(police: Agency) -> None:
    order = make.order(firearms_indicated=False)
    service.record_service(
        order,
        served_at=NOW - timedelta(hours=1),
        service_method="in_hand",
        firearms_answer="yes",
        **BY,
    )

    with pytest.raises(DoubtfulFact, match="At service the respondent answered"):
        denied_and_checked(order, police)
    assert duty(order) == (DeadlineState.OPEN, ProofStatus.SWORN)

    statement = order.statements.get()
    check: dict[str, Any] = {
        "agency": police,
        "verified_by": "Officer Reed",
        "method": "home",
        "verified_at": NOW,
    }
    statements.verify_statement(statement, confirm="Home searched; sold in 2024.", **{**check, **BY})
    assert duty(order) == (DeadlineState.MET, ProofStatus.PROVEN)


def test_compliant_is_refused_until_the_court_has_accounted_for_each(police: Agency) -> None:
    order = make.served_order(firearms_alleged_count=3)
    one, two = listed(order, "S1", "S2")
    handed_over(order, police, one)

    with pytest.raises(InvalidFact, match="S2; 1 alleged and not on the list") as refused:
        held(order, "compliant")
    assert refused.value.code == "findings_required"
    hearing = Hearing.objects.get(order=order)
    unlisted = NewFinding(finding="never_possessed")
    for some in ([NewFinding(firearm=two, finding="lost_or_stolen")], [unlisted]):
        with pytest.raises(InvalidFact, match="Not accounted for"):
            hearings.record_hearing(hearing, outcome="compliant", held_on=NOW.date(), findings=some, **BY)
    with pytest.raises(InvalidFact, match="S2"):
        hearings.record_hearing(
            hearing,
            outcome="compliant",
            held_on=NOW.date(),
            findings=[NewFinding(firearm=two, finding="still_held"), unlisted],
            **BY,
        )

    hearings.record_hearing(
        hearing,
        outcome="compliant",
        held_on=NOW.date(),
        findings=[NewFinding(firearm=two, finding="destroyed", note="Fire of 2024"), unlisted],
        **BY,
    )

    assert duty(order) == (DeadlineState.MET, ProofStatus.FOUND)
    two.refresh_from_db()
    assert two.status == FirearmStatus.DESTROYED


def test_a_withdrawn_outcome_takes_its_findings_with_it() -> None:
    order = make.served_order()
    (one,) = listed(order, "S1")
    hearing = held(order, "compliant", NewFinding(firearm=one, finding="lost_or_stolen"))
    assert duty(order) == (DeadlineState.MET, ProofStatus.FOUND)

    corrections.CORRECTABLE["hearing_outcome"].withdraw(hearing, reason="Another case.", **BY)

    assert duty(order) == (DeadlineState.OPEN, "")
    one.refresh_from_db()
    assert one.status == FirearmStatus.ALLEGED
    assert not hearing.findings.exists()


def test_still_held_keeps_the_duty_open() -> None:
    order = make.served_order()
    (one,) = listed(order, "S1")
    held(order, "non_compliant", NewFinding(firearm=one, finding="still_held"))

    assert duty(order) == (DeadlineState.OPEN, "")
    assert account_of(order).open_items == [one]


def test_an_outcome_corrected_to_compliant_needs_the_findings_too() -> None:
    order = make.served_order()
    listed(order, "S1")
    hearing = held(order, "partial")

    with pytest.raises(InvalidFact, match="Not accounted for"):
        corrections.correct(hearing, {"outcome": "compliant"}, reason="Typing error.", **BY)


def test_a_finding_about_what_is_accounted_for_is_refused(police: Agency) -> None:
    order = make.served_order()
    (one,) = listed(order, "S1")
    handed_over(order, police, one)

    with pytest.raises(InvalidFact, match="it is accounted for"):
        held(order, "partial", NewFinding(firearm=one, finding="still_held"))
    with pytest.raises(InvalidFact, match="Correct the number"):
        hearings.record_hearing(
            Hearing.objects.get(order=order),
            outcome="partial",
            held_on=NOW.date(),
            findings=[NewFinding(finding="never_possessed", count=2)],
            **BY,
        )


def test_compliant_with_nothing_to_account_for_is_the_word_of_the_court() -> None:
    order = make.served_order(firearms_indicated=False, permit_indicated=True)
    assert duty(order) == (DeadlineState.OPEN, "")

    held(order, "compliant")

    assert duty(order) == (DeadlineState.MET, ProofStatus.FOUND)
    assert Deadline.objects.filter(order=order, proof=ProofStatus.FOUND).count() == 1


@pytest.mark.parametrize("outcome", ["non_compliant", "contempt", "warrant"])
def test_findings_that_leave_nothing_open_are_doubted_beside_another_outcome(outcome: str) -> None:
    order = make.served_order()
    (one,) = listed(order, "S1")
    found = NewFinding(firearm=one, finding="lost_or_stolen")

    with pytest.raises(DoubtfulFact, match="no firearm is left to account for") as asked:
        held(order, outcome, found)
    assert (asked.value.field, asked.value.code) == ("outcome", "nothing_open")
    assert duty(order) == (DeadlineState.OPEN, "")

    hearing = Hearing.objects.get(order=order)
    facts: dict[str, Any] = {"outcome": outcome, "held_on": NOW.date(), "findings": [found], **BY}
    hearings.record_hearing(hearing, confirm="Handed over late.", **facts)
    assert duty(order) == (DeadlineState.MET, ProofStatus.FOUND)
    assert order.history.filter(kind="heard").get().reason == "Handed over late."


@pytest.mark.parametrize("alleges", [True, False])
def test_what_the_court_found_before_service_does_not_count(*, alleges: bool) -> None:
    order = make.order(firearms_indicated=alleges, permit_indicated=True)
    findings = [NewFinding(finding="never_possessed")] if alleges else []
    day = NOW.date()

    with pytest.raises(DoubtfulFact, match="was not served by") as asked:
        held(order, "compliant", *findings)
    assert (asked.value.field, asked.value.code) == ("held_on", "before_service")

    hearing = hearings.schedule_hearing(order, purpose="contempt", scheduled_on=day, **BY)
    facts: dict[str, Any] = {"outcome": "compliant", "held_on": day, "findings": findings}
    hearings.record_hearing(hearing, confirm="The respondent was present.", **facts, **BY)
    later = NOW + timedelta(days=2)
    service.record_service(order, served_at=later, service_method="in_hand", by=None, now=later)

    assert duty(order) == (DeadlineState.OPEN, "")
    order.refresh_from_db()
    assert account_of(order).is_complete is not alleges


def test_day_of_a_hearing_corrected_to_before_service_is_doubted() -> None:
    order = make.served_order()
    hearing = held(order, "compliant", NewFinding(finding="never_possessed"))
    later = NOW + timedelta(days=2)
    hearings.HEARING.correct(hearing, {"held_on": later.date()}, by=None, now=later, reason="Misread.")
    Order.objects.filter(pk=order.pk).update(served_at=later)

    with pytest.raises(DoubtfulFact, match="was not served by"):
        corrections.correct(hearing, {"held_on": NOW.date()}, reason="Misread.", by=None, now=later)


def test_an_inventory_of_several_cases_can_be_taken_at_an_instant_and_without_a_fact() -> None:
    one, other = Inventory(listed={1}), Inventory(listed={2})
    one.others, other.others = [other], [one]
    move = Move(at=NOW, key="k", kind=MoveKind.RECEIPT, firearms=frozenset({2}))
    other.moves = [move]

    assert [found.moves for found in one.at(NOW).others] == [[move]]
    assert [found.moves for found in one.at(NOW - timedelta(seconds=1)).others] == [[]]
    assert [found.moves for found in one.without("k").others] == [[]]
