"""The order that tests of the API read, and its callers."""

from __future__ import annotations

import copy

import pytest

from tests.api.fixtures import Fixtures, set_up
from tests.callers import ROOT, Caller, MakeCaller

__all__ = ["ROOT", "Caller", "MakeCaller"]


@pytest.fixture(scope="module")
def stored(kept_rows: None) -> Fixtures:
    """An order with a row of every kind, stored once for a module: it takes most of the time of a test."""
    return set_up()


@pytest.fixture
def fixtures(stored: Fixtures, db: None) -> Fixtures:
    """The order and its rows, as they are stored before each test."""
    return copy.deepcopy(stored)
