"""The database of tests: nothing of one test is left for the next."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType

from accounts.models import Agency, AuditEntry, User
from tests import make


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_commits_is_removed(turn: str) -> None:
    assert not Agency.objects.exists()
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()
    assert ContentType.objects.exists(), "`migrate` filled it"

    make.agency()
    User.objects.create_user("one@agency.example")
    AuditEntry.objects.create(action="seen", entry_point="admin", what="x", detail={}, cases=[])
