"""A world that a real server shows to a real browser, made once for all tests of a process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.conf import settings
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver

from tests.a11y import world
from tests.a11y.visits import Visitor
from tests.browser import conftest as of_browser
from tests.database import empty

chromium = of_browser.chromium

#: `make a11y` walks everything; `make test` a cut of it.
IS_WHOLE = bool(os.environ.get("CTC_A11Y"))
collect_ignore = [] if IS_WHOLE else ["test_walk.py"]


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of a site with the demonstration, whose rows stay for all tests of the module."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: None)
        world.load(week=IS_WHOLE)
        server = LiveServer("127.0.0.1")
        patch.setattr(settings, "ALLOWED_HOSTS", ["*"])
        yield server.url
        server.stop()
        empty()


@pytest.fixture
def visitor(site: str, chromium: webdriver.Chrome) -> Iterator[Visitor]:
    """A browser in which no one is signed in."""
    chromium.set_script_timeout(120)
    with closing(Visitor(chromium, site)) as found:
        yield found
