"""The record of who did what: sealed without anybody waiting, and verified so that no change goes unseen."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import tasks
from accounts.models import Act, AgencyKind, ApiToken, AuditEntry, AuditSeal, Door, Role, User
from accounts.services import sealing
from accounts.services.audit import record
from tests import make

#: Other tests run beside these, and what is in their transactions cannot be known to be over.
PATIENCE = 60.0

CASE = uuid.UUID("5b0e0f6a-58bd-4a5a-9b1f-3a4a0d0c0001")


def written(*transactions: int, **facts: Any) -> list[AuditEntry]:
    """Entries of transactions that were over long ago, in that order."""
    facts = {"door": Door.ADMIN, "what": "admin:orders_order_change", "cases": [CASE], **facts}
    return [record(Act.SEEN, transaction=number, **facts) for number in transactions]


def tamper(statement: str, *values: Any) -> None:
    """What the owner of the table can do, and nobody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("auditentry", "auditseal"):
            cursor.execute(f"ALTER TABLE accounts_{table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount
        for table in ("auditentry", "auditseal"):
            cursor.execute(f"ALTER TABLE accounts_{table} ENABLE TRIGGER USER")


def verify() -> sealing.Report:
    return sealing.verify(door=Door.COMMAND)


def found() -> tuple[str, int | None]:
    """What a verification finds first."""
    finding = verify().finding
    assert finding is not None
    return finding.kind, finding.seal


@pytest.mark.django_db
def test_a_batch_is_whole_transactions_in_their_order() -> None:
    written(2, 1, 1, 3, 2, 2, 3)

    assert [sealing.seal(batch=3) for _ in range(3)] == [5, 2, 0]

    assert list(AuditSeal.objects.order_by("id").values_list("up_to", "entries")) == [(2, 5), (3, 2)]
    report = verify()
    assert (report.finding, report.seals, report.entries) == (None, 2, 7)


@pytest.mark.django_db
def test_a_digest_can_be_computed_without_this_program() -> None:
    first, second = written(1, 1)
    third = written(2, detail={"status": 404, "asked": "é"}, address="2001:db8::1", succeeded=False)[0]
    sealing.seal(batch=2)
    sealing.seal(batch=2)

    def digest(entry: AuditEntry) -> bytes:
        entry.refresh_from_db()
        row = [
            entry.pk,
            round((entry.at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)),
            entry.act,
            entry.door,
            entry.what,
            entry.actor_id,
            entry.subject_id,
            entry.token_id,
            f"{entry.address}/128" if entry.address else None,
            entry.succeeded,
            dict(sorted(entry.detail.items(), key=lambda item: (len(item[0]), item[0]))),
            [str(case) for case in entry.cases],
            entry.transaction,
        ]
        return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).digest()

    one = hashlib.sha256(digest(first) + digest(second)).digest()
    two = hashlib.sha256(one + digest(third)).digest()
    assert [bytes(seal.digest) for seal in AuditSeal.objects.order_by("id")] == [one, two]


@pytest.mark.django_db
def test_what_a_session_has_set_changes_no_digest() -> None:
    written(1, 2, 3, detail={"n": 1.5}, address="192.0.2.7")
    sealing.seal(batch=1)
    with connection.cursor() as cursor:
        for name, value in [
            ("TimeZone", "Asia/Kathmandu"),
            ("DateStyle", "SQL, DMY"),
            ("IntervalStyle", "sql_standard"),
            ("bytea_output", "escape"),
            ("extra_float_digits", "-5"),
        ]:
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        sealing.seal(batch=1)
        # The driver reads no other style.
        cursor.execute("SET LOCAL DateStyle = ISO; SET LOCAL bytea_output = hex")
    sealing.seal(batch=1)

    report = verify()
    assert (report.finding, report.seals) == (None, 3)


@pytest.fixture
def other_values(db: None) -> dict[str, Any]:
    """For every column of an entry a value that it does not have."""
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    token = ApiToken.objects.create(
        user=person, name="x", scopes=[], digest=b"1" * 32, expires_at=timezone.now() + timedelta(days=1)
    )
    return {
        "id": 1_000_000_000,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "act": Act.DONE,
        "door": Door.API,
        "what": "admin:orders_order_changed",
        "actor_id": person.pk,
        "subject_id": person.pk,
        "token_id": token.pk,
        "address": "192.0.2.9",
        "succeeded": False,
        "detail": '{"a": 1}',
        "cases": [uuid.uuid4()],
        "transaction": 3,
    }


@pytest.mark.parametrize("column", [field.column for field in AuditEntry._meta.concrete_fields])
def test_no_column_of_an_entry_can_be_changed_unseen(column: str, other_values: dict[str, Any]) -> None:
    written(1, 2, 4)
    changed = written(4)[0]
    written(6)
    for _ in range(4):
        sealing.seal(batch=1)
    assert verify().finding is None

    change = f"UPDATE accounts_auditentry SET {column} = %s WHERE id = %s"  # noqa: S608 - of the model
    tamper(change, other_values[column], changed.pk)

    kind, seal = found()
    third = AuditSeal.objects.get(up_to=4).pk
    # In a transaction between two seals it belongs to the later one, in which it is another entry.
    assert (kind, seal) == ("changed", third)


