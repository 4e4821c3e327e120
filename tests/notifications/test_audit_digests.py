"""Digests of the access log leave the machine by themselves, and administrators hear of tampering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditChainLink, EntryPoint, Role
from accounts.services.access import audit_chain, audit_digests
from notifications.models import Alert, AuditDigest, Finding
from notifications.services.delivery import audit_digests as sent
from notifications.services.watch.access_log import access_log
from notifications.services.watch.audits import audit
from tests import make
from tests.accounts.test_audit_chain import tamper, written
from tests.accounts.test_audit_eras import sealed
from tests.ledger import Ledger
from tests.production import NEEDED, run_in

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    """Return the subjects that the audit of the log finds."""
    return [one.subject for one in access_log() if one.count]


def age(**units: float) -> None:
    """Make every digest and link so much older."""
    AuditDigest.objects.update(sent_at=timezone.now() - timedelta(**units))
    tamper("UPDATE accounts_auditchainlink SET created_at = created_at - %s", timedelta(**units))


def test_each_destination_gets_the_newest_digest_once_an_interval(
    settings: Settings, tmp_path: Path, ledger: Ledger
) -> None:
    file = tmp_path / "digests"
    settings.AUDIT_DIGEST_TO = ["mailto:audit@state.example", f"file://{file}"]
    assert sent.send_digests(at=datetime.now(UTC)) == 0, "there is no link yet"
    sealed(1)

    # With the one that is kept in the database.
    assert sent.send_digests(at=datetime.now(UTC)) == 3
    assert sent.send_digests(at=datetime.now(UTC)) == 0

    newest = audit_digests.newest()
    assert newest is not None
    assert file.read_text() == f"{newest.line()}\n"
    (line,) = ledger.lines()
    assert "audit@state.example" in str(line)
    AuditDigest.objects.update(sent_at=timezone.now() - timedelta(minutes=61))
    sealed(2)
    assert sent.send_digests(at=datetime.now(UTC)) == 3
    assert len(list(audit_digests.read(file.read_text().splitlines()))) == 2


class _Handler(BaseHTTPRequestHandler):
    answers: int = 204
    bodies: list[bytes] = []
    stamps: list[str] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.stamps.append(self.headers["webhook-timestamp"])
        self.send_response(self.answers)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def receiver() -> Iterator[str]:
    """A system that takes digests, by its address."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    _Handler.bodies.clear()
    _Handler.stamps.clear()
    yield f"http://127.0.0.1:{server.server_port}/digests"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("answers", "taken"), [(204, True), (500, False)])
def test_a_digest_is_posted_until_the_other_system_takes_it(
    settings: Settings, receiver: str, monkeypatch: pytest.MonkeyPatch, answers: int, *, taken: bool
) -> None:
    monkeypatch.setattr(_Handler, "answers", answers)
    settings.FINDINGS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    sealed(1)
    newest = audit_digests.newest()
    assert newest is not None

    at = datetime(2026, 11, 28, 18, 37, tzinfo=UTC)
    assert sent._post(receiver, newest, at) is taken
    assert _Handler.stamps == [str(int(at.timestamp()))], "the caller's clock signs, not a second one"
    assert json.loads(_Handler.bodies[0])["audit_link"] == newest.link


def test_a_destination_that_takes_no_digest_is_a_finding(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_DIGEST_TO = [f"file://{tmp_path}/missing/digests"]
    sealed(1)
    assert sent.send_digests(at=datetime.now(UTC)) == 1
    assert found() == [], "it may take it at the next try"

    tamper("UPDATE accounts_auditchainlink SET created_at = created_at - interval '121 minutes'")

    assert found() == ["digests"]


def test_a_removed_end_is_found_by_the_digest_that_another_table_has() -> None:
    sealed(1, 2, 3)
    sent.send_digests(at=datetime.now(UTC))
    assert found() == []

    tamper("DELETE FROM accounts_auditentry WHERE transaction = 3")
    tamper("DELETE FROM accounts_auditchainlink WHERE up_to = 3")

    assert found() == ["removed"]


def test_a_truncated_log_is_found_by_a_file_on_another_disk(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_DIGEST_TO = [f"file://{tmp_path}/digests"]
    sealed(1, 2)
    sent.send_digests(at=datetime.now(UTC))

    tamper("DELETE FROM accounts_auditentry")
    tamper("DELETE FROM accounts_auditchainlink")
    AuditDigest.objects.all().delete()

    assert audit_chain.verify(entry_point=EntryPoint.SYSTEM).fault is None
    assert "removed" in found()


def test_administrators_hear_of_tampering_until_the_whole_chain_matches_again() -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    entry = written(1)[0]
    sealed(2)
    tamper("UPDATE accounts_auditentry SET what = 'x' WHERE id = %s", entry.pk)
    audit_chain.verify(entry_point=EntryPoint.SYSTEM)

    audit()

    finding = Finding.objects.get(resolved_at=None, code="access_log", subject="chain")
    assert Alert.objects.filter(finding=finding, recipient=administrator).exists()
    # A verification of what is new does not look at the changed entry.
    sealed(3)
    last = AuditChainLink.objects.latest("pk").pk
    audit_chain.verify(entry_point=EntryPoint.SYSTEM, after=last)
    assert found() == ["chain"]

    tamper("UPDATE accounts_auditentry SET what = %s WHERE id = %s", entry.what, entry.pk)
    audit_chain.verify(entry_point=EntryPoint.SYSTEM)
    assert found() == []


def test_entries_outside_the_chain_for_too_long_are_a_finding() -> None:
    def write(at: datetime) -> None:
        written(10**15, at=at)

    write(timezone.now() - timedelta(minutes=14))
    assert found() == []
    write(timezone.now() - timedelta(minutes=16))
    assert found() == ["sealing"]


def test_a_week_that_was_not_reviewed_is_a_finding() -> None:
    written(1, at=timezone.now() - timedelta(days=22))
    audit_chain.extend_chain()

    assert found() == ["review"]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"CTC_AUDIT_DIGEST_TO": "somebody@state.example"}, "CTC_AUDIT_DIGEST_TO"),
        ({"CTC_AUDIT_DIGEST_TO": "http://a.example"}, "CTC_AUDIT_DIGEST_TO"),
        ({"CTC_AUDIT_DIGEST_TO": "https://a.example"}, "CTC_FINDINGS_SECRET"),
        ({"CTC_AUDIT_DIGEST_MINUTES": "0"}, "CTC_AUDIT_DIGEST_MINUTES"),
    ],
)
def test_a_wrong_setting_stops_the_start(variables: dict[str, str], named: str) -> None:
    done = run_in(NEEDED | variables, "from ctcompliance import settings")

    assert done.returncode
    assert named in done.stderr
