"""An export imported batch by batch: a batch, with the firearms and receipts of its orders, wholly or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from orders.models import (
    Case,
    Checkpoint,
    Concern,
    Deadline,
    Event,
    Firearm,
    Hearing,
    Order,
    ProtectedPerson,
    Receipt,
    ReceiptItem,
    Respondent,
    Statement,
)
from orders.services.bulk import insert, make
from orders.services.change import with_deadlines
from orders.services.entry import NewOrder, store_orders
from orders.services.planning import replan
from orders.services.registry import files
from orders.services.registry.files import Row
from orders.services.registry.parsing import Places, Rejected, read_order
from orders.services.registry.proof import Proof, sort_out
from orders.services.registry.staging import Reject, Staging, staging
from orders.services.registry.updating import SOURCE, said_of, update

#: Rows of orders.csv in one transaction.
BATCH = 500

#: The tables that grow with every order.
GROWING = (
    Case,
    Checkpoint,
    Concern,
    Deadline,
    Event,
    Firearm,
    Hearing,
    Order,
    ProtectedPerson,
    Receipt,
    ReceiptItem,
    Respondent,
    Statement,
)


@contextmanager
def importing(folder: Path, *, now: datetime, courts: frozenset[int] | None = None) -> Iterator[Import]:
    """The export in `folder`, read through once and ready to be imported.

    With `courts`, orders of other courts are rejected, and what is stored of them stays as it is.
    Raises `ExportError` where it cannot be read, before anything is stored, and `AlreadyImportingError`.
    """
    with staging(folder) as staged:
        yield Import(folder, staged, now, courts)


class Import:
    """One run. An order is stored with its firearms and receipts in one transaction and planned once.

    Were they stored file by file, a deadline would stand overdue in between, and police be told so, though
    its receipt is only some lines away.
    """

    def __init__(
        self, folder: Path, staged: Staging, now: datetime, courts: frozenset[int] | None = None
    ) -> None:
        self.total = staged.total
        self.imported = self.updated = self.unchanged = 0
        self._folder = folder
        self._staging = staged
        self._now = now
        self._courts = courts
        self._places = Places()
        self._look_after = BATCH

    def batches(self) -> Iterator[int]:
        """Imports batch by batch; yields how many rows of orders.csv each had.

        A batch that fails leaves nothing behind, those before it stand, and importing again goes on there.
        """
        rows = files.read(self._folder, files.ORDERS)
        while some := list(islice(rows, BATCH)):
            self._take_twice(some)
            self._look_at_sizes()
            yield len(some)
        for numbers in self._staging.numbers_left(BATCH):
            self._take_proof(numbers)
            yield 0

    @property
    def rejected(self) -> dict[str, int]:
        """How many rows were rejected, by code."""
        return self._staging.counts()

    def rejects(self) -> Iterator[Reject]:
        """The rejected rows, by file and line."""
        return self._staging.rejects()

    @property
    def firearms(self) -> int:
        """How many firearms are stored."""
        return Firearm.objects.count()

    @property
    def receipts(self) -> int:
        """How many receipts and statements are stored."""
        return Receipt.objects.count() + Statement.objects.count()

    def _look_at_sizes(self) -> None:
        """The database looks at the tables whenever the import has doubled them.

        Until it has, it plans for the few rows that it last saw and reads whole tables; autovacuum comes
        minutes later, and cached plans of this session stay as they are until somebody looks.
        """
        if self.imported >= self._look_after:
            self._look_after = 2 * self.imported
            tables = ", ".join(model._meta.db_table for model in GROWING)  # noqa: SLF001 - as documented
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")

    def _take_twice(self, rows: Sequence[Row]) -> None:
        """Takes a batch; again, should somebody have entered one of its orders in that moment."""
        try:
            self._take(rows)
        except IntegrityError:
            self._take(rows)

    def _take(self, rows: Sequence[Row]) -> None:
        with transaction.atomic():
            batch = _Batch(self._staging, self._places, self._now, self._courts)
            batch.read(rows)
            batch.store()
        self.imported += batch.imported
        self.updated += batch.updated
        self.unchanged += batch.unchanged

    def _take_proof(self, numbers: list[str]) -> None:
        """Firearms and receipts of orders that this export does not repeat, and of those nobody knows."""
        with transaction.atomic():
            batch = _Batch(self._staging, self._places, self._now, self._courts)
            batch.expect(numbers)
            batch.store()


_NOT_YOURS = Rejected(
    "not_your_court", "docket_number: of a court where you are no clerk. Its own clerk imports it."
)


@dataclass
class _Batch:
    """One transaction of an import."""

    staging: Staging
    places: Places
    now: datetime
    courts: frozenset[int] | None = None
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    _lines: dict[str, int] = field(default_factory=dict)
    _read: dict[str, NewOrder] = field(default_factory=dict)
    _rejects: list[Reject] = field(default_factory=list)
    _orders: dict[str, Order] = field(default_factory=dict)
    _events: dict[int, list[Event]] = field(default_factory=dict)

    def read(self, rows: Iterable[Row]) -> None:
        """Reads rows of orders.csv; the first row of a number stands, whatever a later one says."""
        repeated: list[tuple[int, NewOrder]] = []
        for line, cells in rows:
            try:
                new = read_order(cells, self.places)
                self._check_court(new.court.pk)
            except Rejected as error:
                self._reject(line, error)
                continue
            if new.por_number in self._read:
                repeated.append((line, new))
            else:
                self._read[new.por_number] = new
                self._lines[new.por_number] = line
        digests = {number: new.source_digest for number, new in self._read.items()}
        before = self.staging.claim(digests)
        repeated.extend((self._lines[number], self._read.pop(number)) for number in before)
        for line, new in repeated:
            if (before.get(new.por_number) or digests[new.por_number]) == new.source_digest:
                self.unchanged += 1
            else:
                self._reject(line, _duplicate(new))

    def expect(self, numbers: Iterable[str]) -> None:
        """Takes orders that are stored already; rows of those that are not are rejected."""
        self._orders = {number: order for number, order in _stored(numbers).items() if self._is_ours(order)}
        self._reject_proof([number for number in numbers if number not in self._orders])

    def store(self) -> None:
        """Everything is stored, what changed is planned anew, and events and rejects are written."""
        self._take_stored()
        # New orders first: whatever else is locked is locked after their cases.
        self._enter([new for number, new in self._read.items() if number not in self._orders])
        changed = self._changed()
        proof = self._proof()
        touched = proof.order_ids | changed.keys()
        standing = touched - self._events.keys()
        if standing:
            # Look again at what is to change, now that nobody else can change it.
            self._lock(standing)
            changed = self._changed()
            proof = self._proof()
        self._update(changed)
        proof.store()
        for event in proof.events:
            self._events.setdefault(event.order_id, []).append(event)
        self._plan()
        self.staging.reject([*self._rejects, *proof.rejects])

    def _take_stored(self) -> None:
        """Finds which orders are stored already; rows of those of other courts are rejected."""
        stored = _stored(self._read)
        theirs = [number for number, order in stored.items() if not self._is_ours(order)]
        for number in theirs:
            del stored[number], self._read[number]
            self._reject(self._lines[number], _NOT_YOURS)
        if theirs:
            self._reject_proof(theirs)
        self._orders.update(stored)

    def _reject_proof(self, unknown: Sequence[str]) -> None:
        """Firearms and receipts of orders that are not stored, or are as good as not for who imports."""
        for name in (files.FIREARMS, files.RECEIPTS):
            self._rejects.extend(
                Reject(
                    name,
                    line,
                    "unknown_por_number",
                    f"por_number: {cells[0][:40]} is no order that is stored; import its row of orders.csv.",
                )
                for line, cells in self.staging.rows_of(name, unknown)
            )

    def _is_ours(self, order: Order) -> bool:
        return self.courts is None or order.case.court_id in self.courts

    def _check_court(self, court: int) -> None:
        if self.courts is not None and court not in self.courts:
            raise _NOT_YOURS

    def _enter(self, new: Sequence[NewOrder]) -> None:
        for one, order in zip(new, store_orders(new) if new else (), strict=True):
            data = {"source": SOURCE}
            if one.hearing_on:
                data["hearing_on"] = one.hearing_on.isoformat()
            self._orders[one.por_number] = order
            self._events[order.pk] = [
                make(Event, order=order, kind="entered", occurred_at=order.issued_at or self.now, data=data)
            ]
        self.imported = len(new)

    def _changed(self) -> dict[int, NewOrder]:
        """The rows that say something else than the registry did last time, by the key of their order."""
        return {
            self._orders[number].pk: new
            for number, new in self._read.items()
            if self._orders[number].source_digest != new.source_digest
        }

    def _proof(self) -> Proof:
        return sort_out(self._orders, self.staging, self.places, now=self.now)

    def _lock(self, keys: set[int]) -> None:
        cases = Case.objects.select_for_update(no_key=True)
        list(cases.filter(orders__in=keys).order_by("id").values_list("id", flat=True))
        self._orders.update(
            {
                order.por_number: order
                for order in Order.objects.filter(pk__in=keys).select_related("case__respondent__town")
            }
        )

    def _update(self, changed: dict[int, NewOrder]) -> None:
        orders = [self._orders[new.por_number] for new in changed.values()]
        said = said_of(orders) if orders else {}
        refused = 0
        for order in orders:
            new = changed[order.pk]
            try:
                self._events[order.pk] = update(order, new, said[order.pk], now=self.now)
            except Rejected as error:
                self._reject(self._lines[new.por_number], error)
                order.refresh_from_db()
                refused += 1
        self.updated = len(orders) - refused
        self.unchanged += len(self._read) - self.imported - len(orders)

    def _plan(self) -> None:
        if not self._events:
            return
        mine = {order.pk: order for order in self._orders.values() if order.pk in self._events}
        cases = {order.case_id for order in mine.values()}
        siblings = Order.objects.filter(case__in=cases).exclude(pk__in=mine).select_related("case")
        told = replan([*mine.values(), *siblings], now=self.now)
        for key, moved in told.items():
            if key in self._events:
                first = self._events[key][0]
                first.data = with_deadlines(first.data, moved)
            elif moved:
                self._events[key] = [
                    Event(order_id=key, kind="replanned", occurred_at=self.now, data={"deadlines": moved})
                ]
        insert([event for events in self._events.values() for event in events])

    def _reject(self, line: int, error: Rejected) -> None:
        self._rejects.append(Reject(files.ORDERS, line, error.code, error.detail))


def _stored(numbers: Iterable[str]) -> dict[str, Order]:
    orders = Order.objects.filter(por_number__in=list(numbers)).select_related("case")
    return {order.por_number: order for order in orders}


def _duplicate(new: NewOrder) -> Rejected:
    return Rejected(
        "duplicate_por_number",
        f"por_number: {new.por_number} stands in an earlier row of this file with other content. The first "
        "stands; remove the wrong one.",
    )