@pytest.mark.django_db
def test_what_is_taken_away_or_added_is_named() -> None:
    entries = written(1, 2, 3, 4)
    for _ in entries:
        sealing.seal(batch=1)
    second, third = AuditSeal.objects.order_by("id")[1:3]

    with transaction.atomic():
        tamper("DELETE FROM accounts_auditentry WHERE id = %s", entries[1].pk)
        assert found() == ("missing", second.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        written(3)
        assert found() == ("added", third.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("DELETE FROM accounts_auditseal WHERE id = %s", second.pk)
        assert found() == ("added", third.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("UPDATE accounts_auditseal SET digest = %s WHERE id = %s", b"0" * 32, second.pk)
        assert found() == ("changed", second.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("UPDATE accounts_auditseal SET entries = 2 WHERE id = %s", third.pk)
        assert found() == ("missing", third.pk)
        transaction.set_rollback(True)
    assert verify().finding is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET what = 'x'",
        "DELETE FROM accounts_auditentry",
        "UPDATE accounts_auditseal SET entries = 0",
        "DELETE FROM accounts_auditseal",
        "TRUNCATE accounts_auditentry",
        "TRUNCATE accounts_auditseal",
    ],
)
def test_the_application_changes_and_deletes_nothing(statement: str) -> None:
    written(1)
    sealing.seal()

    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL ctc.allow_truncate = off")
        cursor.execute(statement)


@pytest.mark.django_db
def test_what_is_not_sealed_for_an_hour_is_a_finding() -> None:
    written(1)
    assert verify().finding is None
    old = written(2, at=timezone.now() - timedelta(minutes=61))[0]

    report = verify()

    assert report.unsealed_since == old.at
    # The two, and that they were verified, which this test's own transaction wrote.
    assert report.unsealed == 3
    assert report.finding is not None
    assert report.finding.kind == "unsealed"


@pytest.mark.django_db
def test_the_command_prints_one_document_and_fails_on_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    entries = written(1, 2)
    sealing.seal(batch=1)
    sealing.seal(batch=1)
    last = AuditSeal.objects.order_by("id").last()
    assert last is not None

    call_command("verify_audit", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "ok": True,
        "seals": 2,
        "entries": 2,
        "newest_seal": last.pk,
        "digest": bytes(last.digest).hex(),
        "finding": None,
        "unsealed": 0,
        "unsealed_since": None,
    }
    entry = AuditEntry.objects.get(act=Act.LOG_VERIFIED)
    assert (entry.door, entry.succeeded, entry.detail["seal"]) == (Door.COMMAND, True, last.pk)

    tamper("DELETE FROM accounts_auditentry WHERE id = %s", entries[0].pk)
    with pytest.raises(CommandError, match=r"1 of its 1 entries are missing"):
        call_command("verify_audit", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["finding"]["kind"]) == (False, "missing")
    assert AuditEntry.objects.filter(act=Act.LOG_VERIFIED, succeeded=False).count() == 1

    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert capsys.readouterr().out.startswith("0 seals of 0 entries fit.")


@pytest.mark.django_db
def test_the_hourly_verification_goes_on_where_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    entries = written(1, 2, 3)
    sealing.seal(batch=1)
    sealing.seal(batch=1)
    tasks.verify_audit()
    sealing.seal(batch=1)

    tasks.verify_audit()
    first, second = AuditEntry.objects.filter(act=Act.LOG_VERIFIED).order_by("id")
    assert (first.detail["seals"], second.detail["seals"]) == (2, 1)
    assert (second.door, second.actor) == (Door.SYSTEM, None)

    # Before what it remembers it does not look; from the first seal on it does.
    tamper("UPDATE accounts_auditentry SET what = 'x' WHERE id = %s", entries[0].pk)
    tasks.verify_audit()
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    tasks.verify_audit(0)
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


@pytest.mark.django_db
def test_a_record_cut_off_at_its_end_is_seen_by_who_remembers_the_end() -> None:
    written(1)
    sealing.seal()
    written(2)
    sealing.seal()
    tasks.verify_audit()

    tamper("DELETE FROM accounts_auditentry WHERE transaction = 2")
    tamper("DELETE FROM accounts_auditseal WHERE up_to = 2")

    # Whoever verifies the whole, or a part of it, does not make it forgotten.
    for after in (0, None, 1, None):
        report = sealing.verify(door=Door.SYSTEM, after=after)
        assert report.finding is not None
        assert report.finding.kind == "seal_gone"


@pytest.mark.django_db
def test_a_long_record_is_verified_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    written(*range(1, 8))
    for _ in range(7):
        sealing.seal(batch=1)
    monkeypatch.setattr(sealing, "SEALS", 3)

    report = sealing.verify(door=Door.SYSTEM, seconds=-1)
    assert (report.seals, report.is_finished) == (3, False)
    report = sealing.verify(door=Door.SYSTEM, after=report.newest)
    assert (report.seals, report.is_finished) == (4, True)


def _explained(query: str, values: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
def test_sealing_and_verifying_walk_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry (act, door, what, succeeded, detail, cases, transaction) "
            "SELECT 'seen', 'admin', 'x', true, '{}', '{}', n / 100 FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE accounts_auditentry")
    while sealing.seal(batch=1000):
        pass
    assert AuditSeal.objects.count() == 20

    asked: list[tuple[str, dict[str, Any]]] = [
        (sealing._SEAL, {"batch": 1000}),
        (sealing._VERIFY, {"after": 1, "seals": 5}),
        (sealing._UNSEALED, {"up_to": 200, "late": 3600.0}),
    ]
    for query, values in asked:
        plan = _explained(query, values)
        assert "audit_to_seal" in plan
        assert "Seq Scan on accounts_auditentry" not in plan


# ---- with real transactions beside each other


def aside(work: Callable[[], object]) -> threading.Thread:
    """Runs the work beside this, on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(is_so: Callable[[], bool]) -> None:
    """Waits until it is so."""
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, "it never was so"
        time.sleep(0.02)


def sealed(entry: AuditEntry) -> int | None:
    """The seal that the entry is in."""
    entry.refresh_from_db()
    return AuditSeal.objects.filter(up_to__gte=entry.transaction).values_list("pk", flat=True).first()


@pytest.fixture
def seals_until() -> Callable[[AuditEntry], None]:
    """Seals until the entry is sealed."""

    def seal(entry: AuditEntry) -> None:
        def is_so() -> bool:
            sealing.seal()
            return sealed(entry) is not None

        until(is_so)

    return seal


@pytest.mark.django_db(transaction=True)
def test_an_entry_whose_transaction_is_open_lands_in_a_later_seal(
    seals_until: Callable[[AuditEntry], None],
) -> None:
    before = record(Act.SEEN, Door.PAGE)
    slow: list[AuditEntry] = []
    is_written, may_end = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            slow.append(record(Act.DONE, Door.PAGE))
            is_written.set()
            may_end.wait(PATIENCE)

    writer = aside(write_slowly)
    assert is_written.wait(PATIENCE)
    after = record(Act.SEEN, Door.PAGE)
    seals_until(before)
    # Committed, but later than what is open: it waits too, so that a seal has nothing added to it afterwards.
    assert sealing.seal() == 0
    assert sealed(after) is None

    may_end.set()
    writer.join()
    seals_until(after)

    first, late = sealed(before), sealed(slow[0])
    assert first is not None
    assert late is not None
    assert late > first
    assert verify().finding is None


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_whoever_seals(seals_until: Callable[[AuditEntry], None]) -> None:
    first = record(Act.SEEN, Door.PAGE, cases=[CASE])
    waited: list[str] = []

    def read_and_write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        AuditEntry.objects.filter(cases__contains=[CASE]).count()
        AuditSeal.objects.count()
        record(Act.SEEN, Door.PAGE, cases=[CASE])
        waited.append("nothing")

    def seal_slowly() -> bool:
        with transaction.atomic():
            done = sealing.seal()
            if done:
                # The seal stands and is not committed; a second one who seals goes away, and makes no fork.
                other: list[int] = []
                aside(lambda: other.append(sealing.seal())).join()
                assert other == [0]
                aside(read_and_write).join()
            return bool(done)

    until(seal_slowly)
    assert waited == ["nothing"]
    assert sealed(first) is not None
    assert AuditSeal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_write_and_seal_at_once_leave_one_chain(
    seals_until: Callable[[AuditEntry], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        for _ in range(50):
            with transaction.atomic():
                record(Act.SEEN, Door.PAGE)
                record(Act.SEEN, Door.PAGE)

    def seal() -> None:
        for _ in range(50):
            sealing.seal(batch=7)

    for thread in [aside(work) for work in (write, seal, write, seal, write, seal)]:
        thread.join()
    seals_until(record(Act.SEEN, Door.PAGE))

    assert verify().finding is None
    assert sum(AuditSeal.objects.values_list("entries", flat=True)) == 301


@pytest.mark.django_db(transaction=True)
def test_what_was_undone_is_no_entry_and_no_gap(seals_until: Callable[[AuditEntry], None]) -> None:
    with transaction.atomic():
        record(Act.SEEN, Door.PAGE)
        transaction.set_rollback(True)
    seals_until(record(Act.SEEN, Door.PAGE))

    assert (verify().finding, User.objects.count()) == (None, 0)
    assert sum(AuditSeal.objects.values_list("entries", flat=True)) == 1
