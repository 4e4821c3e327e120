from __future__ import annotations

from pathlib import Path

import pytest

from accounts.access import MATRIX
from orders.rules.audience import Line, audience_page, lines, load_audiences, missing, printed
from orders.rules.pages import stale
from orders.rules.rulebook import Rulebook

DOCS = Path(__file__).parents[2] / "docs"
AUDIENCES = load_audiences()


def test_page_is_current(rulebook: Rulebook) -> None:
    page = {"who-hears-what.md": audience_page(rulebook, AUDIENCES, MATRIX.alert_role)}

    assert "who-hears-what.md" not in stale(DOCS, page), "write it again with: manage.py rules pages"


def test_every_capacity_and_role_hears_of_something_or_the_file_has_a_reason(rulebook: Rulebook) -> None:
    found = lines(rulebook, AUDIENCES)
    roles = {role for role in MATRIX.roles if role not in MATRIX.alert_role.values()}

    assert missing(roles | MATRIX.alert_role.keys(), found, AUDIENCES.silent) == []


@pytest.mark.parametrize(
    ("words", "silent", "expected"),
    [
        (["court"], {}, []),
        (["school"], {}, ["school"]),
        (["school"], {"school": "It has a reason."}, []),
        (["court"], {"court": "It has a reason, and hears all the same."}, ["court"]),
    ],
)
def test_words_without_a_line_or_a_reason_are_missing(
    words: list[str], silent: dict[str, str], expected: list[str]
) -> None:
    line = Line(word="court", id="", what="", orders="", purpose="", when="", ask="", unanswered="")

    assert missing(words, [line], silent) == expected


def test_every_checkpoint_of_every_rule_and_announcement_is_on_the_page(rulebook: Rulebook) -> None:
    found = {(one.id, one.word) for one in lines(rulebook, AUDIENCES)}
    rules = [*rulebook.rules, *(one.rule for one in rulebook.announcements)]

    assert {
        (rule.id, word) for rule in rules for checkpoint in rule.checkpoints for word in checkpoint.audience
    } == found - {(one.id, one.word) for one in lines(rulebook, AUDIENCES) if not one.id}
    assert all(one.when and one.ask and one.unanswered for one in lines(rulebook, AUDIENCES))


def test_lines_are_printed_with_what_happens_without_an_answer() -> None:
    line = Line(
        word="court",
        id="CT-ONE",
        what="The order was served",
        orders="",
        purpose="Information",
        when="at once",
        ask="Read it.",
        unanswered="Nothing.",
    )

    assert list(printed([line])) == [
        "court: The order was served (CT-ONE)",
        "    Information; at once",
        "    Read it. Without an answer: Nothing.",
    ]
