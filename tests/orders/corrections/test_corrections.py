"""Every kind of fact is corrected and withdrawn with a reason, and the history has what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.dates import COURT_TIME
from accounts.models import Agency, AgencyKind, Role
from orders.display import event_words
from orders.errors import DoubtfulFact, InvalidFact
from orders.history_details import event_details
from orders.models import ComingService, CustodyRequest, FirearmStatus, FollowUp, HistoryEntry, Order
from orders.services import hearings, service
from orders.services.cautions import add_caution
from orders.services.conditions import conditions, notices
from orders.services.corrections import CORRECTABLE, correct, withdraw
from orders.services.firearms import (
    custody,
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
)
from orders.services.firearms.custody import holders_of
from orders.services.follow_ups import attempts, referrals
from orders.services.orders import case_events, licensing, order_cards, vacatur
from orders.services.parties import releases
from tests import make
from tests.make import NOW
from tests.orders.corrections.fixtures import plan_of

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Read the wrong line."}
DAY = date(2026, 12, 4)
LICENSE = "6-06-014-01-7M-12345"


def ago(hours: float) -> datetime:
    """An instant before now, in court time."""
    return (NOW - timedelta(hours=hours)).astimezone(COURT_TIME)


def firearm(order: Order, serial: str = "AB123") -> Any:
    """A listed firearm."""
    return inventory.list_firearm(order, make="Glock", serial=serial, source="application", **BY)


def police_receipt(order: Order, *firearms: Any, number: str = "R-1", hours: float = 5) -> Any:
    """A receipt of police."""
    return receipts.record_receipt(
        order,
        kind="police",
        received_at=ago(hours),
        firearms=firearms or [firearm(order)],
        receipt_number=number,
        agency=make.agency(),
        **BY,
    )


def returned(order: Order, *, asked: float = 2) -> Any:
    """A return of a firearm after the order was vacated, asked for so many hours ago."""
    receipt = police_receipt(order)
    vacatur.vacate_order(order, vacated_at=ago(3), reason="Dismissed.", **BY)
    make.may_return(order, at=ago(asked), now=BY["now"])
    (row,) = returns.record_return(
        order,
        firearms=list(receipt.firearms.all()),
        returned_at=ago(1),
        agency=receipt.agency,
        officer="Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        **BY,
    )
    return row


def asked_for(order: Order) -> Any:
    """A request for the return of a firearm in police custody."""
    police_receipt(order)
    return requests.record_custody_request(order, kind="return", requested_at=ago(3), **BY)


def checked(order: Order) -> Any:
    """A check of the first condition of a return."""
    return return_steps.record_return_check(
        asked_for(order),
        condition=return_steps.to_check(order)[0].value,
        is_confirmed=True,
        checked_at=ago(2),
        agency=make.agency(name="Town police"),
        checked_by="Lee Ash",
        **BY,
    )


def holder(request: CustodyRequest) -> Agency:
    """Return the police that hold its firearms."""
    return next(iter(holders_of(request.firearms.all()).values()))


def held(order: Order) -> Any:
    """A hold of police."""
    request = asked_for(order)
    return return_steps.record_return_hold(
        request,
        held_at=ago(2),
        ends_on=DAY + timedelta(days=7),
        agency=holder(request),
        officer="Lee Ash",
        why="Records are incomplete.",
        **BY,
    )


def decided(order: Order) -> Any:
    """A refusal of police."""
    request = asked_for(order)
    return return_steps.decide_return(
        request,
        outcome="safety",
        decided_at=ago(2),
        agency=holder(request),
        officer="Lee Ash",
        why="A threat was reported.",
        **BY,
    )


def disposed(order: Order) -> Any:
    """A firearm that police destroyed."""
    receipt = police_receipt(order)
    (row,) = disposals.record_disposal(
        order,
        firearms=list(receipt.firearms.all()),
        kind="destroyed",
        disposed_at=ago(2),
        agency=receipt.agency,
        officer="Lee Ash",
        authority="Court order of Dec 3",
        confirm="So ordered.",
        **BY,
    )
    return row


def moved(order: Order) -> Any:
    """A step of a firearm in police custody."""
    receipt = police_receipt(order)
    return custody.move_firearm(
        receipt.firearms.get(),
        agency=receipt.agency,
        given_by="Lee Ash",
        taken_by="Kim Oak",
        tag="T-1",
        moved_at=ago(2),
        **BY,
    )


def verified(order: Order) -> Any:
    """A check of a sworn statement."""
    return statements.verify_statement(
        statements.record_statement(order, kind="non_possession", sworn_at=ago(3), **BY),
        verified_at=ago(2),
        agency=make.agency(name="Town police"),
        verified_by="Lee Ash",
        method="records",
        **BY,
    )


def release(order: Order) -> Any:
    """A release in force."""
    return releases.record_release(
        order,
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=DAY,
        begins_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(days=30),
        **BY,
    )


def followed_up(order: Order) -> Any:
    """The follow-up of a deadline of the order, in the hands of police."""
    return FollowUp.objects.create(
        deadline=order.deadlines.get(rule_id="CT-SUR-01"),
        order=order,
        owner=make.agency(),
        next_action_at=NOW + timedelta(hours=2),
    )


def announced(order: Order) -> Any:
    """A coming service, from which no rule counts."""
    return ComingService.objects.create(
        order=order, planned_at=ago(-24), planned_offset=0, place="12 Elm Lane"
    )


def attempted(order: Order) -> Any:
    """An attempt at recovery."""
    follow_up = followed_up(order)
    return attempts.record_attempt(
        follow_up,
        attempted_at=ago(0.5),
        kind="visit",
        result="refused",
        next_action_at=NOW + timedelta(hours=20),
        by=make.person(Role.LIAISON, follow_up.owner),
        now=NOW,
    )


def referred(order: Order) -> Any:
    """A referral to a prosecutor."""
    follow_up = followed_up(order)
    return referrals.refer(
        follow_up,
        agency=make.agency(AgencyKind.PROSECUTOR),
        reason="Refused twice at 12 Elm Lane.",
        by=make.person(Role.LIAISON, follow_up.owner),
        now=NOW,
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of fact: how it is recorded, a correction, and what the history has then."""

    record: Callable[[Order], Any]
    changes: dict[str, Any]
    details: list[str]
    #: A correction that is refused, with the field and the code.
    wrong: dict[str, Any]
    refused: tuple[str, str]


