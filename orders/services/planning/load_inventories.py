"""Load the inventories of cases from the database, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import chain

from django.db.models import Model

from orders import models
from orders.models.fields import as_given
from orders.rules.court_time import at_wall
from orders.services.person_cases import Group, groups_of
from orders.services.planning.filled_tables import filled_tables
from orders.services.planning.inventory import Inventory, Move, MoveKind
from orders.services.planning.order_span import is_served_by
from orders.services.planning.rulebooks import zone_at


def load_inventories(cases: Iterable[int]) -> defaultdict[int, Inventory]:
    """The inventory of each case, by the case's primary key, in a fixed number of queries."""
    inventories: defaultdict[int, Inventory] = defaultdict(Inventory)
    wanted = list(cases)
    groups = groups_of(wanted)
    cases = list(groups)
    orders = list(models.Order.objects.filter(case__in=cases).only(*_ALLEGATION))
    for order in orders:
        inventories[order.case_id].allege(order)
    filled = filled_tables([order.pk for order in orders], models.Firearm, models.Receipt, *_MOVES)
    same: dict[int, int] = {}
    moves = [read(cases) for table, read in _MOVES.items() if table in filled]
    if models.Firearm in filled:
        on_receipt = _list_items(inventories, groups, same)
        moves.insert(0, _receipts(cases, on_receipt) if models.Receipt in filled else iter(()))
    for case, move in chain.from_iterable(moves):
        items = frozenset(same.get(item, item) for item in move.firearms)
        inventories[case].moves.append(replace(move, firearms=items))
    members: defaultdict[Group, list[int]] = defaultdict(list)
    for case, group in groups.items():
        members[group].append(case)
    for case in wanted:
        inventories[case].others = [inventories[one] for one in members[groups[case]] if one != case]
    return inventories


def _list_items(
    inventories: defaultdict[int, Inventory], groups: Mapping[int, Group], same: dict[int, int]
) -> defaultdict[int, set[int]]:
    """List the items of each case, and return those of each receipt.

    `same` gets the first item of a serial number for each later one of the same person and court.
    """
    on_receipt: defaultdict[int, set[int]] = defaultdict(set)
    by_serial: dict[tuple[Group, str], int] = {}
    rows = models.Firearm.objects.of_case(*groups).order_by("id")
    for pk, kind, serial, case, issued_on, receipt_id, order, source in rows.values_list(*_LISTED):
        item = same[pk] = by_serial.setdefault((groups[case], serial), pk) if serial else pk
        inventories[case].listed.add(item)
        inventories[case].listings.setdefault(item, issued_on)
        if kind == models.ItemKind.FIREARM:
            inventories[case].firearms.add(item)
        if source == models.FirearmSource.APPLICATION:
            inventories[case].stated.add(order)
        on_receipt[receipt_id].add(item)
    return on_receipt


#: The columns of a listed item.
_LISTED = (
    *("id", "item_kind", "serial_key", "order__case", "order__issued_on", "receipt_items__receipt"),
    *("order", "source"),
)


#: The columns from which an inventory takes what an order alleges.
_ALLEGATION = ("case", "firearms_indicated", "firearms_alleged_count", "firearms_answer", "served_at")


def _receipts(cases: Sequence[int], on_receipt: Mapping[int, Collection[int]]) -> Iterator[tuple[int, Move]]:
    for receipt in models.Receipt.objects.of_case(*cases).select_related("order"):
        if receipt.pk not in on_receipt:
            # Of permits only.
            continue
        yield (
            receipt.order.case_id,
            Move(
                at=as_given(receipt.received_at, receipt.received_offset),
                key=receipt.public_id.hex,
                kind=MoveKind.RECEIPT,
                held=receipt.kind == models.ReceiptKind.POLICE,
                firearms=frozenset(on_receipt[receipt.pk]),
            ),
        )


def _returns(cases: Sequence[int]) -> Iterator[tuple[int, Move]]:
    for one in models.FirearmReturn.objects.of_case(*cases).select_related("order"):
        yield (
            one.order.case_id,
            Move(
                at=as_given(one.returned_at, one.returned_offset),
                key=one.public_id.hex,
                kind=MoveKind.RETURN,
                firearms=frozenset({one.firearm_id}),
            ),
        )


