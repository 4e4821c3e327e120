"""What is stored of the orders of a batch, by the keys of the registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from orders.matching.serials import (
    distinct,
    exact_key,
    is_plain_number,
    near_keys,
    split_partly,
    split_serials,
)
from orders.models import (
    CustodyRequest,
    CustodyStep,
    Firearm,
    FirearmDisposal,
    FirearmReturn,
    HistoryEntry,
    Order,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    Statement,
    StatementKind,
)
from orders.services.registry.parsing import ReceiptRow
from orders.services.registry.receipt_rows import RecordedReceipt

#: The stored form of a receipt's key: order, whether it is a statement, number in capitals.
ReceiptKey = tuple[int, bool, str]
#: The order, the kind, agency and license of the taker (a statement has none), and the time.
UnnumberedKey = tuple[int, ReceiptKind | None, int | None, str, datetime]


@dataclass
class Known:
    """Stored and new rows by the keys of the registry."""

    #: By case, then by serial key.
    firearms: defaultdict[int, dict[str, Firearm]] = field(default_factory=lambda: defaultdict(dict))
    #: By case and near key, the serial keys that may be the same number: a receipt may name thousands.
    near: defaultdict[tuple[int, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    receipts: dict[ReceiptKey, RecordedReceipt] = field(default_factory=dict)
    #: By case, unlisted parts of cells that name listed firearms too.
    rests: set[tuple[int, str]] = field(default_factory=set)
    #: The ids of receipts and firearms that a person recorded, corrected or decided about here.
    by_hand: set[str] = field(default_factory=set)
    #: The firearms (by key) on stored receipts that a later fact needs there.
    bound: set[int] = field(default_factory=set)
    #: Receipts and statements without a number, by order, taker and time, with the numbers of their firearms.
    unnumbered: dict[UnnumberedKey, set[str]] = field(default_factory=dict)
    #: What the registry reported before, by order and digest.
    sent: set[tuple[int, str]] = field(default_factory=set)

    def add(self, order: Order, firearm: Firearm) -> None:
        """Remember a firearm of the order's case by its number, if it has one."""
        key = firearm.serial_key
        if not key:
            return
        if key not in self.firearms[order.case_id]:
            for near in near_keys(key):
                self.near[order.case_id, near].append(key)
        self.firearms[order.case_id][key] = firearm

    def is_of_registry(self, firearm: Firearm) -> bool:
        """True for a stored firearm that an import listed and no person has worked on."""
        return str(firearm.public_id) not in self.by_hand and firearm.pk is not None

    def find(self, order: Order, serial: str) -> Firearm | None:
        """The firearm of the order's case with exactly this number."""
        return self.firearms[order.case_id].get(exact_key(serial))

    def apart(self, order: Order, serials: Collection[str]) -> tuple[str, ...]:
        """The serial numbers, sorted; a cell that joins numbers, one of them listed, is all of them."""
        return distinct(one for serial in serials for one in self._parts(order, serial))

    def _parts(self, order: Order, serial: str) -> list[str]:
        listed = self.firearms[order.case_id]
        if exact_key(serial) in listed:
            return [serial]
        if parts := split_serials(serial, listed):
            return parts
        found, rest = split_partly(serial, listed)
        self.rests.update((order.case_id, one) for one in rest)
        return [*found, *rest] or [serial]

    def is_rest(self, order: Order, serial: str) -> bool:
        """True for an unlisted part of a cell that names listed firearms too: it waits for a person."""
        return (order.case_id, serial) in self.rests

    def asks(self, order: Order, serial: str) -> bool:
        """True for what is not listed and a person must place: near, in one cell with others, no number."""
        is_unclear = self.is_rest(order, serial) or not is_plain_number(serial)
        return self.find(order, serial) is None and (is_unclear or bool(self.likely(order, serial)))

    def likely(self, order: Order, serial: str) -> list[Firearm]:
        """The firearms of the order's case whose number may be this one, written another way."""
        listed, exact = self.firearms[order.case_id], exact_key(serial)
        near = (self.near.get((order.case_id, one), ()) for one in sorted(near_keys(serial)))
        return [listed[key] for key in dict.fromkeys(chain.from_iterable(near)) if key != exact]

    def load(self, orders: Sequence[Order]) -> None:
        """Load the stored rows of these orders and their cases."""
        if not orders:
            return
        ids = [order.pk for order in orders]
        listed = Firearm.objects.of_case(*{order.case_id for order in orders})
        for firearm in listed.exclude(serial_key="").select_related("order"):
            self.add(firearm.order, firearm)
        for receipt in Receipt.objects.filter(order__in=ids).prefetch_related("firearms"):
            row = ReceiptRow(
                number=receipt.receipt_number,
                at=receipt.received_at,
                taker=ReceiptKind(receipt.kind),
                agency_id=receipt.agency_id,
                dealer_license=receipt.dealer_license,
                serials=distinct(one.serial for one in receipt.firearms.all()),
            )
            if not row.number:
                known = self.unnumbered.setdefault(_unnumbered(receipt.order_id, row), set())
                known |= {exact_key(one) for one in row.serials}
                continue
            self.receipts[receipt.order_id, False, row.key] = RecordedReceipt(row=row, receipt=receipt)
        self._load_kept(ids, {order.case_id for order in orders})
        statements = Statement.objects.filter(order__in=ids, kind=StatementKind.NON_POSSESSION)
        for statement in statements:
            row = ReceiptRow(number=statement.receipt_number, at=statement.sworn_at)
            if not row.number:
                self.unnumbered[_unnumbered(statement.order_id, row)] = set()
                continue
            self.receipts[statement.order_id, True, row.key] = RecordedReceipt(row=row, statement=statement)
        events = HistoryEntry.objects.filter(order__in=ids, data__has_key="registry")
        for order_id, digest, others in events.values_list(
            "order_id", "data__registry", "data__registry_rows"
        ):
            self.sent.update((order_id, one) for one in (digest, *(others or ())))

    def is_recorded(self, order: Order, row: ReceiptRow) -> bool:
        """True if a receipt or statement without a number may be that of the row: a person decides."""
        known = self.unnumbered.get(_unnumbered(order.pk, row))
        if known is None:
            return False
        return row.taker is None or not known or bool(known & {exact_key(one) for one in row.serials})

    def _load_kept(self, ids: Sequence[int], cases: Collection[int]) -> None:
        """Load what an import does not change on the lists of these cases and receipts of these orders."""
        acts = HistoryEntry.objects.filter(order__case__in=cases, actor__isnull=False)
        for ids_of_act in acts.values_list("data__receipt", "data__item__id", "data__firearm"):
            self.by_hand.update(filter(None, ids_of_act))
        later = (FirearmReturn, FirearmDisposal, CustodyStep, CustodyRequest.firearms.through)
        on_receipt = ReceiptItem.objects.filter(receipt__order__in=ids).values("firearm")
        for model in later:
            self.bound.update(model.objects.filter(firearm__in=on_receipt).values_list("firearm", flat=True))


def _unnumbered(order: int, row: ReceiptRow) -> UnnumberedKey:
    return order, row.taker, row.agency_id, row.dealer_license, row.at
