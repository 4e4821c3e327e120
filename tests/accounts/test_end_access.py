"""In an incident all access of an account, or of all, ends at once and on record."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, AuditEntry, EntryPoint, Role, Session, User
from accounts.services.access.tokens import issue_token
from accounts.services.people import create_user
from notifications.models import CalendarFeed
from notifications.services.calendar.feeds import create_feed
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def clerk() -> User:
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    for _ in range(2):
        Client().force_login(person)
    create_feed(person, now=timezone.now())
    return person


def has_access(user: User) -> tuple[bool, bool]:
    """Whether the person has a session, and a calendar link in force."""
    return (
        Session.objects.filter(user=user).exists(),
        CalendarFeed.objects.filter(user=user, ended_at=None).exists(),
    )


def press(client: Client, *users: User) -> int:
    """Press the button for the users."""
    sheet = {"action": "end_access", "_selected_action": [user.pk for user in users]}
    return client.post("/admin/accounts/user/", sheet).status_code


def test_the_button_ends_access_of_those_chosen_alone(administrator: User, clerk: User) -> None:
    other = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    Client().force_login(other)
    client = Client()
    client.force_login(administrator)

    assert press(client, clerk) == 302

    assert has_access(clerk) == (False, False)
    assert has_access(other)[0]
    entry = AuditEntry.objects.get(subject=clerk, detail__act="end_access")
    assert (entry.actor, entry.entry_point) == (administrator, EntryPoint.ADMIN)
    assert entry.detail["sessions"] == 2
    clerk.refresh_from_db()
    assert clerk.is_active
    assert clerk.locked_at is None, "the person may sign in again"


def test_who_ends_access_of_all_must_sign_in_too(administrator: User, clerk: User) -> None:
    client = Client()
    client.force_login(administrator)

    press(client, administrator, clerk)

    assert has_access(clerk) == (False, False)
    assert has_access(administrator) == (False, False)
    assert client.get("/admin/").status_code in {302, 404}
    assert AuditEntry.objects.filter(detail__act="end_access", actor=administrator).count() == 2


def test_no_other_role_can(clerk: User) -> None:
    client = Client()
    client.force_login(clerk)

    assert press(client, clerk) in {403, 404}
    assert has_access(clerk) == (True, True)


def test_the_command_ends_that_of_one(administrator: User, clerk: User) -> None:
    printed = StringIO()

    call_command(
        "end_access", clerk.email, "--by", administrator.email, "--reason", "Lost phone", stdout=printed
    )

    assert "2 sessions and 0 tokens of 1 accounts" in printed.getvalue()
    entry = AuditEntry.objects.get(subject=clerk, detail__act="end_access")
    assert (entry.actor, entry.entry_point) == (administrator, EntryPoint.COMMAND)
    assert entry.detail["reason"] == "Lost phone"


def test_the_command_ends_that_of_everyone_and_every_system(administrator: User, clerk: User) -> None:
    system = create_user(email="system@example.org", name="System", is_system=True)
    token, _ = issue_token(user=system, name="t", scopes=["orders:read"], lasts=timedelta(days=1))

    call_command("end_access", "--everyone", "--by", administrator.email, "--reason", "x", stdout=StringIO())

    assert not Session.objects.filter(user__isnull=False).exists()
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert not CalendarFeed.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Name one account"),
        (["a@example.org", "--everyone"], "Name one account"),
        (["gone@example.org"], "no account has that email address"),
    ],
)
def test_what_is_wrong_is_named(administrator: User, words: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("end_access", *words, "--by", administrator.email, "--reason", "x")


def test_only_an_administrator_answers_for_it(clerk: User) -> None:
    with pytest.raises(CommandError, match="not an administrator"):
        call_command("end_access", clerk.email, "--by", clerk.email, "--reason", "x")
    assert has_access(clerk) == (True, True)
