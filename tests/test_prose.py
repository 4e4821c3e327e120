"""The prose check reads what people read, and fails when a turn is above its ceiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import prose

SOURCE = '''"""Docstring of nobody."""
nobody = told(f"{nobody} was told")  # as said
"""
Whoever
"""
def nobody_is_told() -> None: ...
'''


def found(text: str) -> list[tuple[int, str]]:
    """Line and turn of each use."""
    return [(line, turn) for line, turn, _ in prose.turns(text)]


def test_python_is_read_for_comments_and_literals_only() -> None:
    assert found(prose.prose_of(SOURCE, ".py")) == [(1, "nobody"), (2, "told"), (2, "said"), (4, "whoever")]


def test_names_are_read_word_by_word() -> None:
    names = prose.parts(SOURCE, prose.NAMES).replace("_", " ")

    assert found(names) == [(6, "nobody"), (6, "told")]


def test_a_page_is_read_whole() -> None:
    assert found(prose.prose_of("<p>Nobody\nwas told</p>", ".html")) == [(1, "nobody"), (2, "told")]


@pytest.mark.parametrize("plain", ["such as a permit", "return None", "the essay", "an underlying layer"])
def test_plain_words_pass(plain: str) -> None:
    assert found(plain) == []


def test_a_turn_above_its_ceiling_fails_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    monkeypatch.setattr(prose, "CEILINGS", tmp_path / "ceilings")
    (tmp_path / "README.md").write_text("Fine.\nNobody was told.\n")
    (tmp_path / "ceilings").write_text("[product]\nnobody = 1\n")

    assert prose.main([]) == 1

    printed = capsys.readouterr().out
    assert "README.md:2: told: Nobody was told." in printed
    assert "product: 1 uses of “told”; tests/prose.toml allows 0." in printed
    assert "uses of “nobody”" not in printed


def test_lowering_never_raises_a_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    monkeypatch.setattr(prose, "CEILINGS", tmp_path / "ceilings")
    (tmp_path / "README.md").write_text("Nobody was told.\n")
    (tmp_path / "ceilings").write_text("[product]\nnobody = 3\ntold = 0\n")

    prose.main(["--lower"])

    ceilings = prose.read_ceilings()
    assert (ceilings["product", "nobody"], ceilings["product", "told"]) == (1, 0)


def test_a_turn_that_is_not_checked_has_no_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "CEILINGS", tmp_path / "ceilings")
    (tmp_path / "ceilings").write_text("[product]\nnobdy = 3\n")

    with pytest.raises(ValueError, match="nobdy"):
        prose.read_ceilings()
