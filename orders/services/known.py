"""What is known of orders, gathered for the rules with a fixed number of queries however many orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain

from orders import models
from orders.models.fields import as_given
from orders.rules.court_time import local_date
from orders.rules.facts import Facts, Happening
from orders.services.calendar import zone_at


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
        happenings[order.pk].extend(inventory.told(order))
        found[order.pk] = Facts(
            jurisdiction=order.jurisdiction,
            kind=order.kind,
            issued_on=order.issued_on,
            issued_at=order.issued_as_given,
            expires_on=order.expires_on,
            firearms_indicated=order.firearms_indicated,
            permit_indicated=order.permit_indicated or order.pk in permits,
            firearms_listed=bool(inventory.listed),
            financial_support=order.financial_support,
            area=order.area,
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


@dataclass(frozen=True, order=True)
class _Move:
    """Firearms handed over, or given back to the respondent; `held`: police hold them from then on."""

    at: datetime
    key: str
    is_return: bool
    held: bool
    firearms: frozenset[int]


@dataclass
class _Inventory:
    """What a case's respondent is believed to hold, and where it went, the earliest first."""

    listed: set[int] = field(default_factory=set)
    moves: list[_Move] = field(default_factory=list)

    def told(self, order: models.Order) -> list[Happening]:
        """What happened to the firearms, as it counts for `order`.

        What was given back before the order was issued is held again: earlier receipts do not count for it.
        """
        returned = [move.at for move in self.moves if move.is_return and _is_by_issue(order, move.at)]
        since = max(returned, default=None)
        return [one for one in self._happenings if since is None or (one.at is not None and one.at > since)]

    @cached_property
    def _happenings(self) -> list[Happening]:
        """One for each receipt, complete with the one that leaves nothing believed held; and one for each
        return with which police hold nothing any more."""
        believed_held, in_custody = set(self.listed), set[int]()
        found: list[Happening] = []
        for move in sorted(self.moves):
            if move.is_return:
                believed_held |= move.firearms
                in_custody -= move.firearms
                if not in_custody:
                    found.append(Happening(kind="returned", at=move.at, key=move.key))
                continue
            some = bool(believed_held)
            believed_held -= move.firearms
            in_custody = in_custody | move.firearms if move.held else in_custody - move.firearms
            complete = some and not believed_held
            found.append(
                Happening(kind="surrendered", at=move.at, key=move.key, complete=complete, source="a receipt")
            )
        return found


def _is_by_issue(order: models.Order, at: datetime) -> bool:
    """True when `at` is not after the order's issue; of the same day where no time of issue is known."""
    if order.issued_at is not None:
        return at <= order.issued_at
    return local_date(at, zone_at(order.jurisdiction, order.area)) <= order.issued_on


def _inventories(cases: Iterable[int]) -> defaultdict[int, _Inventory]:
    """The inventory of each case, by the case's primary key."""
    inventories: defaultdict[int, _Inventory] = defaultdict(_Inventory)
    on_receipt: defaultdict[int, set[int]] = defaultdict(set)
    rows = models.Firearm.objects.filter(order__case__in=cases).order_by("id")
    for firearm, case, receipt_id in rows.values_list("id", "order__case", "receipt_items__receipt"):
        inventories[case].listed.add(firearm)
        on_receipt[receipt_id].add(firearm)
    for receipt in models.Receipt.objects.filter(order__case__in=cases).select_related("order"):
        move = _Move(
            at=as_given(receipt.received_at, receipt.received_offset),
            key=receipt.public_id.hex,
            is_return=False,
            held=receipt.kind == models.ReceiptKind.POLICE,
            firearms=frozenset(on_receipt[receipt.pk]),
        )
        inventories[receipt.order.case_id].moves.append(move)
    for one in models.FirearmReturn.objects.filter(order__case__in=cases).select_related("order"):
        move = _Move(
            at=as_given(one.returned_at, one.returned_offset),
            key=one.public_id.hex,
            is_return=True,
            held=False,
            firearms=frozenset({one.firearm_id}),
        )
        inventories[one.order.case_id].moves.append(move)
    return inventories