#: The kinds of facts about a request for a return.
ASKED = ("custody_request", "return_check", "return_hold", "return_decision")

CASES = {
    "custody_request": Case(
        record=asked_for,
        changes={"requested_at": ago(2)},
        details=[
            "Return to the respondent, requested Fri, Dec 4, 2026, 1:00 p.m.",
            "Requested: Fri, Dec 4, 2026, 1:00 p.m. → Fri, Dec 4, 2026, 2:00 p.m.",
        ],
        wrong={"requested_at": ago(-1)},
        refused=("requested_at", "in_the_future"),
    ),
    "return_check": Case(
        record=checked,
        changes={"checked_by": "Lee Elm"},
        details=["Checked by: Lee Ash → Lee Elm"],
        wrong={"checked_by": " "},
        refused=("checked_by", "required"),
    ),
    "return_hold": Case(
        record=held,
        changes={"officer": "Lee Elm", "ends_on": DAY + timedelta(days=5)},
        details=["Officer: Lee Ash → Lee Elm"],
        wrong={"why": " "},
        refused=("why", "required"),
    ),
    "return_decision": Case(
        record=decided,
        changes={"officer": "Lee Elm"},
        details=["Officer: Lee Ash → Lee Elm"],
        wrong={"why": " "},
        refused=("why", "required"),
    ),
    "firearm": Case(
        record=firearm,
        changes={"serial": "AB124", "caliber": "9mm"},
        details=[
            "Glock, serial AB123",
            "Serial number: AB123 → AB124",
            "Caliber: not stated → 9mm",
        ],
        wrong={"source": "rumor"},
        refused=("source", "unknown_source"),
    ),
    "permit": Case(
        record=lambda order: inventory.record_permit(order, kind="Pistol permit", number="7", **BY),
        changes={"number": "77"},
        details=["Pistol permit, number 7", "Number: 7 → 77"],
        wrong={"kind": " "},
        refused=("kind", "required"),
    ),
    "statement": Case(
        record=lambda order: statements.record_statement(order, kind="non_possession", sworn_at=ago(3), **BY),
        changes={"sworn_at": ago(2), "kind": "unreachable"},
        details=[
            "Holds no firearms, sworn Fri, Dec 4, 2026, 1:00 p.m.",
            "The respondent swears: Holds no firearms → Firearms that cannot be reached",
            "Sworn: Fri, Dec 4, 2026, 1:00 p.m. → Fri, Dec 4, 2026, 2:00 p.m.",
        ],
        wrong={"sworn_at": ago(-1)},
        refused=("sworn_at", "in_the_future"),
    ),
    "disposal": Case(
        record=disposed,
        changes={"officer": "Lee Elm"},
        details=[
            "Glock, serial AB123: destroyed, Fri, Dec 4, 2026, 2:00 p.m.",
            "Officer: Lee Ash → Lee Elm",
        ],
        wrong={"authority": " "},
        refused=("authority", "required"),
    ),
    "custody_step": Case(
        record=moved,
        changes={"taken_by": "Kim Elm", "tag": "T-2", "why": "A test at 12 Elm Lane.", "moved_at": ago(3)},
        details=[
            "Glock, serial AB123: Kim Oak took it, Fri, Dec 4, 2026, 2:00 p.m.",
            "When: Fri, Dec 4, 2026, 2:00 p.m. → Fri, Dec 4, 2026, 1:00 p.m.",
            "Taken by: Kim Oak → Kim Elm",
            "Tag: T-1 → T-2",
            "Why changed",
        ],
        wrong={"moved_at": ago(6)},
        refused=("moved_at", "before_the_receipt"),
    ),
    "verification": Case(
        record=verified,
        changes={"verified_by": "Lee Elm", "method": "home"},
        details=[
            "Permit, registration and sales records searched, Town police, Fri, Dec 4, 2026, 2:00 p.m.",
            "Checked by: Lee Ash → Lee Elm",
            "How: Permit, registration and sales records searched → Home searched, with consent or a warrant",
        ],
        wrong={"method": "other"},
        refused=("note", "required"),
    ),
    "receipt": Case(
        record=police_receipt,
        changes={"received_at": ago(4), "receipt_number": "R-9"},
        details=[
            "Receipt R-1, Fri, Dec 4, 2026, 11:00 a.m.",
            "Handed over: Fri, Dec 4, 2026, 11:00 a.m. → Fri, Dec 4, 2026, 12:00 p.m.",
            "Receipt number: R-1 → R-9",
        ],
        wrong={"firearms": []},
        refused=("firearms", "required"),
    ),
    "return": Case(
        record=returned,
        changes={"officer": "Lee Elm"},
        details=["Glock, serial AB123, returned Fri, Dec 4, 2026, 3:00 p.m.", "Officer: Lee Ash → Lee Elm"],
        wrong={"returned_at": ago(6)},
        refused=("firearms", "not_in_error"),
    ),
    "caution": Case(
        record=lambda order: add_caution(order, known_on=date(2026, 12, 4), words="Large dog.", **BY),
        changes={"words": "Two large dogs at 14 Elm Lane"},
        details=["Caution of Fri, Dec 4, 2026", "Words changed"],
        wrong={"words": "  "},
        refused=("words", "required"),
    ),
    "coming_service": Case(
        record=announced,
        changes={"officer": "Marshal Ash", "place": "14 Elm Lane"},
        details=[
            "Service on Sat, Dec 5, 2026, 4:00 p.m.",
            "Who serves: not stated → Marshal Ash",
            "Where changed",
        ],
        wrong={"place": "  "},
        refused=("place", "required"),
    ),
    "service_attempt": Case(
        record=lambda order: service.record_failed_attempt(
            order, attempted_at=ago(3), method="in_hand", reason="12 Elm Lane is empty", **BY
        ),
        changes={"method": "abode", "why_failed": "No answer at 14 Elm Lane"},
        details=[
            "Failed attempt, Fri, Dec 4, 2026, 1:00 p.m.",
            "How: In hand → At the abode",
            "Why it failed changed",
        ],
        wrong={"attempted_at": ago(24 * 30)},
        refused=("attempted_at", "attempted_before_issued"),
    ),
    "hearing": Case(
        record=lambda order: hearings.schedule_hearing(
            order, purpose="compliance", scheduled_on=DAY + timedelta(days=14), **BY
        ),
        changes={"scheduled_on": DAY + timedelta(days=17)},
        details=["Hearing of Fri, Dec 18, 2026 (compliance)", "Day: Fri, Dec 18, 2026 → Mon, Dec 21, 2026"],
        wrong={"scheduled_on": date(2026, 1, 5)},
        refused=("scheduled_on", "hearing_before_issue"),
    ),
    "case_event": Case(
        record=lambda order: case_events.record_case_event(
            order, kind="extension_moved", occurred_on=DAY, **BY
        ),
        changes={"occurred_at": ago(3)},
        details=[
            "The motion to extend was filed (Fri, Dec 4, 2026)",
            "When: Fri, Dec 4, 2026 → Fri, Dec 4, 2026, 1:00 p.m.",
        ],
        wrong={"occurred_on": DAY + timedelta(days=4)},
        refused=("occurred_on", "in_the_future"),
    ),
    "licensing_report": Case(
        record=lambda order: licensing.record_licensing_report(
            order, kind="purchase_attempted", occurred_on=DAY, **BY
        ),
        changes={"kind": "permit_applied"},
        details=[
            "The respondent tried to buy a firearm (Fri, Dec 4, 2026)",
            "What happened: The respondent tried to buy a firearm → The respondent applied for a permit",
        ],
        wrong={"occurred_on": DAY + timedelta(days=4)},
        refused=("occurred_on", "in_the_future"),
    ),
    "notice_sent": Case(
        record=lambda order: notices.record_notice_sent(
            order, entry=notices.required_notices(order)[0].entry.id, sent_on=DAY, **BY
        ),
        changes={"sent_on": DAY - timedelta(days=1)},
        details=["Sent: Fri, Dec 4, 2026 → Thu, Dec 3, 2026"],
        wrong={"entry": "CT-NOT-THERE"},
        refused=("entry", "unknown_required_notice"),
    ),
    "condition": Case(
        record=lambda order: conditions.set_condition(
            order, condition="CT-HOM-01", due_on=DAY + timedelta(days=9), **BY
        ),
        changes={"due_on": DAY + timedelta(days=3)},
        details=["Due: Sun, Dec 13, 2026 → Mon, Dec 7, 2026"],
        wrong={"due_on": date(2026, 1, 5)},
        refused=("due_on", "condition_before_issue"),
    ),
    "follow_up_attempt": Case(
        record=attempted,
        changes={"result": "denied", "kind": "telephone"},
        details=[
            "Visit, Fri, Dec 4, 2026, 3:30 p.m.",
            "Kind of attempt: Visit → Telephone",
            "Result: Refused → Denies having any",
        ],
        wrong={"attempted_at": ago(-1)},
        refused=("attempted_at", "in_the_future"),
    ),
    "referral": Case(
        record=referred,
        changes={"why_referred": "Refused three times at 14 Elm Lane."},
        details=["Why it was referred changed"],
        wrong={"why_referred": " "},
        refused=("reason", "required"),
    ),
    "card": Case(
        record=lambda order: order_cards.issue_card(order, telephone="860-555-0100", **BY),
        changes={"telephone": "860-555-0101"},
        details=["Card of Fri, Dec 4, 2026, 4:00 p.m.", "Telephone: 860-555-0100 → 860-555-0101"],
        wrong={"telephone": "ask"},
        refused=("telephone", "invalid"),
    ),
    "release": Case(
        record=release,
        changes={"ends_at": NOW + timedelta(days=9)},
        details=[
            "Release signed Fri, Dec 4, 2026",
            "Ends: Sun, Jan 3, 2027, 4:00 p.m. → Sun, Dec 13, 2026, 4:00 p.m.",
        ],
        wrong={"ends_at": NOW - timedelta(days=9)},
        refused=("ends_at", "ends_before_it_begins"),
    ),
}