def _disposals(cases: Sequence[int]) -> Iterator[tuple[int, Move]]:
    for one in models.FirearmDisposal.objects.of_case(*cases).select_related("order"):
        yield (
            one.order.case_id,
            Move(
                at=as_given(one.disposed_at, one.disposed_offset),
                key=one.public_id.hex,
                kind=MoveKind.DISPOSAL,
                is_transfer=one.kind == models.DisposalKind.TRANSFERRED,
                firearms=frozenset({one.firearm_id}),
            ),
        )


def _verifications(cases: Sequence[int]) -> Iterator[tuple[int, Move]]:
    rows = models.StatementVerification.objects.of_case(*cases)
    for one in rows.select_related("order").prefetch_related("firearms"):
        yield (
            one.order.case_id,
            Move(
                at=as_given(one.verified_at, one.verified_offset),
                key=one.public_id.hex,
                kind=MoveKind.VERIFICATION,
                firearms=frozenset(firearm.pk for firearm in one.firearms.all()),
                unlisted=one.unlisted,
            ),
        )


#: The event that the respondent still has firearms. A report of a day counts from the end of the day.
REPORTED = "firearms_reported"
#: How the reason of the report begins if it names the day on which the firearms were last known.
LAST_KNOWN = "Last known: "
_LAST_MINUTE = time(23, 59)

#: Hearings whose outcome is about compliance.
ABOUT_COMPLIANCE = (models.HearingPurpose.COMPLIANCE, models.HearingPurpose.CONTEMPT)


def _hearings(cases: Sequence[int]) -> Iterator[tuple[int, Move]]:
    """Yield the findings of each hearing, those that account for something after those that do not.

    What the court found before the order was served accounts for nothing: the duty had not begun.
    """
    held = models.Hearing.objects.of_case(*cases).filter(held_on__isnull=False)
    for hearing in held.select_related("order").prefetch_related("findings"):
        case, at = hearing.order.case_id, hearing_instant(hearing)
        findings = list(hearing.findings.all())
        counts = hearing.held_on is not None and is_served_by(hearing.order, hearing.held_on)
        for kind in (MoveKind.STILL_HELD, MoveKind.FINDING):
            is_held = kind is MoveKind.STILL_HELD
            some = [one for one in findings if (one.finding == models.CourtFinding.STILL_HELD) == is_held]
            if some and (counts or is_held):
                yield (
                    case,
                    Move(
                        at=at,
                        key=hearing.public_id.hex,
                        kind=kind,
                        firearms=frozenset(one.firearm_id for one in some if one.firearm_id is not None),
                        unlisted=sum(one.count for one in some if one.firearm_id is None),
                    ),
                )
        is_compliant = hearing.outcome == models.HearingOutcome.COMPLIANT
        if counts and is_compliant and hearing.purpose in ABOUT_COMPLIANCE:
            yield case, Move(at=at, key=hearing.public_id.hex, kind=MoveKind.COMPLIANT)


def _reports(cases: Sequence[int]) -> Iterator[tuple[int, Move]]:
    """Yield what was reported to the court: one firearm without a name, open until something settles it."""
    reported = models.CaseEvent.objects.of_case(*cases).filter(kind=REPORTED)
    for one in reported.select_related("order"):
        if one.occurred_at is not None and one.occurred_offset is not None:
            at = as_given(one.occurred_at, one.occurred_offset)
        else:
            at = at_wall(one.occurred_on, _LAST_MINUTE, zone_at(one.order.jurisdiction, one.order.area))
        yield one.order.case_id, Move(at=at, key=one.public_id.hex, kind=MoveKind.REPORTED, unlisted=1)


#: What reads the moves of each table besides receipts.
_MOVES: dict[type[Model], Callable[[Sequence[int]], Iterator[tuple[int, Move]]]] = {
    models.FirearmReturn: _returns,
    models.FirearmDisposal: _disposals,
    models.StatementVerification: _verifications,
    models.Hearing: _hearings,
    models.CaseEvent: _reports,
}


def hearing_instant(hearing: models.Hearing) -> datetime:
    """When the hearing was held: its time on its day, otherwise the beginning of the day."""
    on = hearing.held_on or hearing.scheduled_on
    clock = hearing.scheduled_time if on == hearing.scheduled_on else None
    return at_wall(on, clock or time.min, zone_at(hearing.order.jurisdiction, hearing.order.area))
