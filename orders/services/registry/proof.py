"""Sort firearms and receipts of the registry into stored, new and rejected ones.

The key of a firearm is its case and serial number, that of a receipt or statement its order and number. A row
that differs from the stored one with its key is rejected, unless the registry has sent the same row before:
then a person changed or withdrew it here, which counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from accounts.text import show_invisible
from orders.errors import DoubtfulFact, InvalidFact
from orders.matching.serials import exact_key, near_matches, split_serials
from orders.models import (
    Firearm,
    FirearmSource,
    HistoryEntry,
    Order,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    ReviewItem,
    ReviewKind,
    Statement,
    StatementKind,
)
from orders.models.fields import offset_of
from orders.rules.facts import Facts
from orders.services.bulk import insert, make
from orders.services.court_days import check_proof_not_before_order
from orders.services.firearms.receipts import recipient_refusal
from orders.services.firearms.status import refresh_status
from orders.services.registry import files
from orders.services.registry.cells import Rejected
from orders.services.registry.parsing import (
    FirearmRow,
    ReceiptRow,
    read_firearm,
    read_receipt,
)
from orders.services.registry.places import Places
from orders.services.registry.staging import Reject, Staging
from orders.services.registry.updating import SOURCE
from orders.services.validation import check_instant

#: The stored form of a receipt's key: order, whether it is a statement, number.
_ReceiptKey = tuple[int, bool, str]


@dataclass
class _Known:
    """Stored and new rows by the keys of the registry."""

    #: By case, then by serial key.
    firearms: defaultdict[int, dict[str, Firearm]] = field(default_factory=lambda: defaultdict(dict))
    receipts: dict[_ReceiptKey, ReceiptRow] = field(default_factory=dict)
    #: What the registry reported before, by order and digest.
    sent: set[tuple[int, str]] = field(default_factory=set)

    def add(self, order: Order, firearm: Firearm) -> None:
        """Remember a firearm of the order's case by its number, if it has one."""
        if firearm.serial_key:
            self.firearms[order.case_id][firearm.serial_key] = firearm

    def find(self, order: Order, serial: str) -> Firearm | None:
        """The firearm of the order's case with exactly this number."""
        return self.firearms[order.case_id].get(exact_key(serial))

    def apart(self, order: Order, serials: Collection[str]) -> list[str]:
        """The serial numbers, sorted; a cell that joins several listed ones is all of them."""
        listed = self.firearms[order.case_id]
        found: set[str] = set()
        for serial in serials:
            found.update(
                [serial] if exact_key(serial) in listed else split_serials(serial, listed) or [serial]
            )
        return sorted(found)

    def likely(self, order: Order, serial: str) -> list[Firearm]:
        """The firearms of the order's case whose number may be this one, written another way."""
        listed = self.firearms[order.case_id]
        return [listed[key] for key in near_matches(serial, listed)]


