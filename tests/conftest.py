"""Fixtures for all tests."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from tests import ledger as ledgers
from tests.database import empty, migrated, relax
from tests.ledger import Ledger

if TYPE_CHECKING:
    from tests.callers import MakeCaller

TESTS = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage in what the tests make only, not again and again in thousands of collected tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


#: Folders with the tests that work through a database, the API, pages or a browser, the slow ones.
#: `make test` runs every second, third or fourth test of each of their files, `make long` and CI the others.
THINNED = {"accounts": 2, "api": 3, "attacks": 3, "browser": 4, "notifications": 2, "orders": 2}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave a part of the tests to `make long`, always the same: see `THINNED`, and the marker `cut(n)`."""
    seen: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("long"):
            continue
        if marker := item.get_closest_marker("cut"):
            group, step = item.nodeid.partition("[")[0], marker.args[0]
        else:
            group, step = str(item.path), THINNED.get(item.path.relative_to(TESTS).parts[0], 1)
        if seen[group] % step:
            item.add_marker("long")
        seen[group] += 1


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    *,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> None:
    """Copy the database."""
    relax()
    if django_db_createdb or not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated()


@pytest.fixture(scope="session", autouse=True)
def _emptied_at_once() -> Iterator[None]:
    """After a test with real transactions, empty the tables without what Django's `flush` does beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty())
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Look for the static files at the first request of a process, not of each test client."""
    found: dict[str, StaticFile] = {}
    find = WhiteNoiseMiddleware.add_files_from_finders

    def once(self: WhiteNoiseMiddleware) -> None:
        if found:
            self.files.update(found)
        else:
            find(self)
            found.update(self.files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(scope="module")
def kept_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What fixtures of a module store stays for all its tests; what a test stores still goes with the test.

    The tests of the module must not ask for `transaction=True`.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def ledger(tmp_path: Path, settings: Settings) -> Iterator[Ledger]:
    """The mailbox ledger, with Django's mail going to it over SMTP."""
    with ledgers.running(tmp_path / "ledger.jsonl") as (found, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield found


@pytest.fixture
def caller(db: None) -> MakeCaller:
    """Return a function that makes a caller of a user, with a token of all or the given scopes."""
    # The tests of the rules run also where the models are not.
    from tests.callers import make_caller

    return make_caller
