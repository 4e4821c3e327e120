"""The audit chain: extended without blocking anyone, and verified so that every change is found."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import tasks
from accounts.models import (
    AgencyKind,
    ApiToken,
    AuditAction,
    AuditChainLink,
    AuditEntry,
    EntryPoint,
    Role,
)
from accounts.services.access import audit_chain
from accounts.services.access.access_log import record
from tests import make

CASE = uuid.UUID("5b0e0f6a-58bd-4a5a-9b1f-3a4a0d0c0001")


def written(*transactions: int, **facts: Any) -> list[AuditEntry]:
    """Write entries of past transactions, in that order."""
    facts = {"entry_point": EntryPoint.ADMIN, "what": "admin:orders_order_change", "cases": [CASE], **facts}
    return [record(AuditAction.SEEN, transaction=number, **facts) for number in transactions]


def tamper(statement: str, *values: Any) -> None:
    """Do what only the owner of the tables can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("auditentry", "auditchainlink"):
            cursor.execute(f"ALTER TABLE accounts_{table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount
        for table in ("auditentry", "auditchainlink"):
            cursor.execute(f"ALTER TABLE accounts_{table} ENABLE TRIGGER USER")


def verify() -> audit_chain.ChainReport:
    return audit_chain.verify(entry_point=EntryPoint.COMMAND)


def found() -> tuple[str, int | None]:
    """Return the first fault of a verification."""
    fault = verify().fault
    assert fault is not None
    return fault.kind, fault.link


@pytest.mark.django_db
def test_batch_takes_whole_transactions_in_order() -> None:
    written(2, 1, 1, 3, 2, 2, 3)

    assert [audit_chain.extend_chain(batch=3) for _ in range(3)] == [5, 2, 0]

    assert list(AuditChainLink.objects.order_by("id").values_list("up_to", "entries")) == [(2, 5), (3, 2)]
    report = verify()
    assert (report.fault, report.links, report.entries) == (None, 2, 7)


@pytest.mark.django_db
def test_digest_can_be_computed_independently() -> None:
    first, second = written(1, 1)
    third = written(2, detail={"status": 404, "requested": "é"}, address="2001:db8::1", succeeded=False)[0]
    audit_chain.extend_chain(batch=2)
    audit_chain.extend_chain(batch=2)

    def digest(entry: AuditEntry) -> bytes:
        entry.refresh_from_db()
        row = [
            entry.pk,
            round((entry.at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)),
            entry.action,
            entry.entry_point,
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
    assert [bytes(link.digest) for link in AuditChainLink.objects.order_by("id")] == [one, two]


@pytest.mark.django_db
def test_session_settings_do_not_change_digests() -> None:
    written(1, 2, 3, detail={"n": 1.5}, address="192.0.2.7")
    audit_chain.extend_chain(batch=1)
    with connection.cursor() as cursor:
        for name, value in [
            ("TimeZone", "Asia/Kathmandu"),
            ("DateStyle", "SQL, DMY"),
            ("IntervalStyle", "sql_standard"),
            ("bytea_output", "escape"),
            ("extra_float_digits", "-5"),
        ]:
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        audit_chain.extend_chain(batch=1)
        # The driver can read only this style.
        cursor.execute("SET LOCAL DateStyle = ISO; SET LOCAL bytea_output = hex")
    audit_chain.extend_chain(batch=1)

    report = verify()
    assert (report.fault, report.links) == (None, 3)


@pytest.fixture
def other_values(db: None) -> dict[str, Any]:
    """For every column of an entry a different value."""
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    token = ApiToken.objects.create(
        user=person, name="x", scopes=[], digest=b"1" * 32, expires_at=timezone.now() + timedelta(days=1)
    )
    return {
        "id": 1_000_000_000,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "action": AuditAction.DONE,
        "entry_point": EntryPoint.API,
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
def test_change_of_any_column_is_found(column: str, other_values: dict[str, Any]) -> None:
    written(1, 2, 4)
    changed = written(4)[0]
    written(6)
    for _ in range(4):
        audit_chain.extend_chain(batch=1)
    assert verify().fault is None

    change = f"UPDATE accounts_auditentry SET {column} = %s WHERE id = %s"
    tamper(change, other_values[column], changed.pk)

    kind, link = found()
    third = AuditChainLink.objects.get(up_to=4).pk
    # A transaction between two links belongs to the later one, where the entry is an added one.
    assert (kind, link) == ("changed", third)


@pytest.mark.django_db
def test_missing_and_added_entries_are_reported() -> None:
    entries = written(1, 2, 3, 4)
    for _ in entries:
        audit_chain.extend_chain(batch=1)
    second, third = AuditChainLink.objects.order_by("id")[1:3]

    with transaction.atomic():
        tamper("DELETE FROM accounts_auditentry WHERE id = %s", entries[1].pk)
        assert found() == ("missing", second.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        written(3)
        assert found() == ("added", third.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("DELETE FROM accounts_auditchainlink WHERE id = %s", second.pk)
        assert found() == ("added", third.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("UPDATE accounts_auditchainlink SET digest = %s WHERE id = %s", b"0" * 32, second.pk)
        assert found() == ("changed", second.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        tamper("UPDATE accounts_auditchainlink SET entries = 2 WHERE id = %s", third.pk)
        assert found() == ("missing", third.pk)
        transaction.set_rollback(True)
    assert verify().fault is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET what = 'x'",
        "DELETE FROM accounts_auditentry",
        "UPDATE accounts_auditchainlink SET entries = 0",
        "DELETE FROM accounts_auditchainlink",
        "TRUNCATE accounts_auditentry",
        "TRUNCATE accounts_auditchainlink",
    ],
)
def test_application_cannot_change_or_delete_entries(statement: str) -> None:
    written(1)
    audit_chain.extend_chain()

    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


@pytest.mark.django_db
def test_entries_outside_the_chain_for_too_long_are_a_fault() -> None:
    written(1)
    assert verify().fault is None
    old = written(2, at=timezone.now() - timedelta(minutes=16))[0]

    report = verify()

    assert report.unlinked_since == old.at
    # The two, and the entry of the first verification.
    assert report.unlinked == 3
    assert report.fault is not None
    assert report.fault.kind == "unlinked"


@pytest.mark.django_db
def test_the_command_prints_one_document_and_fails_on_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    entries = written(1, 2)
    audit_chain.extend_chain(batch=1)
    audit_chain.extend_chain(batch=1)
    last = AuditChainLink.objects.order_by("id").last()
    assert last is not None

    call_command("verify_audit", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "ok": True,
        "links": 2,
        "entries": 2,
        "newest_link": last.pk,
        "digest": bytes(last.digest).hex(),
        "fault": None,
        "unlinked": 0,
        "unlinked_since": None,
        "eras_ended": [],
    }
    entry = AuditEntry.objects.get(action=AuditAction.LOG_VERIFIED)
    assert (entry.entry_point, entry.succeeded, entry.detail["link"]) == (EntryPoint.COMMAND, True, last.pk)

    tamper("DELETE FROM accounts_auditentry WHERE id = %s", entries[0].pk)
    with pytest.raises(CommandError, match=r"1 of its 1 entries are missing"):
        call_command("verify_audit", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["fault"]["kind"]) == (False, "missing")
    assert AuditEntry.objects.filter(action=AuditAction.LOG_VERIFIED, succeeded=False).count() == 1

    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert capsys.readouterr().out.startswith("0 links with 0 entries match.")


@pytest.mark.django_db
def test_hourly_verification_continues_where_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    entries = written(1, 2, 3)
    audit_chain.extend_chain(batch=1)
    audit_chain.extend_chain(batch=1)
    tasks.verify_audit()
    audit_chain.extend_chain(batch=1)

    tasks.verify_audit()
    first, second = AuditEntry.objects.filter(action=AuditAction.LOG_VERIFIED).order_by("id")
    assert (first.detail["links"], second.detail["links"]) == (2, 1)
    assert (second.entry_point, second.actor) == (EntryPoint.SYSTEM, None)

    # It skips links that were verified before, unless it starts from the first link.
    tamper("UPDATE accounts_auditentry SET what = 'x' WHERE id = %s", entries[0].pk)
    tasks.verify_audit()
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    tasks.verify_audit(0)
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


@pytest.mark.django_db
def test_truncated_chain_is_found_by_its_last_verification() -> None:
    written(1)
    audit_chain.extend_chain()
    written(2)
    audit_chain.extend_chain()
    tasks.verify_audit()

    tamper("DELETE FROM accounts_auditentry WHERE transaction = 2")
    tamper("DELETE FROM accounts_auditchainlink WHERE up_to = 2")

    # Verifying the whole chain or a part of it does not hide the fault.
    for after in (0, None, 1, None):
        report = audit_chain.verify(entry_point=EntryPoint.SYSTEM, after=after)
        assert report.fault is not None
        assert report.fault.kind == "link_gone"


@pytest.mark.django_db
def test_long_chain_is_verified_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    written(*range(1, 8))
    for _ in range(7):
        audit_chain.extend_chain(batch=1)
    monkeypatch.setattr(audit_chain, "LINKS", 3)

    report = audit_chain.verify(entry_point=EntryPoint.SYSTEM, seconds=-1)
    assert (report.links, report.is_finished) == (3, False)
    report = audit_chain.verify(entry_point=EntryPoint.SYSTEM, after=report.newest)
    assert (report.links, report.is_finished) == (4, True)


def _explained(query: str, values: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
def test_extending_and_verifying_use_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry"
            " (action, entry_point, what, succeeded, detail, cases, transaction) "
            "SELECT 'seen', 'admin', 'x', true, '{}', '{}', n / 100 FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE accounts_auditentry")
    while audit_chain.extend_chain(batch=1000):
        pass
    assert AuditChainLink.objects.count() == 20

    asked: list[tuple[str, dict[str, Any]]] = [
        (audit_chain._ADD_LINK, {"batch": 1000}),
        (
            audit_chain._VERIFY,
            {"after": 1, "links": 5, "era_after": 0, "highest": audit_chain._ABOVE_ALL},
        ),
        (
            audit_chain._UNLINKED,
            {"up_to": 200, "late": 900.0, "era_after": 0, "highest": audit_chain._ABOVE_ALL},
        ),
    ]
    for query, values in asked:
        plan = _explained(query, values)
        assert "audit_chain_order" in plan
        assert "Seq Scan on accounts_auditentry" not in plan
