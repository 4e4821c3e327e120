"""Someone with the rights of the owner of the tables cannot take entries out of the access log unseen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from pytest_django import Settings

from accounts.models import AuditChainLink, AuditEntry, EntryPoint, Role
from accounts.services.access import audit_chain
from notifications.models import Alert, AuditDigest, Finding
from notifications.services.delivery import audit_digests
from notifications.services.watch.audits import audit
from tests import make
from tests.accounts.test_audit_chain import tamper, written
from tests.accounts.test_audit_eras import sealed

pytestmark = pytest.mark.django_db


def test_a_tail_that_is_cut_off_with_its_links_is_missed_by_what_left_the_machine(
    settings: Settings, tmp_path: Path
) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    settings.AUDIT_DIGEST_TO = [f"file://{tmp_path}/digests"]
    sealed(1, 2, 3)
    audit_digests.send_digests(at=datetime.now(UTC))
    last = AuditChainLink.objects.latest("pk").pk

    tamper("DELETE FROM accounts_auditentry WHERE id = (SELECT max(id) FROM accounts_auditentry)")
    tamper("DELETE FROM accounts_auditchainlink WHERE id = %s", last)
    AuditDigest.objects.all().delete()

    # What is left agrees with itself. Only the file elsewhere knows of more.
    assert audit_chain.verify(entry_point=EntryPoint.SYSTEM).fault is None
    audit()
    finding = Finding.objects.get(code="access_log", subject="removed")
    assert Alert.objects.filter(finding=finding, recipient=administrator).exists()


def test_an_entry_that_is_removed_from_the_middle_breaks_the_chain() -> None:
    entry = written(1)[0]
    sealed(2)

    tamper("DELETE FROM accounts_auditentry WHERE id = %s", entry.pk)

    assert audit_chain.verify(entry_point=EntryPoint.SYSTEM).fault is not None


def test_the_application_itself_changes_and_deletes_no_entry() -> None:
    entry = written(1)[0]
    for change in (
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(what="x"),
        lambda: AuditEntry.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
