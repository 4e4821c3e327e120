"""`check --deploy` refuses a rulebook that is not of its form, and a rule that no scenario pins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.checks import check_rulebook
from orders.rules import loading
from orders.rules.loading import RulebookError
from orders.rules.rulebook import Rulebook


def test_the_rulebook_has_no_errors() -> None:
    assert check_rulebook() == []


def test_rule_without_scenario_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    book = loading.load()
    lonely = replace(book.by_id["CT-SUR-01"], id="CT-NEW-01", part_of="")

    def load() -> Rulebook:
        return replace(book, rules=(*book.rules, lonely))

    monkeypatch.setattr(loading, "load", load)

    (error,) = check_rulebook()
    assert (error.id, error.msg) == ("orders.E002", "CT-NEW-01 has no scenario.")


def test_file_of_another_form_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Rulebook:
        raise RulebookError("data/us_ct/surrender.toml, line 3, CT-SUR-01: sources: missing.")

    monkeypatch.setattr(loading, "load", load)

    (error,) = check_rulebook()
    assert error.id == "orders.E001"
    assert "line 3" in error.msg
