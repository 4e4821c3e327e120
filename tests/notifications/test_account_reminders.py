"""A temporary account does not end as a surprise: its person and its managers get a mail before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AgencyKind, Membership, Role, User
from accounts.services import people
from notifications.models import AccountReminder, ConfirmedDatabase
from notifications.services.delivery.account_reminders import send_reminders
from tests import make
from tests.ledger import Ledger

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def clerk(now: datetime) -> User:
    """A clerk of long ago whose account ends in 30 days, at a court with an agency administrator."""
    court = make.agency(AgencyKind.COURT)
    make.person(Role.AGENCY_ADMINISTRATOR, court)
    make.person(Role.ADMINISTRATOR)
    return temporary(make.person(Role.CLERK, court), now + 30 * DAY)


def temporary(user: User, end: datetime) -> User:
    User.objects.filter(pk=user.pk).update(joined_at=end - 100 * DAY)
    user.refresh_from_db()
    return people.change_user(user=user, email=user.email, name=user.name, ends_at=end)


def role_of(address: str) -> str:
    return str(Membership.objects.get(user__email=address).role)


def test_person_and_manager_get_one_mail_at_14_and_one_at_3_days(
    clerk: User, now: datetime, ledger: Ledger
) -> None:
    counts = [send_reminders(now + offset * DAY) for offset in (0, 15.9, 16.1, 16.2, 20, 26.9, 27.1, 29, 31)]

    assert counts == [0, 0, 2, 0, 0, 0, 2, 0, 0]
    lines = ledger.lines()
    assert sorted(role_of(one["to"][0]) for one in lines) == ["agency_administrator"] * 2 + ["clerk"] * 2
    assert {one["headers"]["Subject"] for one in lines} == {"A temporary account ends soon"}
    to_manager = next(one["body"] for one in lines if one["to"][0] != clerk.email)
    assert clerk.name in to_manager


def test_without_an_administrator_of_the_agency_those_of_the_site_hear(
    clerk: User, now: datetime, ledger: Ledger
) -> None:
    Membership.objects.filter(role=Role.AGENCY_ADMINISTRATOR).delete()

    assert send_reminders(now + 17 * DAY) == 2
    assert sorted(role_of(one["to"][0]) for one in ledger.lines()) == ["administrator", "clerk"]


def test_an_administrator_of_another_agency_does_not_hear(clerk: User, now: datetime, ledger: Ledger) -> None:
    other = make.person(Role.AGENCY_ADMINISTRATOR, make.agency())

    send_reminders(now + 17 * DAY)

    assert other.email not in {one["to"][0] for one in ledger.lines()}


def test_a_later_end_gets_reminders_of_its_own(clerk: User, now: datetime, ledger: Ledger) -> None:
    send_reminders(now + 17 * DAY)
    temporary(clerk, now + 60 * DAY)

    assert send_reminders(now + 18 * DAY) == 0
    assert send_reminders(now + 47 * DAY) == 2


def test_an_account_made_for_a_week_gets_no_mail_on_its_first_day(
    clerk: User, now: datetime, ledger: Ledger
) -> None:
    people.change_user(user=clerk, email=clerk.email, name=clerk.name, ends_at=now + 7 * DAY)
    User.objects.filter(pk=clerk.pk).update(joined_at=now)

    assert send_reminders(now) == 0
    assert send_reminders(now + 4.5 * DAY) == 2


def test_what_no_provider_took_is_tried_again(
    clerk: User, now: datetime, ledger: Ledger, settings: Settings
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send_reminders(now + 17 * DAY) == 0
    assert not AccountReminder.objects.exists()

    settings.EMAIL_PORT = port
    assert send_reminders(now + 17.1 * DAY) == 2


def test_a_restored_copy_sends_no_reminder(clerk: User, now: datetime, ledger: Ledger) -> None:
    ConfirmedDatabase.objects.update_or_create(pk=1, defaults={"identity": "another", "confirmed_at": now})

    assert send_reminders(now + 17 * DAY) == 0
    assert ledger.lines() == []


def test_systems_are_not_written_to_and_many_accounts_without_an_end_cost_nothing(
    clerk: User, now: datetime, ledger: Ledger
) -> None:
    User.objects.filter(pk=clerk.pk).update(is_system=True)
    assert send_reminders(now + 17 * DAY) == 1
    with CaptureQueriesContext(connection) as few:
        send_reminders(now + 18 * DAY)
    for _ in range(5):
        make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    with CaptureQueriesContext(connection) as many:
        send_reminders(now + 18 * DAY)

    assert len(many) == len(few)