@pytest.fixture
def order() -> Order:
    """A served order; the surrender is not due yet."""
    return make.served_order()


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def last_entry() -> HistoryEntry:
    return HistoryEntry.objects.order_by("-id")[0]


def details(entry: HistoryEntry) -> list[str]:
    return list(event_details(entry, COURT_TIME))


def value_of(row: Any, keyword: str) -> Any:
    """The stored value that a correction takes by this keyword."""
    return getattr(row, "reason" if keyword in ("why_failed", "why_referred") else keyword)


def test_every_kind_of_fact_has_a_case() -> None:
    assert set(CASES) == {name for name, one in CORRECTABLE.items() if not one.part_of}


@pytest.mark.cut(2)
def test_correction_is_stored_and_shown_in_words(case: Case, order: Order) -> None:
    row = case.record(order)

    corrected = correct(row, case.changes, **WHY)

    corrected.refresh_from_db()
    assert {name: value_of(corrected, name) for name in case.changes} == case.changes
    entry = last_entry()
    shown = details(entry)
    assert [one for one in case.details if one not in shown] == []
    assert entry.reason == WHY["reason"]
    assert entry.order == order
    assert "Elm Lane" not in f"{entry.data}"
    assert event_words(entry).endswith("corrected")


@pytest.mark.cut(2)
def test_correction_and_its_reverse_leave_the_plan_as_it_was(case: Case, order: Order) -> None:
    row = case.record(order)
    stored = type(row).objects.get(pk=row.pk)
    before = plan_of(order)

    correct(row, case.changes, **WHY)
    correct(row, {name: value_of(stored, name) for name in case.changes if name != "occurred_at"} or
            {"occurred_on": stored.occurred_on}, **WHY)  # fmt: skip

    assert plan_of(order) == before


