"""Import an export batch by batch. Each batch, with its firearms and receipts, is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from orders.matching.dockets import is_connecticut_docket
from orders.models import (
    Case,
    Firearm,
    HistoryEntry,
    Order,
    Receipt,
    ReviewItem,
    Statement,
)
from orders.services.bulk import make
from orders.services.limits import REGISTRY_REASON, beyond_at, noted
from orders.services.orders.entry import NewOrder, store_orders
from orders.services.person_cases import groups_of, lock_cases
from orders.services.planning.history import replan_and_record, with_siblings
from orders.services.planning.rulebooks import rulebooks_of
from orders.services.registry import files
from orders.services.registry.cells import Rejected
from orders.services.registry.files import Export, Row
from orders.services.registry.growing import GROWING
from orders.services.registry.new_proof import Proof
from orders.services.registry.numbered import stored_orders
from orders.services.registry.other_respondents import other_respondents
from orders.services.registry.parsing import read_order
from orders.services.registry.places import Places
from orders.services.registry.proof import sort_out
from orders.services.registry.refusals import AMBIGUOUS, IN_ERROR, NOT_YOURS, duplicate, unknown
from orders.services.registry.small_children import SmallChildren
from orders.services.registry.staging import Reject, Staging, staging
from orders.services.registry.updating import SOURCE, last_values, update
from orders.services.registry.without_end import without_end

#: Rows of orders.csv in one transaction.
BATCH = 500


@contextmanager
def importing(
    export: Export | Path, *, now: datetime, courts: frozenset[int] | None = None
) -> Iterator[Import]:
    """The export, read through once and ready to be imported; a path is an export in the default layout.

    With `courts`, orders of other courts are rejected and their stored data are not changed. Raises
    `ExportError` before anything is stored if the export cannot be read, and `AlreadyImportingError`.
    """
    if isinstance(export, Path):
        export = Export(export)
    with staging(export) as staged:
        yield Import(export, staged, now, courts)


class Import:
    """One run. It stores an order with its firearms and receipts in one transaction and plans it once.

    File by file, a deadline would be overdue for a moment and police be alerted, although its receipt is in
    the next file.
    """

    def __init__(
        self, export: Export, staged: Staging, now: datetime, courts: frozenset[int] | None = None
    ) -> None:
        self.total = staged.total
        self.imported = self.updated = self.unchanged = self.beyond_rule = self.unusual_dockets = 0
        self._export = export
        self._staging = staged
        self._now = now
        self._courts = courts
        self._places = Places(export.layout.zone, export.layout.state)
        self._analyze_after = BATCH

    def batches(self) -> Iterator[int]:
        """Import batch by batch, and yield the number of rows of orders.csv in each.

        A batch that fails is rolled back. Earlier batches stay, and the next import continues from there.
        """
        rows = self._export.rows(files.ORDERS)
        while some := list(islice(rows, BATCH)):
            self._take_or_retry(some)
            self._analyze_growing()
            yield len(some)
        for numbers in self._staging.numbers_left(BATCH):
            self._take_proof(numbers)
            yield 0

    @property
    def rejected(self) -> dict[str, int]:
        """The number of rejected rows by code."""
        return self._staging.counts()

    def rejects(self) -> Iterator[Reject]:
        """The rejected rows, by file and line."""
        return self._staging.rejects()

    def reviews(self) -> Iterator[ReviewItem]:
        """The rows of this run that wait for a person, by file and line."""
        items = ReviewItem.objects.filter(created_at=self._now).waiting().select_related("order")
        return items.order_by("file", "line", "id").iterator(chunk_size=2000)

    @property
    def firearms(self) -> int:
        """The number of stored firearms."""
        return Firearm.objects.count()

    @property
    def receipts(self) -> int:
        """The number of stored receipts and statements."""
        return Receipt.objects.count() + Statement.objects.count()

    def _analyze_growing(self) -> None:
        """Analyze the tables whenever the import has doubled them.

        Otherwise the database plans for the few rows it last counted and reads whole tables. Autovacuum runs
        minutes later, and cached plans of this session stay until then.
        """
        if self.imported >= self._analyze_after:
            self._analyze_after = 2 * self.imported
            tables = ", ".join(model._meta.db_table for model in GROWING)
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")

    def _take_or_retry(self, rows: Sequence[Row]) -> None:
        """Import a batch, and try once more if a person entered one of its orders at the same moment."""
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
        self.beyond_rule += batch.beyond_rule
        self.unusual_dockets += batch.unusual_dockets

    def _take_proof(self, numbers: list[str]) -> None:
        """Import firearms and receipts of orders that are not in orders.csv, stored or unknown."""
        with transaction.atomic():
            batch = _Batch(self._staging, self._places, self._now, self._courts)
            batch.expect(numbers)
            batch.store()


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
    #: New orders with a date that the law does not allow. They are stored as the court set them.
    beyond_rule: int = 0
    #: New orders whose docket number does not have the form of Connecticut's.
    unusual_dockets: int = 0
    _lines: dict[str, int] = field(default_factory=dict)
    _read: dict[str, NewOrder] = field(default_factory=dict)
    _rejects: list[Reject] = field(default_factory=list)
    _orders: dict[str, Order] = field(default_factory=dict)
    _events: dict[int, list[HistoryEntry]] = field(default_factory=dict)
    _cases: set[int] = field(default_factory=set)
    #: The orders (by key) that were not here before.
    _entered: set[int] = field(default_factory=set)
    _children: SmallChildren = field(default_factory=SmallChildren)

    def read(self, rows: Iterable[Row]) -> None:
        """Read rows of orders.csv. The first row of a number counts; later rows must repeat it."""
        repeated: list[tuple[int, NewOrder]] = []
        for line, cells in rows:
            try:
                new = self._children.without_birth(read_order(cells, self.places, now=self.now))
                self._check_court(new.court.pk)
            except Rejected as error:
                self._reject(line, error)
                continue
            if new.number_key in self._read:
                repeated.append((line, new))
            else:
                self._read[new.number_key] = new
                self._lines[new.number_key] = line
        digests = {number: new.source_digest for number, new in self._read.items()}
        before = self.staging.claim(digests)
        repeated.extend((self._lines[number], self._read.pop(number)) for number in before)
        for line, new in repeated:
            if (before.get(new.number_key) or digests[new.number_key]) == new.source_digest:
                self.unchanged += 1
            else:
                self._reject(line, duplicate(new))

    def expect(self, numbers: Iterable[str]) -> None:
        """Add stored orders, and reject the rows of unknown ones."""
        numbers = list(numbers)
        found, ambiguous = stored_orders(numbers, self._read, self.courts)
        self._orders = {number: order for number, order in found.items() if self._is_ours(order)}
        self._reject_proof(ambiguous, AMBIGUOUS)
        self._reject_proof([one for one in numbers if one not in self._orders and one not in ambiguous])
        self._leave_out_errors()

    def store(self) -> None:
        """Store everything, replan what changed, and write history entries and rejected rows."""
        self._take_stored()
        self._renew_digests()
        # New orders first, so that their cases are locked before everything else.
        self._enter([new for number, new in self._read.items() if number not in self._orders])
        changed = self._changed()
        proof = self._proof()
        touched = proof.order_ids | changed.keys()
        existing = touched - self._events.keys()
        if existing:
            # Lock them, and compare again with the locked rows.
            self._lock(existing)
            self._leave_out_errors()
            changed = self._changed()
        # First the time of issue, by which proof is judged.
        self._update(changed)
        if existing:
            proof = self._proof()
        proof.store()
        for event in proof.events:
            self._events.setdefault(event.order_id, []).append(event)
        self._plan()
        self.staging.reject([*self._rejects, *proof.rejects])

    def _take_stored(self) -> None:
        """Find the stored orders, and reject the rows of those that belong to other courts."""
        stored, ambiguous = stored_orders(self._read, self._read, self.courts)
        theirs = [number for number, order in stored.items() if not self._is_ours(order)]
        for number in theirs:
            del stored[number]
        for number in (*theirs, *ambiguous):
            del self._read[number]
            self._reject(self._lines[number], AMBIGUOUS if number in ambiguous else NOT_YOURS)
        if theirs:
            self._reject_proof(theirs)
        if ambiguous:
            self._reject_proof(ambiguous, AMBIGUOUS)
        self._orders.update(stored)
        self._leave_out_errors()

    def _leave_out_errors(self) -> None:
        """Reject the rows of orders that people withdrew: the registry does not bring them back silently."""
        numbers = [number for number, order in self._orders.items() if order.withdrawn_at is not None]
        for number in numbers:
            del self._orders[number]
            if self._read.pop(number, None) is not None:
                self._reject(self._lines[number], IN_ERROR)
        if numbers:
            self._reject_proof(numbers, IN_ERROR)

    def _reject_proof(self, numbers: Collection[str], error: Rejected | None = None) -> None:
        """Reject firearms and receipts of orders that are unknown, of other courts, or entered in error."""
        for name in (files.FIREARMS, files.RECEIPTS):
            for line, cells in self.staging.rows_of(name, numbers):
                why = error or unknown(cells[0])
                self._rejects.append(Reject(name, line, why.code, why.detail))

    def _is_ours(self, order: Order) -> bool:
        return order.jurisdiction == self.places.state

    def _check_court(self, court: int) -> None:
        if self.courts is not None and court not in self.courts:
            raise NOT_YOURS

    def _enter(self, new: Sequence[NewOrder]) -> None:
        books = rulebooks_of(one.court.pk for one in new) if new else {}
        for one, order in zip(new, store_orders(new, now=self.now) if new else (), strict=True):
            found = beyond_at(one.facts(), one.court.pk, books)
            self.beyond_rule += bool(found)
            if one.jurisdiction == "us_ct" and not is_connecticut_docket(one.docket_number):
                self.unusual_dockets += 1
            data = {"source": SOURCE, **noted(found, reason=REGISTRY_REASON)}
            if one.hearing_on:
                data["hearing_on"] = one.hearing_on.isoformat()
                if one.judge:
                    data["judge"] = one.judge
            self._orders[one.number_key] = order
            self._entered.add(order.pk)
            self._events[order.pk] = [
                make(
                    HistoryEntry,
                    order=order,
                    kind="entered",
                    occurred_at=order.issued_at or self.now,
                    data=data,
                )
            ]
            if order.served_at is not None:
                self._events[order.pk].append(
                    make(
                        HistoryEntry,
                        order=order,
                        kind="served",
                        occurred_at=order.served_at,
                        data={"source": SOURCE},
                    )
                )
        entered = [(self._orders[one.number_key], self._lines[one.number_key]) for one in new]
        asked = [*other_respondents(entered, now=self.now), *without_end(new, entered, now=self.now)]
        ReviewItem.objects.bulk_create(asked)
        self._set_births_aside([order for order, _ in entered])
        self.imported = len(new)

    def _set_births_aside(self, orders: Sequence[Order]) -> None:
        ReviewItem.objects.bulk_create(self._children.items(orders, self._lines, now=self.now))

    def _changed(self) -> dict[int, NewOrder]:
        """The rows that changed since the last import, by the key of their order."""
        return {
            self._orders[number].pk: new
            for number, new in self._read.items()
            if self._orders[number].source_digest not in (new.source_digest, *new.former_digests)
        }

    def _renew_digests(self) -> None:
        """Store the current digest of rows that are as before, in place of one under an earlier key."""
        stale = []
        for number, new in self._read.items():
            order = self._orders.get(number)
            if order is not None and order.source_digest in new.former_digests:
                order.source_digest = new.source_digest
                stale.append(order)
        Order.recorded.bulk_update(stale, ["source_digest"])

    def _proof(self) -> Proof:
        return sort_out(self._orders, self.staging, self.places, now=self.now)

    def _lock(self, keys: set[int]) -> None:
        lock_cases(Case.objects.filter(orders__in=keys).values_list("id", flat=True).distinct())
        self._orders.update(
            {
                order.number_key: order
                for order in Order.recorded.filter(pk__in=keys).select_related("case__respondent__town")
            }
        )

    def _update(self, changed: dict[int, NewOrder]) -> None:
        orders = [self._orders[new.number_key] for new in changed.values()]
        last = last_values(orders) if orders else {}
        # A new name may part the person's cases: those that shared the inventory are replanned too.
        self._cases = set(groups_of({order.case_id for order in orders}))
        refused, moved = 0, []
        for order in orders:
            new, docket = changed[order.pk], order.case.docket_number
            line = self._lines[new.number_key]
            last[order.pk].keeps_birth = new.number_key in self._children
            try:
                self._events[order.pk] = update(order, new, last[order.pk], line=line, now=self.now)
            except Rejected as error:
                self._reject(line, error)
                order.refresh_from_db()
                refused += 1
            if order.case.docket_number != docket:
                moved.append((order, line))
        ReviewItem.objects.bulk_create(other_respondents(moved, now=self.now, have_moved=True))
        self._set_births_aside(orders)
        self.updated = len(orders) - refused
        self.unchanged += len(self._read) - self.imported - len(orders)

    def _plan(self) -> None:
        if not self._events:
            return
        changed = [order for order in self._orders.values() if order.pk in self._events]
        # With the others of their cases, which are not news.
        brought = {order.pk: order.pk not in self._entered for order in changed}
        replan_and_record(
            with_siblings(changed, cases=self._cases), self._events, now=self.now, imported=brought
        )

    def _reject(self, line: int, error: Rejected) -> None:
        self._rejects.append(Reject(files.ORDERS, line, error.code, error.detail))
