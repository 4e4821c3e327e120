"""People who sign in with a password, and callers of the API."""

from __future__ import annotations

from tests.accounts import conftest as accounts
from tests.api import conftest as api

make_person = accounts.make_person
_quick_passwords = accounts._quick_passwords
caller = api.caller
stored = api.stored
fixtures = api.fixtures