@pytest.mark.cut(2)
def test_wrong_correction_is_refused_as_at_entry(case: Case, order: Order) -> None:
    row = case.record(order)
    entries = HistoryEntry.objects.count()

    with pytest.raises(InvalidFact) as refused:
        correct(row, case.wrong, **WHY)

    assert (refused.value.field, refused.value.code) == case.refused
    assert HistoryEntry.objects.count() == entries


@pytest.mark.cut(2)
def test_correction_needs_a_reason_and_a_change(case: Case, order: Order) -> None:
    row = case.record(order)
    stored = type(row).objects.get(pk=row.pk)

    with pytest.raises(InvalidFact, match="A reason is required"):
        correct(row, case.changes, **BY, reason=" ")
    if "occurred_at" not in case.changes and "firearms" not in case.changes:
        same = {name: value_of(stored, name) for name in case.changes}
        with pytest.raises(InvalidFact, match="Nothing is changed"):
            correct(row, same, **WHY)
    with pytest.raises(TypeError, match="cannot be corrected here: status"):
        correct(row, {"status": "sold"}, **WHY)


#: What needs a receipt, a firearm or a vacatur before it, which change the plan, too.
WITH_MORE = {"receipt", "return", "disposal", "custody_step", *ASKED}


@pytest.mark.cut(2)
@pytest.mark.parametrize("name", sorted(CASES.keys() - WITH_MORE))
def test_withdrawal_leaves_the_plan_as_it_was_and_keeps_what_was_stored(name: str, order: Order) -> None:
    case = CASES[name]
    before = plan_of(order)
    row = case.record(order)

    withdraw(row, **WHY)

    assert plan_of(order) == before
    assert not type(row).objects.filter(pk=row.pk).exists()
    entry = last_entry()
    assert entry.kind == f"{name}_withdrawn"
    assert "withdrawn" in event_words(entry)
    assert entry.data["withdrawn"]
    assert "Elm Lane" not in f"{entry.data}"
    with pytest.raises(InvalidFact, match="Someone has withdrawn this"):
        withdraw(row, **WHY)


