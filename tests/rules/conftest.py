"""The rulebook for all tests of the rules, and a folder with one small rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.rules.loading import load
from orders.rules.rulebook import Rulebook
from tests.rules.files import JURISDICTION, RULE


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = tmp_path / "rules" / "us_ct"
    state.mkdir(parents=True)
    (state / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")
    (state / "one.toml").write_text(RULE, encoding="utf-8")
    return tmp_path / "rules"
