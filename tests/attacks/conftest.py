"""People who sign in with a password, and the order that tests of the API read."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.accounts import conftest as accounts
from tests.api import conftest as api

make_person = accounts.make_person
_quick_passwords = accounts._quick_passwords
stored = api.stored
fixtures = api.fixtures


@pytest.fixture
def second_factor(settings: Settings) -> None:
    """Require a second factor of everyone."""
    settings.SECOND_FACTOR_REQUIRED = True
