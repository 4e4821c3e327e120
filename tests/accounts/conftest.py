"""People with one role each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import HELD_IN, Agency, Role, User
from accounts.services import people

PASSWORD = "a long walk to Mystic"

MakePerson = Callable[[Role], User]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Use a fast password hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def make_person(db: None) -> MakePerson:
    """Create a person with one role, in an agency of the right kind."""

    def make(role: Role) -> User:
        user = people.create_user(
            email=f"{role.value}@example.org", name=f"Rowan {role.label}", password=PASSWORD
        )
        agency = None
        if kinds := HELD_IN.get(role):
            agency, _ = Agency.objects.get_or_create(name=f"Place of a {role.value}", kind=min(kinds))
        people.grant_role(user=user, role=role, agency=agency)
        return user

    return make
