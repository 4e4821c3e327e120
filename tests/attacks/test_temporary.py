"""A temporary account ends by itself, whether or not someone remembers it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, AuditAction, Cover, Role, User
from accounts.services import people
from accounts.services.access.tokens import digest_of
from accounts.tasks import release_locks
from tests.accounts.conftest import MakePerson
from tests.accounts.sign_in_steps import accept, enter, entries, password
from tests.accounts.test_lock import token_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    user = make_person(Role.CLERK)
    return people.change_user(user=user, email=user.email, name=user.name, ends_at=timezone.now() + DAY)


def over(user: User) -> None:
    User.objects.filter(pk=user.pk).update(ends_at=timezone.now() - timedelta(seconds=1))


def test_it_opens_nothing_from_its_end_on(clerk: User) -> None:
    client, half = Client(), Client()
    enter(client, clerk)
    assert client.get("/").status_code == 200
    password(half, clerk.email)

    over(clerk)

    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert accept(half).headers["Location"] == "/sign-in/"
    assert password(Client(), clerk.email).status_code == 200


def test_tokens_of_a_system_that_ended_are_refused(db: None) -> None:
    system = people.create_user(
        email="cms@court.example", name="Court", is_system=True, ends_at=timezone.now() + DAY
    )
    token_of(system)
    ApiToken.objects.update(digest=digest_of("ctc_x"))
    asked = {"Authorization": "Bearer ctc_x"}
    assert Client().get("/api/v1/reference/towns", headers=asked).status_code == 403

    over(system)

    assert Client().get("/api/v1/reference/towns", headers=asked).status_code == 401


def test_within_a_minute_it_is_deactivated_and_its_alerts_go_to_others(clerk: User) -> None:
    release_locks()
    clerk.refresh_from_db()
    assert clerk.is_active

    over(clerk)
    release_locks()

    clerk.refresh_from_db()
    assert not clerk.is_active
    assert Cover.objects.filter(user=clerk).exists()
    assert entries(AuditAction.ACCOUNT_DISABLED)[-1].detail["why"] == "temporary"


def test_an_administrator_cannot_be_temporary(make_person: MakePerson) -> None:
    chief = make_person(Role.ADMINISTRATOR)
    with pytest.raises(ValidationError, match="cannot be temporary"):
        people.change_user(user=chief, email=chief.email, name=chief.name, ends_at=timezone.now() + DAY)
    judge = make_person(Role.JUDGE)
    people.change_user(user=judge, email=judge.email, name=judge.name, ends_at=timezone.now() + DAY)

    with pytest.raises(ValidationError, match="cannot be temporary"):
        people.grant_role(user=judge, role=Role.ADMINISTRATOR)
