"""The status of a firearm follows from everything on record about it, in the order in which it happened.

What was recorded last does not matter: after an older receipt is entered late, or a later one is withdrawn,
the remaining facts decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from orders.models import (
    CourtFinding,
    DisposalKind,
    Firearm,
    FirearmDisposal,
    FirearmFinding,
    FirearmReturn,
    FirearmStatus,
    ReceiptItem,
    ReceiptKind,
    Statement,
    StatementVerification,
)
from orders.services.person_cases import groups_of
from orders.services.planning.inventory import MoveKind
from orders.services.planning.load_inventories import hearing_instant

#: The status that a receipt of each kind gives a firearm.
STATUS_AFTER: dict[str, FirearmStatus] = {
    ReceiptKind.POLICE: FirearmStatus.SURRENDERED,
    ReceiptKind.DEALER: FirearmStatus.SOLD,
    ReceiptKind.THIRD_PARTY: FirearmStatus.TRANSFERRED,
    ReceiptKind.TRUE_OWNER: FirearmStatus.TRANSFERRED,
}

#: The status that a finding of the court gives a firearm; `FOUND` for the others.
_AFTER_FINDING: dict[str, FirearmStatus] = {
    CourtFinding.DESTROYED: FirearmStatus.DESTROYED,
    CourtFinding.STILL_HELD: FirearmStatus.ALLEGED,
}

_AFTER_DISPOSAL: dict[str, FirearmStatus] = {
    DisposalKind.DESTROYED: FirearmStatus.DESTROYED,
    DisposalKind.TRANSFERRED: FirearmStatus.TRANSFERRED,
}

#: A fact about a firearm: when, its kind and key for facts of the same instant, and the status it gives.
_Fact = tuple[datetime, MoveKind, int, FirearmStatus]


def refresh_status(firearms: Collection[int]) -> None:
    """Store the status of these firearms (by key) as their facts give it.

    A firearm that another case of the person lists under the same serial number has the same facts. Call it
    in the transaction that changed the facts, with the cases locked.
    """
    facts = _facts_of(firearms)
    by_status: defaultdict[FirearmStatus, list[int]] = defaultdict(list)
    for firearm, own in facts.items():
        last = own[-1] if own else None
        by_status[last[-1] if last else FirearmStatus.ALLEGED].append(firearm)
    for status, keys in by_status.items():
        Firearm.objects.filter(pk__in=keys).exclude(status=status).update(status=status)


def held_since(firearms: Collection[int], at: datetime) -> dict[int, datetime]:
    """Return when police last received each of these firearms (by key) up to `at`, if they did."""
    return {
        firearm: max(received)
        for firearm, facts in _facts_of(firearms).items()
        if (
            received := [
                when
                for when, move, _, status in facts
                if move is MoveKind.RECEIPT and status == FirearmStatus.SURRENDERED and when <= at
            ]
        )
    }


def custody_follows(firearms: Collection[int]) -> bool:
    """True if police held each of these firearms (by key) just before each of its returns and disposals."""
    for facts in _facts_of(firearms).values():
        statuses = [FirearmStatus.ALLEGED, *(status for *_, status in facts)]
        for before, (_, move, *_) in zip(statuses, facts, strict=False):
            if move in (MoveKind.RETURN, MoveKind.DISPOSAL) and before != FirearmStatus.SURRENDERED:
                return False
    return True


def _facts_of(firearms: Collection[int]) -> dict[int, list[_Fact]]:
    """The facts of each firearm, and of each that is the same one, in the order in which they happened."""
    same = _same_firearms(firearms)
    facts: defaultdict[int, list[_Fact]] = defaultdict(list)
    for firearm, fact in _each_fact(same):
        facts[firearm].append(fact)
    return {pk: sorted(fact for one in twins for fact in facts[one]) for pk, twins in same.items()}


def _same_firearms(firearms: Collection[int]) -> dict[int, set[int]]:
    """For each of these firearms and those that are the same one, the keys of all that are the same one."""
    listed = Firearm.objects.filter(pk__in=firearms).exclude(serial_key="")
    cases = groups_of(set(listed.values_list("order__case", flat=True)))
    serials = set(listed.values_list("serial_key", flat=True))
    same: defaultdict[object, set[int]] = defaultdict(set)
    rows = Firearm.objects.of_case(*cases).filter(serial_key__in=serials)
    for pk, serial, case in rows.values_list("pk", "serial_key", "order__case"):
        same[serial, cases[case]].add(pk)
    found = {pk: twins for twins in same.values() for pk in twins if not twins.isdisjoint(firearms)}
    return {**{pk: {pk} for pk in firearms}, **found}


def _each_fact(firearms: Collection[int]) -> Iterator[tuple[int, _Fact]]:
    items = ReceiptItem.objects.filter(firearm__in=firearms, receipt__order__withdrawn_at=None)
    for firearm, at, kind, pk in items.values_list(
        "firearm", "receipt__received_at", "receipt__kind", "receipt"
    ):
        yield firearm, (at, MoveKind.RECEIPT, pk, STATUS_AFTER[kind])
    returns = FirearmReturn.objects.filter(firearm__in=firearms, order__withdrawn_at=None)
    for firearm, at, pk in returns.values_list("firearm", "returned_at", "pk"):
        yield firearm, (at, MoveKind.RETURN, pk, FirearmStatus.RETURNED)
    disposals = FirearmDisposal.objects.filter(firearm__in=firearms, order__withdrawn_at=None)
    for firearm, at, kind, pk in disposals.values_list("firearm", "disposed_at", "kind", "pk"):
        yield firearm, (at, MoveKind.DISPOSAL, pk, _AFTER_DISPOSAL[kind])
    sworn = Statement.firearms.through.objects.filter(
        firearm__in=firearms, statement__order__withdrawn_at=None
    )
    for firearm, at, pk in sworn.values_list("firearm", "statement__sworn_at", "statement"):
        yield firearm, (at, MoveKind.STILL_HELD, pk, FirearmStatus.UNREACHABLE)
    checks = StatementVerification.firearms.through.objects.filter(
        firearm__in=firearms, statementverification__order__withdrawn_at=None
    )
    for firearm, at, pk in checks.values_list(
        "firearm", "statementverification__verified_at", "statementverification"
    ):
        yield firearm, (at, MoveKind.VERIFICATION, pk, FirearmStatus.NOT_HELD)
    findings = FirearmFinding.objects.filter(
        firearm__in=firearms, hearing__held_on__isnull=False, order__withdrawn_at=None
    )
    for one in findings.select_related("hearing__order"):
        move = MoveKind.STILL_HELD if one.finding == CourtFinding.STILL_HELD else MoveKind.FINDING
        status = _AFTER_FINDING.get(one.finding, FirearmStatus.FOUND)
        yield one.firearm_id or 0, (hearing_instant(one.hearing), move, one.pk, status)
