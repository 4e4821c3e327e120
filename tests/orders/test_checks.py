"""`check --deploy` refuses a rulebook that is not of its form, and a rule that no scenario pins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.checks import rulebook_stands
from orders.rules import rulebook
from orders.rules.rulebook import Rulebook, RulebookError


def test_rulebook_as_it_is_stands() -> None:
    assert rulebook_stands() == []


def test_rule_without_scenario_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    book = rulebook.load()
    lonely = replace(book.by_id["CT-SUR-01"], id="CT-NEW-01", part_of="")

    def load() -> Rulebook:
        return replace(book, rules=(*book.rules, lonely))

    monkeypatch.setattr(rulebook, "load", load)

    (error,) = rulebook_stands()
    assert (error.id, error.msg) == ("orders.E002", "CT-NEW-01 has no scenario.")


def test_file_of_another_form_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Rulebook:
        raise RulebookError("data/us_ct/surrender.toml, line 3, CT-SUR-01: sources: missing.")

    monkeypatch.setattr(rulebook, "load", load)

    (error,) = rulebook_stands()
    assert error.id == "orders.E001"
    assert "line 3" in error.msg
