"""Firearms and receipts of the registry, sorted into what is stored already, what is new and what is refused.

A firearm is one item of its case's inventory by serial number; a receipt or statement is one by its order and
number. A row that differs from what is stored under its key is refused, unless the registry said the same
before: then a person changed or withdrew what it had brought, and that stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from orders.models import (
    Event,
    Firearm,
    FirearmStatus,
    Order,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    Statement,
    StatementKind,
)
from orders.models.fields import offset_of
from orders.services.bulk import insert, make
from orders.services.registry import files
from orders.services.registry.parsing import (
    FirearmRow,
    Places,
    ReceiptRow,
    Rejected,
    read_firearm,
    read_receipt,
)
from orders.services.registry.staging import Reject, Staging
from orders.services.registry.updating import SOURCE
from orders.services.surrender import STATUS_AFTER

#: The stored form of a receipt's key: order, whether it is a statement, number.
_ReceiptKey = tuple[int, bool, str]


@dataclass
class _Known:
    """What is stored or about to be, by the keys of the registry."""

    firearms: dict[tuple[int, str], Firearm] = field(default_factory=dict)
    receipts: dict[_ReceiptKey, ReceiptRow] = field(default_factory=dict)
    #: What the registry has said before, by order and digest.
    said: set[tuple[int, str]] = field(default_factory=set)


@dataclass
class Proof:
    """What the staged rows of some orders bring; nothing of it is stored yet."""

    firearms: list[Firearm] = field(default_factory=list)
    receipts: list[tuple[Receipt, list[Firearm]]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def order_ids(self) -> set[int]:
        """The orders that get something."""
        return {event.order_id for event in self.events}

    def store(self) -> None:
        """All but the events and the rejects is stored, and each firearm says where it went."""
        moved: dict[int, FirearmStatus] = {}
        for receipt, firearms in sorted(self.receipts, key=lambda one: one[0].received_at):
            for firearm in firearms:
                firearm.status = STATUS_AFTER[receipt.kind]
                if firearm.pk is not None:
                    moved[firearm.pk] = firearm.status
        insert(self.firearms)
        insert([receipt for receipt, _ in self.receipts])
        insert(self.statements)
        insert(
            [
                make(ReceiptItem, receipt=receipt, firearm=firearm)
                for receipt, firearms in self.receipts
                for firearm in firearms
            ]
        )
        for status in set(moved.values()):
            keys = [key for key, its in moved.items() if its == status]
            Firearm.objects.filter(pk__in=keys).update(status=status)


def sort_out(orders: Mapping[str, Order], staging: Staging, places: Places, *, now: datetime) -> Proof:
    """What the staged rows of these orders, by registry number, bring that is not stored yet."""
    sorter = _Sorter(now)
    firearms = staging.rows_of(files.FIREARMS, orders)
    receipts = staging.rows_of(files.RECEIPTS, orders)
    sorter.know([orders[number] for number in {cells[0] for _, cells in (*firearms, *receipts)}])
    for line, cells in firearms:
        with sorter.rejecting(files.FIREARMS, line):
            sorter.firearm(orders[cells[0]], read_firearm(cells))
    for line, cells in receipts:
        with sorter.rejecting(files.RECEIPTS, line):
            sorter.receipt(orders[cells[0]], read_receipt(cells, places))
    return sorter.proof


class _Sorter:
    def __init__(self, now: datetime) -> None:
        self.proof = Proof()
        self._known = _Known()
        self._now = now

    @contextmanager
    def rejecting(self, name: str, line: int) -> Iterator[None]:
        """A row that is rejected within is noted, and the next one follows."""
        try:
            yield
        except Rejected as error:
            self.proof.rejects.append(Reject(name, line, error.code, error.detail))

    def know(self, orders: Sequence[Order]) -> None:
        """Looks up what is stored of these orders and their cases."""
        if not orders:
            return
        known, ids = self._known, [order.pk for order in orders]
        listed = Firearm.objects.filter(order__case__in={order.case_id for order in orders})
        for firearm in listed.exclude(serial="").select_related("order"):
            known.firearms[firearm.order.case_id, firearm.serial] = firearm
        receipts = Receipt.objects.filter(order__in=ids).exclude(receipt_number="")
        for receipt in receipts.prefetch_related("firearms"):
            known.receipts[receipt.order_id, False, receipt.receipt_number] = ReceiptRow(
                number=receipt.receipt_number,
                at=receipt.received_at,
                taker=ReceiptKind(receipt.kind),
                agency_id=receipt.agency_id,
                dealer_licence=receipt.dealer_licence,
                serials=frozenset(one.serial for one in receipt.firearms.all()),
            )
        statements = Statement.objects.filter(order__in=ids, kind=StatementKind.NON_POSSESSION)
        for statement in statements.exclude(receipt_number=""):
            known.receipts[statement.order_id, True, statement.receipt_number] = ReceiptRow(
                number=statement.receipt_number, at=statement.sworn_at
            )
        events = Event.objects.filter(order__in=ids, data__has_key="registry")
        known.said.update(events.values_list("order_id", "data__registry"))

    def firearm(self, order: Order, row: FirearmRow) -> None:
        """Lists the firearm, unless it is listed. Raises `Rejected` where its number is another's."""
        stored = self._known.firearms.get((order.case_id, row.serial))
        if stored is not None and _row_of(stored) == row:
            return
        if (order.pk, row.digest) in self._known.said:
            return
        if stored is not None:
            raise Rejected(
                "duplicate_serial",
                f"serial: {row.serial} is on the list of the case with another description. The first "
                "stands; correct the list by hand if this one is right.",
            )
        firearm = make(
            Firearm,
            order=order,
            serial=row.serial,
            make=row.make,
            model=row.model,
            caliber=row.caliber,
            firearm_type=row.firearm_type,
            source=row.source,
        )
        self._known.firearms[order.case_id, row.serial] = firearm
        self.proof.firearms.append(firearm)
        self._note(order, "firearm_listed", self._now, row.digest, {"firearm": str(firearm.public_id)})

    def receipt(self, order: Order, row: ReceiptRow) -> None:
        """Records the receipt or statement, unless it is recorded. Raises `Rejected`."""
        is_statement = row.taker is None
        key = (order.pk, is_statement, row.number)
        stored = self._known.receipts.get(key)
        if stored == row or (order.pk, row.digest) in self._known.said:
            return
        if stored is not None:
            raise Rejected(
                "duplicate_receipt_number",
                f"receipt_number: {row.number} is recorded for this order with other content. The first "
                "stands; withdraw it by hand if this one is right.",
            )
        if is_statement:
            self._statement(order, row)
        else:
            self._surrender(order, row)
        self._known.receipts[key] = row

    def _statement(self, order: Order, row: ReceiptRow) -> None:
        statement = Statement(
            order=order,
            kind=StatementKind.NON_POSSESSION,
            sworn_at=row.at,
            sworn_offset=offset_of(row.at),
            receipt_number=row.number,
        )
        self.proof.statements.append(statement)
        self._note(order, "statement_recorded", row.at, row.digest, {"statement": str(statement.public_id)})

    def _surrender(self, order: Order, row: ReceiptRow) -> None:
        found = {serial: self._known.firearms.get((order.case_id, serial)) for serial in sorted(row.serials)}
        if unknown := [serial for serial, firearm in found.items() if firearm is None]:
            raise Rejected(
                "unknown_serial",
                f"serials: {unknown[0][:40]} is not on the list of the case; list it in firearms.csv first.",
            )
        receipt = make(
            Receipt,
            order=order,
            kind=row.taker or "",
            received_at=row.at,
            received_offset=offset_of(row.at),
            receipt_number=row.number,
            agency_id=row.agency_id,
            dealer_licence=row.dealer_licence,
        )
        self.proof.receipts.append((receipt, [one for one in found.values() if one is not None]))
        self._note(order, "receipt_recorded", row.at, row.digest, {"receipt": str(receipt.public_id)})

    def _note(
        self, order: Order, kind: str, occurred_at: datetime, digest: str, data: dict[str, str]
    ) -> None:
        self.proof.events.append(
            make(
                Event,
                order=order,
                kind=kind,
                occurred_at=occurred_at,
                data={"source": SOURCE, "registry": digest, **data},
            )
        )


def _row_of(firearm: Firearm) -> FirearmRow:
    return FirearmRow(
        serial=firearm.serial,
        make=firearm.make,
        model=firearm.model,
        caliber=firearm.caliber,
        firearm_type=firearm.firearm_type,
        source=firearm.source,
    )
