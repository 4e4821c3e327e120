"""The audit chain goes on in a restored database, and what a restore or a thief took away is found."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts import database
from accounts.models import AuditAction, AuditChainLink, AuditEntry, EntryPoint
from accounts.services.access import audit_chain, audit_digests
from tests.accounts.test_audit_chain import found, tamper, verify, written

pytestmark = pytest.mark.django_db

#: The database before the restore.
OLD = "7000000000000000000.00000001.16385"


def sealed(*transactions: int) -> None:
    """Write entries and add them to the chain, a link for each transaction."""
    written(*transactions)
    while audit_chain.extend_chain(batch=1):
        pass


def restore(database: str = OLD) -> None:
    """Make this database a copy of the one that wrote the links so far."""
    tamper("UPDATE accounts_auditchainlink SET database = %s WHERE closed_after IS NULL", database)


def test_entries_of_a_restored_database_join_the_chain() -> None:
    sealed(50, 60, 70)
    # Not in the chain when the backup was taken, and then three with the ids of the new server.
    written(80)
    restore()
    written(5, 60, 90)

    report = verify()
    assert report.fault is None
    assert report.unlinked == 4

    # With the entry of the verification.
    assert audit_chain.extend_chain() == 5
    assert audit_chain.extend_chain() == 0
    sealed(6, 7, 55)

    report = verify()
    assert (report.fault, report.links, report.entries) == (None, 7, 11)
    (era,) = audit_chain.ended_eras()
    assert (era.before, era.reason) == (OLD, "the data were restored into another server")
    # Each entry is in the chain: nothing waits but the last verification.
    assert verify().unlinked == 1


def test_a_database_that_is_restored_twice_ends_two_eras() -> None:
    sealed(50)
    restore()
    written(5)
    audit_chain.extend_chain()
    tamper("UPDATE accounts_auditchainlink SET database = '8.00000001.5' WHERE closed_after IS NOT NULL")
    written(4, 3)

    assert audit_chain.extend_chain() == 2
    sealed(2)

    # The first end was changed above, and so no longer matches; the second one does.
    assert found()[0] == "changed"
    last = AuditChainLink.objects.order_by("pk")[1].pk
    assert audit_chain.verify(entry_point=EntryPoint.COMMAND, after=last).fault is None


@pytest.mark.parametrize(
    ("number", "below"),
    [
        # As if written by the database before, above all its transactions.
        (900, 1),
        # Between its transactions.
        (55, 2),
    ],
)
def test_an_entry_that_is_added_to_an_ended_era_is_found(number: int, below: int) -> None:
    entries = written(50, 60, 70)
    while audit_chain.extend_chain(batch=1):
        pass
    restore()
    written(5)
    audit_chain.extend_chain()
    sealed(6)
    assert verify().fault is None

    written(number, id=entries[0].pk - below)

    assert found()[0] == "added"


@pytest.mark.parametrize(
    "change",
    [
        "closed_after = closed_after + 1",
        "last_id = last_id + 1",
        "era_after = era_after + 1",
        "database = 'another'",
        "digest = '\\x00'",
    ],
)
def test_a_change_of_the_end_of_an_era_is_found(change: str) -> None:
    sealed(50, 60)
    restore()
    written(5)
    audit_chain.extend_chain()
    sealed(6)
    assert verify().fault is None

    tamper(f"UPDATE accounts_auditchainlink SET {change} WHERE closed_after IS NOT NULL")

    assert verify().fault is not None


def test_a_deleted_entry_of_the_last_link_of_an_era_is_found() -> None:
    sealed(50)
    restore()
    kept = written(5, 6)
    audit_chain.extend_chain()
    sealed(7)

    tamper("DELETE FROM accounts_auditentry WHERE id = %s", kept[0].pk)

    assert found()[0] == "missing"


def test_entries_of_a_restored_database_that_wait_are_a_fault() -> None:
    sealed(50)
    restore()
    written(5, at=timezone.now() - timedelta(minutes=16))

    report = verify()

    assert report.fault is not None
    assert (report.fault.kind, report.unlinked) == ("unlinked", 1)
    with pytest.raises(CommandError, match="are not in the chain"):
        call_command("verify_audit")


def noted(tmp_path: Path) -> Path:
    """Write the newest digest to a file, as a mail quotes it."""
    digest = audit_digests.newest()
    assert digest is not None
    file = tmp_path / "digests"
    with file.open("a") as out:
        out.write(f"Subject: digest\n\n> {digest.line()}\n")
    return file


def test_a_cut_tail_is_found_by_a_noted_digest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed(1, 2)
    file = noted(tmp_path)
    sealed(3)
    file = noted(tmp_path)
    call_command("verify_audit", "--against", str(file))
    assert "2 noted digests match." in capsys.readouterr().out

    with transaction.atomic():
        tamper("DELETE FROM accounts_auditentry WHERE transaction >= 3")
        tamper("DELETE FROM accounts_auditchainlink WHERE up_to >= 3")
        assert verify().fault is None, "what is left matches"
        with pytest.raises(CommandError, match=r"1 of the noted digests do not match\. The first is link"):
            call_command("verify_audit", "--json", "--against", str(file))
        document = json.loads(capsys.readouterr().out)
        assert (document["ok"], document["noted"]["matching"]) == (False, 1)
        # Replaced by links of other entries.
        sealed(3, 4)
        assert len(audit_digests.compare(audit_digests.read(file.read_text().splitlines())).differing) == 1
        transaction.set_rollback(True)


def test_a_truncated_log_is_found_by_a_noted_digest(tmp_path: Path) -> None:
    sealed(1, 2)
    file = noted(tmp_path)
    tamper("DELETE FROM accounts_auditentry")
    tamper("DELETE FROM accounts_auditchainlink")
    assert verify().fault is None

    with pytest.raises(CommandError, match="do not match"):
        call_command("verify_audit", "--against", str(file))


def test_links_lost_in_a_restore_are_no_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed(1, 2, 3)
    restore()
    file = noted(tmp_path)
    with transaction.atomic():
        tamper("DELETE FROM accounts_auditchainlink WHERE up_to = 3")
        tamper("DELETE FROM accounts_auditentry WHERE transaction = 3")
        # No link shows yet that this is a restore.
        with pytest.raises(CommandError, match="do not match"):
            call_command("verify_audit", "--against", str(file))
        sealed(9)
        capsys.readouterr()

        call_command("verify_audit", "--against", str(file))

        printed = capsys.readouterr().out
        assert "1 noted digests are of links that a restore lost" in printed
        assert "ends an era of the chain: the data were restored into another server" in printed
        transaction.set_rollback(True)

    # The same cut, but of what the restored database had kept.
    sealed(9)
    tamper("DELETE FROM accounts_auditchainlink WHERE up_to = 3 AND closed_after IS NULL")
    assert audit_digests.compare(audit_digests.read(file.read_text().splitlines())).lost != []
    assert verify().fault is not None


def test_a_file_without_digests_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_text('{"audit_link": 1}\nnothing\n{"audit_link": "x", "digest": 1}\n')

    with pytest.raises(CommandError, match="has no digest"):
        call_command("verify_audit", "--against", str(file))
    with pytest.raises(CommandError, match="cannot read"):
        call_command("verify_audit", "--against", str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("1.00000001.5", "2.00000001.5", "another server"),
        ("1.00000001.5", "1.00000001.6", "another database of the same server"),
        ("1.00000001.5", "1.00000002.5", "recovered from a backup"),
        ("", "1.00000002.5", "another server"),
    ],
)
def test_the_reason_follows_from_the_identities(before: str, after: str, reason: str) -> None:
    assert reason in database.difference(before, after)


def test_a_verification_of_the_whole_chain_is_marked() -> None:
    sealed(1, 2)

    verify()
    audit_chain.verify(entry_point=EntryPoint.SYSTEM, after=None)

    details = AuditEntry.objects.filter(action=AuditAction.LOG_VERIFIED).order_by("id")
    assert [one.detail.get("is_whole") for one in details] == [True, None]
