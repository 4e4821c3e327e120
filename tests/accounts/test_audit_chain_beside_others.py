"""The audit chain with real transactions beside each other.

An entry is sealed when no older transaction of the whole server is open, so these tests do not run beside
others that keep one open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts.models import AuditAction, AuditChainLink, AuditEntry, EntryPoint, User
from accounts.services.access import audit_chain
from accounts.services.access.access_log import record
from tests.accounts.test_audit_chain import CASE, verify

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

#: Seconds.
PATIENCE = 60.0


def aside(work: Callable[[], object]) -> threading.Thread:
    """Run `work` in a thread with its own connection."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(is_so: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, "it never was so"
        time.sleep(0.02)


def link_of(entry: AuditEntry) -> int | None:
    """Return the link that contains the entry."""
    entry.refresh_from_db()
    return AuditChainLink.objects.filter(up_to__gte=entry.transaction).values_list("pk", flat=True).first()


@pytest.fixture
def extend_until() -> Callable[[AuditEntry], None]:
    """Extend the chain until it contains the entry."""

    def add_link(entry: AuditEntry) -> None:
        def is_so() -> bool:
            audit_chain.extend_chain()
            return link_of(entry) is not None

        until(is_so)

    return add_link


def test_entry_of_an_open_transaction_joins_a_later_link(
    extend_until: Callable[[AuditEntry], None],
) -> None:
    before = record(AuditAction.SEEN, EntryPoint.PAGE)
    slow: list[AuditEntry] = []
    is_written, may_end = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            slow.append(record(AuditAction.DONE, EntryPoint.PAGE))
            is_written.set()
            may_end.wait(PATIENCE)

    writer = aside(write_slowly)
    assert is_written.wait(PATIENCE)
    after = record(AuditAction.SEEN, EntryPoint.PAGE)
    extend_until(before)
    # Committed, but after an open transaction: it waits too, so that nothing is added to a link later.
    assert audit_chain.extend_chain() == 0
    assert link_of(after) is None

    may_end.set()
    writer.join()
    extend_until(after)

    first, late = link_of(before), link_of(slow[0])
    assert first is not None
    assert late is not None
    assert late > first
    assert verify().fault is None


def test_adding_a_link_blocks_no_one(extend_until: Callable[[AuditEntry], None]) -> None:
    first = record(AuditAction.SEEN, EntryPoint.PAGE, cases=[CASE])
    waited: list[str] = []

    def read_and_write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        AuditEntry.objects.filter(cases__contains=[CASE]).count()
        AuditChainLink.objects.count()
        record(AuditAction.SEEN, EntryPoint.PAGE, cases=[CASE])
        waited.append("nothing")

    def extend_slowly() -> bool:
        with transaction.atomic():
            done = audit_chain.extend_chain()
            if done:
                # The link exists but is not committed. A second process gives up, so there is no fork.
                other: list[int] = []
                aside(lambda: other.append(audit_chain.extend_chain())).join()
                assert other == [0]
                aside(read_and_write).join()
            return bool(done)

    until(extend_slowly)
    assert waited == ["nothing"]
    assert link_of(first) is not None
    assert AuditChainLink.objects.count() == 1


def test_concurrent_writers_and_extenders_leave_one_chain(
    extend_until: Callable[[AuditEntry], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        for _ in range(50):
            with transaction.atomic():
                record(AuditAction.SEEN, EntryPoint.PAGE)
                record(AuditAction.SEEN, EntryPoint.PAGE)

    def extend() -> None:
        for _ in range(50):
            audit_chain.extend_chain(batch=7)

    for thread in [aside(work) for work in (write, extend, write, extend, write, extend)]:
        thread.join()
    extend_until(record(AuditAction.SEEN, EntryPoint.PAGE))

    assert verify().fault is None
    assert sum(AuditChainLink.objects.values_list("entries", flat=True)) == 301


def test_rolled_back_entries_leave_no_gap(extend_until: Callable[[AuditEntry], None]) -> None:
    with transaction.atomic():
        record(AuditAction.SEEN, EntryPoint.PAGE)
        transaction.set_rollback(True)
    extend_until(record(AuditAction.SEEN, EntryPoint.PAGE))

    assert (verify().fault, User.objects.count()) == (None, 0)
    assert sum(AuditChainLink.objects.values_list("entries", flat=True)) == 1