def test_withdrawn_receipt_and_return_leave_the_plan_as_it_was(order: Order) -> None:
    listed = firearm(order)
    before = plan_of(order)
    receipt = police_receipt(order, listed)
    withdraw(receipt, **WHY)
    assert plan_of(order) == before

    receipt = police_receipt(order, listed)
    vacatur.vacate_order(order, vacated_at=ago(3), reason="Dismissed.", **BY)
    make.may_return(order, at=ago(2), now=BY["now"])
    before = plan_of(order)
    (row,) = returns.record_return(
        order,
        firearms=[listed],
        returned_at=ago(1),
        agency=receipt.agency,
        officer="Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        **BY,
    )
    withdraw(row, **WHY)
    assert plan_of(order) == before


def test_firearm_on_a_receipt_names_the_receipt_to_withdraw_first(order: Order) -> None:
    receipt = police_receipt(order)
    listed = receipt.firearms.get()

    with pytest.raises(InvalidFact) as refused:
        withdraw(listed, **WHY)

    assert refused.value.code == "on_a_receipt"
    assert (
        "on receipt R-1 (Fri, Dec 4, 2026, 11:00 a.m.). Withdraw that receipt first" in refused.value.message
    )


def test_firearms_of_a_receipt_are_added_and_removed(order: Order) -> None:
    one, two = firearm(order, "A-1"), firearm(order, "A-2")
    receipt = police_receipt(order, one)

    correct(receipt, {"firearms": [two]}, **WHY)

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status) == (FirearmStatus.ALLEGED, FirearmStatus.SURRENDERED)
    assert "Firearms: Glock, serial A-1 → Glock, serial A-2" in details(last_entry())
    withdraw(one, **WHY)


