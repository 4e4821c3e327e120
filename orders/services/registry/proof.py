"""Sort firearms and receipts of the registry into stored, new and rejected ones.

The key of a firearm is its case and serial number, that of a receipt or statement its order and number. A row
that differs from the stored one with its key is rejected or set aside, unless the registry has sent the same
row before: then a person changed or withdrew it here, which counts. Rows of one receipt are put together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.narrowing import present
from orders.errors import DoubtfulFact, InvalidFact
from orders.matching.serials import exact_key
from orders.models import (
    Firearm,
    FirearmSource,
    HistoryEntry,
    Order,
    Receipt,
    ReviewItem,
    Statement,
    StatementKind,
)
from orders.models.fields import offset_of
from orders.services.bulk import make
from orders.services.court_days import check_proof_not_before_order
from orders.services.firearms.inventory import is_other_firearm
from orders.services.registry import files
from orders.services.registry.cells import Rejected
from orders.services.registry.descriptions import Described, describe, row_of
from orders.services.registry.known import Known, ReceiptKey
from orders.services.registry.new_proof import DESCRIPTION, Proof
from orders.services.registry.parsing import (
    FirearmRow,
    ReceiptRow,
    check_serial,
    read_firearm,
    read_receipt,
)
from orders.services.registry.places import Places
from orders.services.registry.receipt_rows import (
    JoinedRows,
    RecordedReceipt,
    is_same_receipt,
    join_rows,
    other_content,
    refusal_of,
    serials_beyond,
)
from orders.services.registry.set_aside import (
    NO_LONGER_NAMED,
    NOT_ON_RECEIPT,
    doubtful,
    near_serial,
    not_on_receipt,
    number_used,
    other_time,
    recorded_without_number,
    same_serial,
    serial_to_match,
)
from orders.services.registry.staging import Reject, Staging
from orders.services.registry.taken_off import take_off
from orders.services.registry.updating import SOURCE
from orders.services.validation import check_instant


def sort_out(orders: Mapping[str, Order], staging: Staging, places: Places, *, now: datetime) -> Proof:
    """The rows of these orders, by registry number, that are staged and not stored yet."""
    sorter = _Sorter(now)
    firearms = staging.rows_of(files.FIREARMS, orders)
    receipts = staging.rows_of(files.RECEIPTS, orders)
    sorter.known.load([orders[number] for number in {cells[0] for _, cells in (*firearms, *receipts)}])
    listed = []
    for line, cells in firearms:
        with sorter.rejecting(files.FIREARMS, line):
            listed.append((line, orders[cells[0]], read_firearm(cells)))
    described = Described((order, row) for _, order, row in listed)
    for line, order, firearm in listed:
        with sorter.rejecting(files.FIREARMS, line):
            sorter.firearm(order, firearm, line, is_one=described.is_one(order, firearm))
    by_number: dict[ReceiptKey, list[tuple[int, ReceiptRow]]] = {}
    for line, cells in receipts:
        with sorter.rejecting(files.RECEIPTS, line):
            order = orders[cells[0]]
            row = read_receipt(cells, places, places.zone_of(order))
            by_number.setdefault((order.pk, row.taker is None, row.key), []).append((line, row))
    by_key = {order.pk: order for order in orders.values()}
    for (key, is_statement, _), rows in by_number.items():
        take = sorter.statements if is_statement else sorter.receipts
        take(by_key[key], rows, places.zone_of(by_key[key]))
    return sorter.proof


class _Sorter:
    def __init__(self, now: datetime) -> None:
        self.proof = Proof()
        self.known = Known()
        self._now = now
        self._repeated: Counter[tuple[int, str]] = Counter()

    @contextmanager
    def rejecting(self, name: str, line: int) -> Iterator[None]:
        """Note a row that is rejected in this block."""
        try:
            yield
        except Rejected as error:
            self.proof.rejects.append(Reject(name, line, error.code, error.detail))

    def firearm(self, order: Order, row: FirearmRow, line: int, *, is_one: bool) -> None:
        """List the firearm, unless it is listed. Ask about a number that may belong to two firearms.

        A new description replaces that of an earlier import if it `is_one` for the file. If it is not, both
        firearms count until a person decides. A row without an identifying number is one firearm each time it
        occurs in the file. A number that may be a listed one, written another way, is listed and asked about.
        """
        key = exact_key(row.serial)
        digest = row.digest if key else self._numbered(order, row.digest)
        stored = self.known.find(order, row.serial)
        if stored is not None and row_of(stored) == row:
            return
        if stored is not None and is_one and self.known.is_of_registry(stored):
            self.proof.described.append(stored)
            self._note(order, "firearm_corrected", self._now, [digest], describe(stored, row))
            return
        if (order.pk, digest) in self.known.sent:
            return
        if stored is not None and self._describes(stored, row):
            self._note(order, "firearm_listed", self._now, [digest], {"firearm": str(stored.public_id)})
            return
        if stored is None:
            likely = self.known.likely(order, row.serial)
            listed = self._list(order, row, key, digest)
            if likely:
                self._ask(near_serial(order, likely, row, listed, line, now=self._now), [])
        elif is_other_firearm(stored, row):
            other = None if is_one else self._list(order, row, "", digest)
            self._ask(same_serial(order, stored, row, other, line, now=self._now), [digest])

    def _list(self, order: Order, row: FirearmRow, key: str, digest: str) -> Firearm:
        described = {name: getattr(row, name) for name in ("serial", *DESCRIPTION)}
        firearm = make(Firearm, order=order, serial_key=key, **described)
        self.known.add(order, firearm)
        self.proof.firearms.append(firearm)
        self._note(order, "firearm_listed", self._now, [digest], {"firearm": str(firearm.public_id)})
        return firearm

    def _describes(self, stored: Firearm, row: FirearmRow) -> bool:
        """Take over the description if only a receipt brought the firearm: it stays without the receipt."""
        if stored.source != FirearmSource.RECEIPT or stored.make or stored.model:
            return False
        for name in DESCRIPTION:
            setattr(stored, name, getattr(row, name))
        if stored.pk is not None:
            self.proof.described.append(stored)
        return True

    def _numbered(self, order: Order, digest: str) -> str:
        """The digest of the n-th row with the same content for this order."""
        self._repeated[order.pk, digest] += 1
        times = self._repeated[order.pk, digest]
        return digest if times == 1 else f"{digest}#{times}"

    def statements(self, order: Order, rows: Sequence[tuple[int, ReceiptRow]], zone: ZoneInfo) -> None:
        """Record the statement of these rows of one number, unless it is recorded.

        Set aside is one of a time before the order, or of another time or day than that with its number.
        """
        for line, row in rows:
            with self.rejecting(files.RECEIPTS, line):
                key = order.pk, True, row.key
                recorded = self.known.receipts.get(key)
                if not self._is_fresh(order, row, recorded):
                    continue
                self._check(order, row)
                if recorded is not None:
                    self._ask_about(order, row, line, recorded, zone)
                    continue
                if self._is_doubtful(order, row, line, [row.digest]):
                    continue
                statement = self._statement(order, row)
                self.known.receipts[key] = RecordedReceipt(row=row, statement=statement)

    def receipts(self, order: Order, rows: Sequence[tuple[int, ReceiptRow]], zone: ZoneInfo) -> None:
        """Record the receipts of these rows of one number, unless they are recorded.

        Rows of one place and day are one receipt. With another place or day, the number is in doubt.
        """
        key = order.pk, False, rows[0][1].key
        recorded = self.known.receipts.get(key)
        is_replaced = recorded is not None and all(self._is_fresh(order, row, recorded) for _, row in rows)
        fresh = self._fresh(order, rows, recorded)
        together, conflicts = join_rows(fresh, zone)
        is_less = False
        if recorded is not None and fresh and is_replaced:
            is_less = take_off(self.proof, self.known, order, rows, recorded, now=self._now)
        # The file still has a row of the stored receipt, so a new row does not replace it.
        is_repeated = recorded is not None and any(
            is_same_receipt(row, recorded.row, zone) and not self._is_fresh(order, row, recorded)
            for _, row in rows
        )
        for one in together:
            recorded = self.known.receipts.get(key)
            with self.rejecting(files.RECEIPTS, one.line):
                if recorded is None:
                    if not self._is_doubtful(order, one.row, one.line, one.digests):
                        self._surrender(order, one)
                elif is_same_receipt(one.row, recorded.row, zone):
                    self._extend(order, one, recorded, zone, is_repeated=is_repeated, is_less=is_less)
                else:
                    self._ask(number_used(order, one.row, one.line, now=self._now), one.digests)
        for line, row in conflicts:
            with self.rejecting(files.RECEIPTS, line):
                self._ask_about(order, row, line, self.known.receipts.get(key), zone)

    def _fresh(
        self, order: Order, rows: Sequence[tuple[int, ReceiptRow]], recorded: RecordedReceipt | None
    ) -> list[tuple[int, ReceiptRow]]:
        """Return the rows that are neither stored nor sent before. What is not allowed is rejected."""
        fresh = []
        for line, row in rows:
            with self.rejecting(files.RECEIPTS, line):
                numbered = self._one_by_one(order, row)
                if self._is_fresh(order, numbered, recorded):
                    self._check(order, row)
                    fresh.append((line, numbered))
        return fresh

    def _one_by_one(self, order: Order, row: ReceiptRow) -> ReceiptRow:
        """Return a row with a firearm without a number as one of its own each time it occurs in the file."""
        if all(exact_key(serial) for serial in row.serials):
            return row
        return replace(row, digest=self._numbered(order, row.digest), former_digest="")

    def _is_fresh(self, order: Order, row: ReceiptRow, recorded: RecordedReceipt | None) -> bool:
        """False for a row that is stored, or that the registry has sent before."""
        is_stored = recorded is not None and recorded.row == row
        sent = {(order.pk, row.digest), (order.pk, row.former_digest)} & self.known.sent
        return not is_stored and not sent

    def _check(self, order: Order, row: ReceiptRow) -> None:
        """Raise `Rejected` for what the law, the calendar or the list does not allow."""
        for serial in self.known.apart(order, row.serials):
            check_serial(serial)
        if row.taker and (refusal := refusal_of(order, row.taker)):
            raise Rejected("unlawful_recipient", f"recipient_kind: {refusal}")
        try:
            check_instant("at", row.at, now=self._now)
        except InvalidFact as error:
            raise Rejected(error.code, str(error)) from error

    def _is_doubtful(self, order: Order, row: ReceiptRow, line: int, digests: Sequence[str]) -> bool:
        """Return whether it is of a time before the order, or may be recorded. It is set aside then."""
        if self.known.is_recorded(order, row):
            self._ask(recorded_without_number(order, row, line, now=self._now), digests)
            return True
        try:
            check_proof_not_before_order("at", order, row.at)
        except DoubtfulFact as doubt:
            self._ask(doubtful(order, doubt, row, line, now=self._now), digests)
            return True
        return False

    def _statement(self, order: Order, row: ReceiptRow) -> Statement:
        statement = Statement(
            order=order,
            kind=StatementKind.NON_POSSESSION,
            sworn_at=row.at,
            sworn_offset=offset_of(row.at),
            receipt_number=row.number,
        )
        self.proof.statements.append(statement)
        self._note(order, "statement_recorded", row.at, [row.digest], {"statement": str(statement.public_id)})
        return statement

    def _surrender(self, order: Order, one: JoinedRows) -> None:
        """Record a receipt with the listed firearms that it names, and add unlisted ones."""
        row = one.row
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
        matched = self._named(order, receipt, row.serials, one.line)
        self.proof.receipts.append((receipt, matched))
        self._note(order, "receipt_recorded", row.at, one.digests, {"receipt": str(receipt.public_id)})
        self.known.receipts[order.pk, False, row.key] = RecordedReceipt(row=row, receipt=receipt)

    def _ask_about(
        self, order: Order, row: ReceiptRow, line: int, recorded: RecordedReceipt | None, zone: ZoneInfo
    ) -> None:
        """Ask about a row that contradicts a stored one. Raises `Rejected` for one of the same file."""
        if recorded is None or not recorded.is_stored:
            raise other_content(row.number)
        if is_same_receipt(row, recorded.row, zone):
            item = other_time(order, recorded, row, line, zone=zone, now=self._now)
        else:
            item = number_used(order, row, line, now=self._now)
        self._ask(item, [row.digest])

    def _ask(self, item: ReviewItem, digests: Sequence[str]) -> None:
        """Put the item on the list, and note it so that the next import does not ask again."""
        self.proof.reviews.append(item)
        self._note(item.order, "fact_set_aside", self._now, digests, {"code": item.code})

    def _extend(
        self,
        order: Order,
        one: JoinedRows,
        recorded: RecordedReceipt,
        zone: ZoneInfo,
        *,
        is_repeated: bool,
        is_less: bool,
    ) -> None:
        """Add the firearms of later rows to the stored receipt, or ask whether the rows replace it.

        Rows that name no other firearm at another time ask which time is right.
        """
        receipt, is_of_the_time = present(recorded.receipt), one.row.at == recorded.row.at
        missing = serials_beyond(self.known.apart(order, one.row.serials), recorded.row)
        if not missing:
            if is_less:
                self._note(order, "fact_set_aside", self._now, one.digests, {"code": NO_LONGER_NAMED})
                return
            if not is_of_the_time:
                self._ask(
                    other_time(order, recorded, one.row, one.line, zone=zone, now=self._now), one.digests
                )
            return
        if is_repeated and is_of_the_time:
            self.proof.extended.append((receipt, self._named(order, receipt, missing, one.line)))
            data = {"receipt": str(receipt.public_id), "items": missing}
            self._note(order, "receipt_extended", self._now, one.digests, data)
            return
        for serial in missing:
            listed = self.known.find(order, serial)
            likely = [*([listed] if listed else []), *self.known.likely(order, serial)]
            self.proof.reviews.append(
                not_on_receipt(order, receipt, serial, one.line, likely=likely, now=self._now)
            )
        self._note(order, "fact_set_aside", self._now, one.digests, {"code": NOT_ON_RECEIPT})

    def _named(self, order: Order, receipt: Receipt, serials: Collection[str], line: int) -> list[Firearm]:
        """Return the firearms that a receipt names: those of the list, and unlisted ones, which are added.

        A serial number that may be a listed firearm's, or a text that is no plain number, waits for a person.
        """
        matched: list[Firearm] = []
        for serial in self.known.apart(order, serials):
            firearm = self.known.find(order, serial)
            if firearm is not None:
                matched.append(firearm)
                continue
            if self.known.asks(order, serial):
                self.proof.reviews.append(
                    serial_to_match(self.known, order, receipt, serial, line, now=self._now)
                )
                continue
            matched.append(self._found_on_receipt(order, serial))
        return matched

    def _found_on_receipt(self, order: Order, serial: str) -> Firearm:
        """A firearm that a receipt names and that was not on the list."""
        firearm = make(
            Firearm, order=order, serial=serial, serial_key=exact_key(serial), source=FirearmSource.RECEIPT
        )
        self.known.add(order, firearm)
        self.proof.firearms.append(firearm)
        self._note(order, "firearm_listed", self._now, [], {"firearm": str(firearm.public_id)})
        return firearm

    def _note(
        self, order: Order, kind: str, occurred_at: datetime, digests: Sequence[str], data: dict[str, Any]
    ) -> None:
        """Add a history entry with the digests of the rows, so that the next import knows them."""
        rows: dict[str, Any] = {"registry": digests[0]} if digests else {}
        if others := digests[1:]:
            rows["registry_rows"] = list(others)
        self.proof.events.append(
            make(
                HistoryEntry,
                order=order,
                kind=kind,
                occurred_at=occurred_at,
                data={"source": SOURCE, **rows, **data},
            )
        )
