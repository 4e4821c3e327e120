"""What is known of orders, gathered for the rules with a fixed number of queries however many orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from orders import models
from orders.models.fields import as_given
from orders.rules.facts import Facts, Happening


def facts_of(orders: Sequence[models.Order]) -> dict[int, Facts]:
    """The facts of each order, by its primary key."""
    ids = [order.pk for order in orders]
    happenings: defaultdict[int, list[Happening]] = defaultdict(list)
    for order in orders:
        happenings[order.pk].extend(_on_the_order(order))
    for order_id, happening in _in_tables(ids):
        happenings[order_id].append(happening)
    cases = {order.case_id for order in orders}
    inventories = _inventories(cases)
    permits = set(models.Permit.objects.filter(order__in=ids).values_list("order_id", flat=True))
    found: dict[int, Facts] = {}
    for order in orders:
        inventory = inventories[order.case_id]
        happenings[order.pk].extend(inventory.surrenders())
        found[order.pk] = Facts(
            jurisdiction=order.jurisdiction,
            kind=order.kind,
            issued_on=order.issued_on,
            issued_at=order.issued_as_given,
            expires_on=order.expires_on,
            firearms_indicated=order.firearms_indicated,
            permit_indicated=order.permit_indicated or order.pk in permits,
            firearms_listed=bool(inventory.receipted),
            financial_support=order.financial_support,
            happenings=tuple(happenings[order.pk]),
        )
    return found


def _on_the_order(order: models.Order) -> Iterable[Happening]:
    if served_at := order.served_as_given:
        yield Happening(
            kind="served", at=served_at, in_custody=order.served_in_custody, source="the return of service"
        )
    if order.vacated_at is not None and order.vacated_offset is not None:
        yield Happening(kind="vacated", at=as_given(order.vacated_at, order.vacated_offset))


#: What one table tells: the order's primary key and what happened to the order.
_Told = Iterable[tuple[int, Happening]]


def _in_tables(ids: Sequence[int]) -> _Told:
    tables = (_attempts, _hearings, _terms, _statements, _others)
    return chain.from_iterable(table(ids) for table in tables)


def _attempts(ids: Sequence[int]) -> _Told:
    for attempt in models.ServiceAttempt.objects.filter(order__in=ids):
        at = as_given(attempt.attempted_at, attempt.attempted_offset)
        yield attempt.order_id, Happening(kind="service_failed", at=at)


def _hearings(ids: Sequence[int]) -> _Told:
    for hearing in models.Hearing.objects.filter(order__in=ids):
        key, purpose = hearing.public_id.hex, hearing.purpose
        if hearing.outcome not in (models.HearingOutcome.CONTINUED, models.HearingOutcome.VACATED):
            yield (
                hearing.order_id,
                Happening(
                    kind="hearing_scheduled",
                    on=hearing.scheduled_on,
                    key=key,
                    purpose=purpose,
                    source="the court's calendar",
                ),
            )
        if hearing.outcome == models.HearingOutcome.CONTINUED:
            put_off = Happening(kind="hearing_continued", on=hearing.scheduled_on, key=key, purpose=purpose)
            yield hearing.order_id, put_off
        if hearing.held_on is not None:
            yield hearing.order_id, Happening(kind="heard", on=hearing.held_on, key=key, purpose=purpose)


def _terms(ids: Sequence[int]) -> _Told:
    for term in models.OrderTerm.objects.filter(order__in=ids):
        yield from ((term.order_id, one) for one in _of_term(term))


#: What a sworn statement is to the rules.
_SWORN = {
    models.StatementKind.NON_POSSESSION: "non_possession_stated",
    models.StatementKind.UNREACHABLE: "inaccessibility_stated",
}


def _statements(ids: Sequence[int]) -> _Told:
    for statement in models.Statement.objects.filter(order__in=ids):
        at = as_given(statement.sworn_at, statement.sworn_offset)
        kind = _SWORN[models.StatementKind(statement.kind)]
        yield statement.order_id, Happening(kind=kind, at=at, key=statement.public_id.hex)


def _others(ids: Sequence[int]) -> _Told:
    for one in models.Happening.objects.filter(order__in=ids):
        if one.happened_at is not None and one.happened_offset is not None:
            at = as_given(one.happened_at, one.happened_offset)
            yield one.order_id, Happening(kind=one.kind, at=at, key=one.public_id.hex)
        else:
            yield one.order_id, Happening(kind=one.kind, on=one.happened_on, key=one.public_id.hex)


def _of_term(term: models.OrderTerm) -> Iterable[Happening]:
    """That the order set the term for a day or a time, and that it was kept."""
    key, purpose = term.public_id.hex, term.term
    due_at = as_given(term.due_at, term.due_offset) if term.due_at and term.due_offset is not None else None
    yield Happening(kind="term_set", at=due_at, on=None if due_at else term.due_on, key=key, purpose=purpose)
    if term.kept_on is not None:
        kept_at = (
            as_given(term.kept_at, term.kept_offset)
            if term.kept_at and term.kept_offset is not None
            else None
        )
        yield Happening(
            kind="term_met", at=kept_at, on=None if kept_at else term.kept_on, key=key, purpose=purpose
        )


@dataclass
class _Inventory:
    """What a case's respondent is believed to hold: when each item was first receipted, and the receipts."""

    receipted: list[datetime | None] = field(default_factory=list)
    receipts: list[tuple[datetime, str]] = field(default_factory=list)

    def surrenders(self) -> Iterable[Happening]:
        """One for each receipt; complete is the first with which nothing listed is left."""
        when = [at for at in self.receipted if at is not None]
        completed = max(when) if when and len(when) == len(self.receipted) else None
        for at, key in sorted(self.receipts):
            yield Happening(kind="surrendered", at=at, key=key, complete=at == completed, source="a receipt")
            if at == completed:
                completed = None


def _inventories(cases: Iterable[int]) -> defaultdict[int, _Inventory]:
    """The inventory of each case, by the case's primary key."""
    inventories: defaultdict[int, _Inventory] = defaultdict(_Inventory)
    firearms: dict[int, tuple[int, datetime | None]] = {}
    rows = (
        models.Firearm.objects.filter(order__case__in=cases)
        .order_by("id", "receipt_items__receipt__received_at")
        .values_list("id", "order__case", "receipt_items__receipt__received_at")
    )
    received_at: datetime | None
    for firearm, case, received_at in rows:
        firearms.setdefault(firearm, (case, received_at))
    for case, received_at in firearms.values():
        inventories[case].receipted.append(received_at)
    receipts = models.Receipt.objects.filter(order__case__in=cases).select_related("order")
    for receipt in receipts.order_by("received_at", "id"):
        at = as_given(receipt.received_at, receipt.received_offset)
        inventories[receipt.order.case_id].receipts.append((at, receipt.public_id.hex))
    return inventories