def test_firearm_of_another_case_is_not_put_on_a_receipt(order: Order) -> None:
    receipt = police_receipt(order)

    with pytest.raises(InvalidFact, match="belongs to another case"):
        correct(receipt, {"firearms": [firearm(make.served_order())]}, **WHY)


def test_receipt_that_a_return_depends_on_is_kept(order: Order) -> None:
    row = returned(order)
    receipt = row.firearm.receipts.get()

    for act in (
        lambda: withdraw(receipt, **WHY),
        lambda: correct(receipt, {"received_at": ago(0.5)}, **WHY),
        lambda: correct(receipt, {"kind": "dealer", "agency": None, "dealer_license": LICENSE}, **WHY),
    ):
        with pytest.raises(InvalidFact) as refused:
            act()
        assert refused.value.code == "returned_since"
    row.firearm.refresh_from_db()
    assert row.firearm.status == FirearmStatus.RETURNED


def test_return_is_not_moved_before_its_receipt(order: Order) -> None:
    row = returned(order, asked=7)
    order.refresh_from_db()
    service.correct_service(order, served_at=ago(30), **WHY)
    Order.objects.filter(pk=order.pk).update(vacated_at=ago(20))

    with pytest.raises(InvalidFact) as refused:
        correct(row, {"returned_at": ago(6)}, **WHY)

    assert refused.value.code == "returned_before_receipt"


def test_corrected_serial_that_is_on_the_list_is_refused(order: Order) -> None:
    firearm(order, "A-1")
    other = firearm(order, "A-2")

    with pytest.raises(InvalidFact) as refused:
        correct(other, {"serial": "A-1"}, **WHY)

    assert refused.value.code == "duplicate_serial"


def test_unknown_serial_can_be_corrected_to_a_number_and_back(order: Order) -> None:
    row = firearm(order, "UNKNOWN")

    correct(row, {"serial": "K-1"}, **WHY)
    row.refresh_from_db()
    assert row.serial_key
    correct(row, {"serial": ""}, **WHY)
    row.refresh_from_db()
    assert row.serial_key == ""


def test_doubtful_correction_needs_a_reason_to_continue(order: Order) -> None:
    row = statements.record_statement(order, kind="non_possession", sworn_at=ago(1), **BY)

    with pytest.raises(DoubtfulFact):
        correct(row, {"sworn_at": ago(24 * 9)}, **WHY)
    correct(row, {"sworn_at": ago(24 * 9)}, **WHY, confirm="Sworn in another case.")

    assert "Continued because: Sworn in another case." in details(last_entry())


def test_duplicate_number_of_a_statement_is_refused(order: Order) -> None:
    given: dict[str, Any] = {"kind": "non_possession", "sworn_at": ago(1), **BY}
    statements.record_statement(order, receipt_number="S-1", **given)

    with pytest.raises(InvalidFact, match="Statement S-1 is already recorded"):
        statements.record_statement(order, receipt_number=" S-1", **given)


def test_offset_of_an_unchanged_instant_stays_as_entered(order: Order) -> None:
    row = statements.record_statement(order, kind="non_possession", sworn_at=ago(1), **BY)
    offset = row.sworn_offset

    corrected = correct(row, {"receipt_number": "S-1"}, **WHY)

    corrected.refresh_from_db()
    assert (corrected.sworn_offset, offset) == (-300, -300)


