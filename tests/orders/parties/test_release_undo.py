"""A release recorded in error is withdrawn, or its organization corrected, while nothing was seen by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, EntryPoint, Role, User
from notifications.models import SafeContact
from orders.errors import InvalidFact
from orders.models import ConfidentialityRelease, HistoryEntry
from orders.services import corrections
from orders.services.parties.releases import record_release
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def release() -> ConfidentialityRelease:
    now = timezone.now()
    return record_release(
        make.order(now=now, issued_at=now - timedelta(days=2)),
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=(now - timedelta(days=1)).date(),
        begins_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=9),
        by=None,
        now=now,
    )


def viewed(release: ConfidentialityRelease, person: User) -> None:
    """The person sees the case of the release."""
    AuditEntry.objects.create(
        action=AuditAction.SEEN,
        entry_point=EntryPoint.PAGE,
        what="order",
        actor=person,
        cases=[release.order.case.public_id],
    )


def withdraw(release: ConfidentialityRelease) -> None:
    corrections.withdraw(release, by=None, now=timezone.now(), reason="Of another order.")


def correct(release: ConfidentialityRelease, agency: Agency) -> None:
    corrections.correct(release, {"agency": agency}, by=None, now=timezone.now(), reason="Misread.")


def test_unused_release_is_withdrawn_and_its_organization_corrected(
    release: ConfidentialityRelease,
) -> None:
    viewed(release, make.person(Role.CLERK, release.order.case.court))
    former, other = release.agency, make.agency(AgencyKind.ADVOCACY)

    correct(release, other)
    assert ConfidentialityRelease.objects.get().agency == other
    with pytest.raises(InvalidFact, match="Choose one"):
        correct(release, make.agency())
    withdraw(release)

    assert not ConfidentialityRelease.objects.exists()
    kept = str([(one.kind, one.data) for one in HistoryEntry.objects.order_by("id")])
    assert "release_withdrawn" in kept
    assert former.name not in kept
    assert other.name not in kept


def advocate_viewed(release: ConfidentialityRelease) -> None:
    viewed(release, make.person(Role.ADVOCATE, release.agency))


def former_advocate_viewed(release: ConfidentialityRelease) -> None:
    person = make.person(Role.ADVOCATE, release.agency)
    viewed(release, person)
    person.memberships.all().delete()


def contact_was_set(release: ConfidentialityRelease) -> None:
    SafeContact.objects.create(
        release=release,
        channel="relay",
        set_by=make.person(Role.ADVOCATE, release.agency),
        confirmed_at=Now(),
        set_at=Now(),
        confirm_every=timedelta(days=30),
    )


@pytest.mark.parametrize("used", [advocate_viewed, contact_was_set, former_advocate_viewed])
def test_release_that_was_used_is_only_revoked(
    release: ConfidentialityRelease, used: Callable[[ConfidentialityRelease], None]
) -> None:
    used(release)

    with pytest.raises(InvalidFact, match="may have seen the order by this release") as refused:
        withdraw(release)
    assert refused.value.code == "revoke_instead"
    with pytest.raises(InvalidFact, match="record one to the right organization"):
        correct(release, make.agency(AgencyKind.ADVOCACY))