@dataclass
class Proof:
    """The new rows of some orders, not stored yet."""

    firearms: list[Firearm] = field(default_factory=list)
    receipts: list[tuple[Receipt, list[Firearm]]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    events: list[HistoryEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    reviews: list[ReviewItem] = field(default_factory=list)

    @property
    def order_ids(self) -> set[int]:
        """The orders with new rows."""
        return {event.order_id for event in self.events}

    def store(self) -> None:
        """Store firearms, receipts and statements, and set the status of each firearm."""
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
        ReviewItem.objects.bulk_create(self.reviews)
        refresh_status({firearm.pk for _, firearms in self.receipts for firearm in firearms})


def sort_out(orders: Mapping[str, Order], staging: Staging, places: Places, *, now: datetime) -> Proof:
    """The rows of these orders, by registry number, that are staged and not stored yet."""
    sorter = _Sorter(now)
    firearms = staging.rows_of(files.FIREARMS, orders)
    receipts = staging.rows_of(files.RECEIPTS, orders)
    sorter.know([orders[number] for number in {cells[0] for _, cells in (*firearms, *receipts)}])
    for line, cells in firearms:
        with sorter.rejecting(files.FIREARMS, line):
            sorter.firearm(orders[cells[0]], read_firearm(cells))
    for line, cells in receipts:
        with sorter.rejecting(files.RECEIPTS, line):
            order = orders[cells[0]]
            sorter.receipt(order, read_receipt(cells, places, places.zone_of(order)), line)
    return sorter.proof


class _Sorter:
    def __init__(self, now: datetime) -> None:
        self.proof = Proof()
        self._known = _Known()
        self._now = now
        self._repeated: Counter[tuple[int, str]] = Counter()

    @contextmanager
    def rejecting(self, name: str, line: int) -> Iterator[None]:
        """Note a row that is rejected in this block."""
        try:
            yield
        except Rejected as error:
            self.proof.rejects.append(Reject(name, line, error.code, error.detail))

    def know(self, orders: Sequence[Order]) -> None:
        """Load the stored rows of these orders and their cases."""
        if not orders:
            return
        known, ids = self._known, [order.pk for order in orders]
        listed = Firearm.objects.of_case(*{order.case_id for order in orders})
        for firearm in listed.exclude(serial_key="").select_related("order"):
            known.add(firearm.order, firearm)
        receipts = Receipt.objects.filter(order__in=ids).exclude(receipt_number="")
        for receipt in receipts.prefetch_related("firearms"):
            known.receipts[receipt.order_id, False, receipt.receipt_number] = ReceiptRow(
                number=receipt.receipt_number,
                at=receipt.received_at,
                taker=ReceiptKind(receipt.kind),
                agency_id=receipt.agency_id,
                dealer_license=receipt.dealer_license,
                serials=frozenset(one.serial for one in receipt.firearms.all()),
            )
        statements = Statement.objects.filter(order__in=ids, kind=StatementKind.NON_POSSESSION)
        for statement in statements.exclude(receipt_number=""):
            known.receipts[statement.order_id, True, statement.receipt_number] = ReceiptRow(
                number=statement.receipt_number, at=statement.sworn_at
            )
        events = HistoryEntry.objects.filter(order__in=ids, data__has_key="registry")
        known.sent.update(events.values_list("order_id", "data__registry"))

    def firearm(self, order: Order, row: FirearmRow) -> None:
        """List the firearm, unless it is listed. Raises `Rejected` if its number belongs to another one.

        A row without an identifying number is one firearm each time it occurs in the file.
        """
        key = exact_key(row.serial)
        digest = row.digest if key else self._numbered(order, row.digest)
        stored = self._known.find(order, row.serial)
        if stored is not None and _row_of(stored) == row:
            return
        if (order.pk, digest) in self._known.sent:
            return
        if stored is not None:
            raise Rejected(
                "duplicate_serial",
                f"serial: {row.serial} is on the list of the case with another description. The first row is "
                "kept. Correct the firearm on the order's page if this row is right.",
            )
        firearm = make(
            Firearm,
            order=order,
            serial=row.serial,
            serial_key=key,
            make=row.make,
            model=row.model,
            caliber=row.caliber,
            firearm_type=row.firearm_type,
            source=row.source,
        )
        self._known.add(order, firearm)
        self.proof.firearms.append(firearm)
        self._note(order, "firearm_listed", self._now, digest, {"firearm": str(firearm.public_id)})

    def _numbered(self, order: Order, digest: str) -> str:
        """The digest of the n-th row with the same content for this order."""
        self._repeated[order.pk, digest] += 1
        times = self._repeated[order.pk, digest]
        return digest if times == 1 else f"{digest}#{times}"

    def receipt(self, order: Order, row: ReceiptRow, line: int) -> None:
        """Record the receipt or statement, unless it is recorded. Raises `Rejected`.

        A receipt or statement of a time before the order is set aside as doubtful.
        """
        is_statement = row.taker is None
        key = (order.pk, is_statement, row.number)
        stored = self._known.receipts.get(key)
        if stored == row or (order.pk, row.digest) in self._known.sent:
            return
        if stored is not None:
            raise Rejected(
                "duplicate_receipt_number",
                f"receipt_number: {row.number} is recorded for this order with other content. The first one "
                "is kept. Withdraw it on the order's page if this row is right.",
            )
        if row.taker and (refusal := _refusal(order.jurisdiction, order.kind, order.issued_on, row.taker)):
            raise Rejected("unlawful_recipient", f"recipient_kind: {refusal}")
        try:
            check_instant("at", row.at, now=self._now)
            check_proof_not_before_order("at", order, row.at)
        except DoubtfulFact as doubt:
            self._set_aside(order, doubt, line, row)
            return
        except InvalidFact as error:
            raise Rejected(error.code, str(error)) from error
        if is_statement:
            self._statement(order, row)
        else:
            self._surrender(order, row, line)
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

    def _surrender(self, order: Order, row: ReceiptRow, line: int) -> None:
        """Record a receipt with the listed firearms that it names, and add unlisted ones.

        A serial number that may be a listed firearm's, or identifies no firearm, waits for a person.
        """
        receipt = make(
            Receipt,
            order=order,
            kind=row.taker or "",
            received_at=row.at,
            received_offset=offset_of(row.at),
            receipt_number=row.number,
            agency_id=row.agency_id,
            dealer_license=row.dealer_license,
        )
        matched: list[Firearm] = []
        for serial in self._known.apart(order, row.serials):
            firearm = self._known.find(order, serial)
            if firearm is not None:
                matched.append(firearm)
                continue
            likely = self._known.likely(order, serial)
            if likely or not exact_key(serial):
                self._set_aside_serial(order, receipt, serial, likely, line)
                continue
            matched.append(self._found_on_receipt(order, serial))
        self.proof.receipts.append((receipt, matched))
        self._note(order, "receipt_recorded", row.at, row.digest, {"receipt": str(receipt.public_id)})

    def _found_on_receipt(self, order: Order, serial: str) -> Firearm:
        """A firearm that a receipt names and that was not on the list."""
        firearm = make(
            Firearm, order=order, serial=serial, serial_key=exact_key(serial), source=FirearmSource.RECEIPT
        )
        self._known.add(order, firearm)
        self.proof.firearms.append(firearm)
        self._note(order, "firearm_listed", self._now, "", {"firearm": str(firearm.public_id)})
        return firearm

    def _set_aside_serial(
        self, order: Order, receipt: Receipt, serial: str, likely: Sequence[Firearm], line: int
    ) -> None:
        what = f"serials: {show_invisible(serial)[:40]}"
        detail = (
            f"{what} may be {', '.join(one.serial for one in likely)} of the list. Decide whether it is the "
            "same firearm."
            if likely
            else f"{what} identifies no firearm. Decide which firearm of the list it is."
        )
        self.proof.reviews.append(
            ReviewItem(
                order=order,
                kind=ReviewKind.NEAR_MATCH,
                code="near_match" if likely else "no_serial",
                file=files.RECEIPTS,
                line=line,
                detail=detail,
                payload={
                    "receipt": str(receipt.public_id),
                    "serial": serial,
                    "firearms": [str(one.public_id) for one in likely],
                },
                created_at=self._now,
            )
        )

    def _set_aside(self, order: Order, doubt: DoubtfulFact, line: int, row: ReceiptRow) -> None:
        self.proof.reviews.append(
            ReviewItem(
                order=order,
                kind=ReviewKind.DOUBTFUL,
                code=doubt.code,
                file=files.RECEIPTS,
                line=line,
                detail=str(doubt),
                payload=row.as_payload(),
                created_at=self._now,
            )
        )
        self._note(order, "fact_set_aside", self._now, row.digest, {"code": doubt.code})

    def _note(
        self, order: Order, kind: str, occurred_at: datetime, digest: str, data: dict[str, str]
    ) -> None:
        self.proof.events.append(
            make(
                HistoryEntry,
                order=order,
                kind=kind,
                occurred_at=occurred_at,
                data={"source": SOURCE, **({"registry": digest} if digest else {}), **data},
            )
        )


@cache
def _refusal(jurisdiction: str, kind: str, issued_on: date, taker: ReceiptKind) -> str:
    """Why the order does not allow this recipient; empty if it does."""
    facts = Facts(jurisdiction=jurisdiction, kind=kind, issued_on=issued_on)
    return recipient_refusal(facts, taker)


def _row_of(firearm: Firearm) -> FirearmRow:
    return FirearmRow(
        serial=firearm.serial,
        make=firearm.make,
        model=firearm.model,
        caliber=firearm.caliber,
        firearm_type=firearm.firearm_type,
        source=firearm.source,
    )