def test_outcome_of_a_hearing_is_withdrawn_and_corrected(order: Order) -> None:
    hearing = hearings.schedule_hearing(order, purpose="contempt", scheduled_on=DAY, **BY)
    before = plan_of(order)
    with pytest.raises(InvalidFact, match="no outcome to withdraw"):
        CORRECTABLE["hearing_outcome"].withdraw(hearing, **WHY)
    with pytest.raises(InvalidFact, match="Record that it was held instead"):
        correct(hearing, {"outcome": "granted", "held_on": DAY}, **WHY)
    hearings.record_hearing(hearing, outcome="granted", held_on=DAY, **BY)

    correct(hearing, {"outcome": "denied"}, **WHY)
    assert "Outcome: Granted → Denied" in details(last_entry())
    with pytest.raises(InvalidFact, match="is set for"):
        correct(hearing, {"held_on": DAY - timedelta(days=1)}, **WHY)
    CORRECTABLE["hearing_outcome"].withdraw(hearing, **WHY)

    hearing.refresh_from_db()
    assert (hearing.outcome, hearing.held_on) == ("", None)
    assert plan_of(order) == before
    assert details(last_entry())[:3] == [
        "Hearing of Fri, Dec 4, 2026 (contempt)",
        "Held on: Fri, Dec 4, 2026",
        "Outcome: Denied",
    ]


def test_continuances_there_and_back_are_undone_in_turn(order: Order) -> None:
    there, back = DAY + timedelta(days=14), DAY
    first = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=back, **BY)
    plans = [plan_of(order)]
    second = hearings.continue_hearing(first, scheduled_on=there, **BY)
    plans.append(plan_of(order))
    hearings.continue_hearing(second, scheduled_on=back, confirm="The court moved it up.", **BY)
    undo = CORRECTABLE["continuance"]

    with pytest.raises(InvalidFact, match=r"Undo that continuance instead\."):
        withdraw(first, **WHY)
    with pytest.raises(InvalidFact, match="Undo its continuance first"):
        withdraw(second, **WHY)
    with pytest.raises(InvalidFact, match="was not continued"):
        undo.withdraw(first, **WHY)
    undo.withdraw(second, **WHY)
    assert plan_of(order) == plans[1]
    undo.withdraw(first, **WHY)

    assert plan_of(order) == plans[0]
    assert [(one.scheduled_on, one.outcome) for one in order.hearings.all()] == [(back, "")]


def test_continuance_is_kept_while_the_following_hearing_has_an_outcome(order: Order) -> None:
    first = hearings.schedule_hearing(order, purpose="contempt", scheduled_on=DAY - timedelta(days=1), **BY)
    following = hearings.continue_hearing(first, scheduled_on=DAY, **BY)
    hearings.record_hearing(following, outcome="denied", held_on=DAY, **BY)

    with pytest.raises(InvalidFact) as refused:
        CORRECTABLE["continuance"].withdraw(first, **WHY)

    assert refused.value.message == (
        "The hearing of Fri, Dec 4, 2026 has already ended: Denied. Withdraw that first."
    )


def test_hearing_that_was_set_again_is_continued_again_after_withdrawal(order: Order) -> None:
    first = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=DAY, **BY)
    hearings.continue_hearing(first, scheduled_on=DAY + timedelta(days=14), **BY)
    before = plan_of(order)
    again = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=DAY, **BY)

    withdraw(again, **WHY)

    first.refresh_from_db()
    assert first.outcome == "continued"
    assert plan_of(order) == before


def test_hearing_is_not_moved_onto_another_one(order: Order) -> None:
    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=DAY, **BY)
    other = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=DAY + timedelta(days=7), **BY)

    with pytest.raises(InvalidFact, match="already scheduled for Fri, Dec 4, 2026"):
        correct(other, {"scheduled_on": DAY}, **WHY)


def test_satisfaction_of_a_condition_is_withdrawn_and_corrected(order: Order) -> None:
    condition = conditions.set_condition(order, condition="CT-HOM-01", due_on=DAY, **BY)
    before = plan_of(order)
    with pytest.raises(InvalidFact, match="not recorded as satisfied"):
        CORRECTABLE["satisfaction"].withdraw(condition, **WHY)
    with pytest.raises(InvalidFact, match="not recorded as satisfied"):
        correct(condition, {"satisfied_on": DAY}, **WHY)
    conditions.mark_satisfied(condition, satisfied_on=DAY, **BY)

    correct(condition, {"satisfied_on": DAY - timedelta(days=1)}, **WHY)
    assert "Satisfied: Fri, Dec 4, 2026 → Thu, Dec 3, 2026" in details(last_entry())
    CORRECTABLE["satisfaction"].withdraw(condition, **WHY)

    assert plan_of(order) == before
    condition.refresh_from_db()
    assert condition.satisfied_on is None
