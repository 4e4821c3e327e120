"""No sequence of facts makes a surrender duty proven without proof for everything alleged or listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.errors import InvalidFact
from orders.models import (
    Deadline,
    DeadlineState,
    Firearm,
    FirearmFinding,
    Order,
    ProofStatus,
    StatementVerification,
)
from orders.rules.facts import DutyProof
from orders.services import corrections
from orders.services.firearms import disposals, inventory, receipts, statements
from orders.services.firearms.findings import NewFinding
from orders.services.hearings import record_hearing, schedule_hearing
from orders.services.orders import extension, vacatur
from orders.services.orders.corrections import correct_order
from orders.services.person_cases import groups_of
from orders.services.planning.inventory import Inventory, Move, MoveKind
from tests import make
from tests.make import NOW

ITEMS = range(1, 5)
#: The kinds of moves after which an item is accounted for.
PROOF = (MoveKind.RECEIPT, MoveKind.FINDING, MoveKind.VERIFICATION)


@st.composite
def moves(draw: st.DrawFn) -> Move:
    """A move after the issue of the order."""
    kind = draw(st.sampled_from(MoveKind))
    some = frozenset(draw(st.sets(st.sampled_from(ITEMS), max_size=4)))
    covers = kind in (MoveKind.FINDING, MoveKind.VERIFICATION, MoveKind.STILL_HELD)
    is_about_none = kind in (MoveKind.COMPLIANT, MoveKind.REPORTED)
    unlisted = draw(st.integers(0, 2)) if covers else 0
    return Move(
        at=NOW + timedelta(minutes=draw(st.integers(1, 6))),
        key=str(draw(st.integers(1, 10**6))),
        kind=kind,
        firearms=frozenset() if is_about_none else some,
        held=draw(st.booleans()),
        # A report to the court is of one firearm that no list has.
        unlisted=1 if kind is MoveKind.REPORTED else unlisted,
    )


@given(
    listed=st.sets(st.sampled_from(ITEMS)),
    lots=st.sets(st.sampled_from(ITEMS)),
    alleged=st.none() | st.integers(0, 6),
    indicated=st.booleans(),
    some=st.lists(moves(), max_size=7, unique_by=lambda one: one.key),
    data=st.data(),
)
def test_what_is_complete_is_accounted_for_in_any_order_of_arrival(
    *,
    listed: set[int],
    lots: set[int],
    alleged: int | None,
    indicated: bool,
    some: list[Move],
    data: st.DataObject,
) -> None:
    order = Order(issued_at=NOW, issued_on=NOW.date(), jurisdiction="us_ct", firearms_indicated=indicated)

    def planned(arrived: list[Move]) -> list[Any]:
        return Inventory(
            listed=set(listed),
            firearms=listed - lots,
            alleged=alleged,
            is_alleged=indicated,
            moves=arrived,
        ).events_for(order)

    found = planned(some)

    assert planned(data.draw(st.permutations(some))) == found
    in_time = sorted(some, key=lambda one: (one.at, one.kind, one.key))
    for event in found:
        if not event.complete:
            continue
        last = max(place for place, one in enumerate(in_time) if one.key == event.key)
        past = in_time[: last + 1]
        for item in listed:
            about = [one.kind for one in past if item in one.firearms]
            about = [kind for kind in about if kind is not MoveKind.DISPOSAL]
            assert about
            assert about[-1] in PROOF
        covered = sum(one.unlisted for one in past if one.kind in PROOF)
        needed = alleged if alleged is not None else int(indicated)
        assert needed <= len(listed - lots) + covered
        reports = [place for place, one in enumerate(past) if one.kind is MoveKind.REPORTED]
        if reports:
            settled = sum(one.unlisted for one in past[reports[0] :] if one.kind in PROOF)
            assert len(reports) <= settled
        if event.proof is DutyProof.PROVEN:
            kinds = {one.kind for one in past if one.firearms & listed or one.unlisted}
            assert kinds & {MoveKind.RECEIPT, MoveKind.VERIFICATION} or not listed


BY: dict[str, Any] = {"by": None, "now": NOW}


def chosen(order: Order, number: int) -> list[Firearm]:
    """The items of the list that the bits of a number choose."""
    rows = Firearm.objects.of_case(order.case_id).order_by("id")
    return [one for place, one in enumerate(rows) if number >> place & 1]


def receive(order: Order, number: int) -> None:
    """Record a police receipt."""
    receipts.record_receipt(
        order,
        kind="police",
        received_at=NOW - timedelta(minutes=number),
        firearms=chosen(order, number),
        agency=order.order_agencies.get(capacity="respondent_police").agency,
        **BY,
    )


def deny(order: Order, number: int) -> None:
    """Record a sworn statement of no firearms."""
    sworn = NOW - timedelta(minutes=number)
    statements.record_statement(order, kind="non_possession", sworn_at=sworn, **BY)


def check(order: Order, number: int) -> None:
    """Verify the first statement."""
    facts: dict[str, Any] = {
        "agency": order.case.court,
        "verified_by": f"Officer {number}",
        "method": "records",
    }
    statements.verify_statement(order.statements.all()[0], verified_at=NOW, **facts, **BY)


def find(order: Order, number: int, *, purpose: str = "compliance", finding: str = "lost_or_stolen") -> None:
    """Hold a hearing that finds items lost."""
    hearing = schedule_hearing(order, purpose=purpose, scheduled_on=NOW.date(), **BY)
    found = [NewFinding(firearm=one, finding=finding) for one in chosen(order, number)]
    record_hearing(hearing, outcome="partial", held_on=NOW.date(), findings=found, **BY)


def receive_elsewhere(order: Order, number: int) -> None:
    """Record a police receipt under the other order of the person, which lists its firearm."""
    other = Order.objects.filter(case__court=order.case.court).exclude(pk=order.pk).get()
    serial = f"Q{number}"
    firearm = Firearm.objects.of_case(other.case_id).filter(serial=serial).first()
    receipts.record_receipt(
        other,
        kind="police",
        received_at=NOW - timedelta(minutes=number),
        firearms=[firearm or inventory.list_firearm(other, serial=serial, source="police", **BY)],
        agency=other.order_agencies.get(capacity="respondent_police").agency,
        **BY,
    )


def transfer(order: Order, number: int) -> None:
    """Let police give what they hold to a dealer."""
    disposals.record_disposal(
        order,
        firearms=chosen(order, number),
        kind="transferred",
        disposed_at=NOW,
        agency=order.order_agencies.get(capacity="respondent_police").agency,
        officer="Lee Ash",
        authority="Order of the court",
        dealer_license="6-06-014-01-7M-12345",
        confirm="So ordered.",
        **BY,
    )


ACTS: dict[str, Callable[[Order, int], object]] = {
    "list": lambda order, n: inventory.list_firearm(order, serial=f"Q{n}", source="police", **BY),
    "list_lot": lambda order, n: inventory.list_firearm(
        order, item_kind="ammunition", quantity=n, source="police", **BY
    ),
    "receive": receive,
    "withdraw_receipt": lambda order, n: corrections.withdraw(order.receipts.all()[0], reason="No.", **BY),
    "deny": deny,
    "check": check,
    "withdraw_check": lambda order, n: corrections.withdraw(
        order.statement_verifications.all()[0], reason="No.", **BY
    ),
    "find": find,
    "find_held": lambda order, n: find(order, n, purpose="contempt", finding="still_held"),
    "receive_elsewhere": receive_elsewhere,
    "transfer": transfer,
    "out_of_reach": lambda order, n: statements.record_statement(
        order, kind="unreachable", sworn_at=NOW - timedelta(minutes=n), firearms=chosen(order, n), **BY
    ),
    "permit": lambda order, n: inventory.record_permit(order, kind="Pistol permit", number=f"P{n}", **BY),
    "extend": lambda order, n: extension.extend_order(
        order, expires_on=NOW.date() + timedelta(days=n), confirm="So ordered.", **BY
    ),
    "vacate": lambda order, n: vacatur.vacate_order(
        order, vacated_at=NOW - timedelta(minutes=n), reason="Moot.", **BY
    ),
    "reinstate": lambda order, n: vacatur.reinstate_order(order, reason="The wrong one.", **BY),
    "allege": lambda order, n: correct_order(order, firearms_alleged_count=n % 4, reason="Misread.", **BY),
}


def assert_proven_only_with_proof(order: Order) -> None:
    """Fail if the surrender is met without a receipt, a check or a finding for everything."""
    found = Deadline.objects.filter(order=order, rule_id="CT-SUR-01", state=DeadlineState.MET).first()
    if found is None:
        return
    order.refresh_from_db()
    items = Firearm.objects.of_case(order.case_id)
    # A number that two cases of the person list is one firearm.
    received = Firearm.objects.exclude(receipts=None).exclude(serial_key="").values("serial_key")
    bare = items.filter(receipts=None, verifications=None).exclude(serial_key__in=received)
    if found.proof == ProofStatus.PROVEN:
        assert not bare.exists()
    else:
        assert found.proof == ProofStatus.FOUND
        accounted = FirearmFinding.objects.filter(firearm__isnull=False).exclude(finding="still_held")
        assert not bare.exclude(pk__in=accounted.values("firearm")).exists()
    covered = sum(one.unlisted for one in StatementVerification.objects.filter(order=order))
    alleged = order.firearms_alleged_count
    needed = 1 if alleged is None else alleged
    # The cases of one person share an inventory, and one number is one firearm.
    listed = Firearm.objects.of_case(*groups_of([order.case_id])).filter(item_kind="firearm")
    assert needed <= len({one.serial_key or one.pk for one in listed}) + covered


@pytest.mark.django_db
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 15)), min_size=5, max_size=9))
def test_no_sequence_of_acts_proves_a_duty_without_proof(acts: list[tuple[str, int]]) -> None:
    born = date(1990, 1, 2)
    order = make.served_order(ago=timedelta(hours=2), respondent_dob=born)
    make.order(court=order.case.court, respondent_dob=born, respondent_town=order.case.respondent.town)
    for act, number in acts:
        try:
            ACTS[act](Order.objects.select_related("case__court").get(pk=order.pk), number)
        except (InvalidFact, IndexError):
            continue
        assert_proven_only_with_proof(order)
