"""The rulebook that every rules test plans with."""

from __future__ import annotations

import pytest

from orders.rules.rulebook import Rulebook, load


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load()
