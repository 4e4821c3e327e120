from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accounts.access import MATRIX
from orders.rules.audience import (
    Audiences,
    Line,
    Other,
    audience_page,
    lines,
    load_audiences,
    missing,
    printed,
)
from orders.rules.model import Announcement, CheckpointRule, Offset, Rule
from orders.rules.pages import stale
from orders.rules.rulebook import Rulebook
from orders.rules.tables import TableError
from orders.rules.vocabulary import Certainty, Purpose, Unit

DOCS = Path(__file__).parents[2] / "docs"

FILE = """
[[purpose]]
name = "check"
ask = "Answer it."
unanswered = "The supervisor hears."

[[other]]
event = "An answer is missing"
audience = ["court", "administrator", "assisting_police"]
when = "at once"
ask = "Call."
unanswered = "Nothing."

[[silent]]
word = "respondent"
reason = "Papers are served."
"""

LADDER = "The next contacts of the agency, then its supervisors, then the State Police are notified."


@pytest.fixture
def audiences() -> Audiences:
    # For each test: `make mutants` runs only tests that reach the code while they run.
    return load_audiences()


def test_audiences_are_loaded_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "audience.toml"
    file.write_text(FILE)

    assert load_audiences(file) == Audiences(
        purposes={"check": ("Answer it.", "The supervisor hears.")},
        others=(
            Other(
                event="An answer is missing",
                audience=("court", "administrator", "assisting_police"),
                when="at once",
                ask="Call.",
                unanswered="Nothing.",
            ),
        ),
        silent={"respondent": "Papers are served."},
    )


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('"check"', '"cheque"', "audience.toml, line 3, name: "),
        ('"court",', '"nurse",', "audience.toml, line 9, audience: "),
        ("reason =", "reazon =", "audience.toml, line 14, reason: missing; "),
        ("[[silent]]", "[[quiet]]", "audience.toml, line 1, silent: missing; "),
    ],
)
def test_errors_of_the_file_are_refused(tmp_path: Path, was: str, becomes: str, words: str) -> None:
    file = tmp_path / "audience.toml"
    file.write_text(FILE.replace(was, becomes, 1))

    with pytest.raises(TableError) as refused:
        load_audiences(file)

    assert str(refused.value).startswith(words)


def test_page_is_current(rulebook: Rulebook, audiences: Audiences) -> None:
    page = {"who-hears-what.md": audience_page(rulebook, audiences, MATRIX.alert_role)}

    assert "who-hears-what.md" not in stale(DOCS, page), "write it again with: manage.py rules pages"


def test_every_capacity_and_role_hears_of_something_or_the_file_has_a_reason(
    rulebook: Rulebook, audiences: Audiences
) -> None:
    found = lines(rulebook, audiences)
    roles = {role for role in MATRIX.roles if role not in MATRIX.alert_role.values()}

    assert missing(roles | MATRIX.alert_role.keys(), found, audiences.silent) == []


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


def test_every_checkpoint_of_every_rule_and_announcement_is_on_the_page(
    rulebook: Rulebook, audiences: Audiences
) -> None:
    found = {(one.id, one.word) for one in lines(rulebook, audiences)}
    rules = [*rulebook.rules, *(one.rule for one in rulebook.announcements)]

    assert {
        (rule.id, word) for rule in rules for checkpoint in rule.checkpoints for word in checkpoint.audience
    } == found - {(one.id, one.word) for one in lines(rulebook, audiences) if not one.id}
    assert all(one.when and one.ask and one.unanswered for one in lines(rulebook, audiences))


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

    assert list(printed([line, replace(line, id="", orders="every kind; all states", purpose="")])) == [
        "court: The order was served (CT-ONE)",
        "    Information; at once",
        "    Read it. Without an answer: Nothing.",
        "court: The order was served",
        "    every kind; all states; at once",
        "    Read it. Without an answer: Nothing.",
    ]


PURPOSES = {"inform": ("Read it.", "It stays."), "check": ("Act on it.", "It stays open.")}
SERVED = Line(
    word="court",
    id="ANN-ONE",
    what="The order was served.",
    orders="every kind; all states",
    purpose="inform",
    when="at once",
    ask="Read it.",
    unanswered="It stays.",
)


def announcement(notified: dict[str, Any], **more: Any) -> Announcement:
    """Return an announcement of service to the court, with one checkpoint."""
    armed = bool(more.pop("alarms_when_armed", False))
    fields: dict[str, Any] = {
        "name": "one",
        "purpose": Purpose.INFORM,
        "offset": Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        "audience": ("court",),
        "fresh_days": 7,
    }
    rule = Rule(
        id="ANN-ONE",
        title="The order was served.",
        jurisdiction="",
        binds=(),
        starts="served",
        values=(),
        actor="",
        certainty=Certainty.CERTAIN,
        alarms_when_armed=armed,
        checkpoints=(CheckpointRule(**{**fields, **notified}),),
    )
    return Announcement(rule=rule, **more)


@pytest.mark.parametrize(
    ("notified", "more", "expected"),
    [
        ({}, {}, {}),
        ({"ask": "Go."}, {}, {"ask": "Go."}),
        ({}, {"kinds": ("restraining_order",)}, {"orders": "restraining order; all states"}),
        (
            {},
            {"kinds": ("final_erpo", "temporary_erpo"), "states": ("us_ct", "us_wa")},
            {"orders": "final erpo, temporary erpo; Connecticut, Washington"},
        ),
        (
            {},
            {"not_in": ("us_ct", "us_wa")},
            {"orders": "every kind; all states but Connecticut, Washington"},
        ),
        (
            {"when_armed": True},
            {},
            {"orders": "every kind; all states, if firearms are indicated"},
        ),
        (
            {},
            {"alarms_when_armed": True},
            {"orders": "every kind; all states, if firearms are indicated"},
        ),
        (
            {"fresh_days": None, "offset": Offset(amount=-2, unit=Unit.CALENDAR_DAYS)},
            {},
            {"when": "2 calendar days before it"},
        ),
        ({"audience": ("protected_person",)}, {}, {"unanswered": "No answer is expected."}),
        ({"audience": ("state_police",)}, {}, {}),
        ({"audience": ("state_police",), "needs_answer": True}, {}, {"unanswered": LADDER}),
        ({"needs_answer": True}, {}, {}),
        (
            {"audience": ("service_police",), "purpose": Purpose.CHECK},
            {},
            {"purpose": "check", "ask": "Act on it.", "unanswered": LADDER},
        ),
    ],
)
def test_a_line_of_an_announcement(
    notified: dict[str, Any], more: dict[str, Any], expected: dict[str, str], rulebook: Rulebook
) -> None:
    book = replace(rulebook, rules=(), announcements=(announcement(notified, **more),))
    word = notified.get("audience", ("court",))[0]

    assert lines(book, Audiences(purposes=PURPOSES, others=(), silent={})) == [
        replace(SERVED, word=word, **expected)
    ]


def test_a_line_of_another_alert_names_neither_order_nor_purpose(rulebook: Rulebook) -> None:
    other = Other(event="Missing", audience=("court", "marshal"), when="now", ask="Go.", unanswered="No.")
    nothing = replace(rulebook, rules=(), announcements=())
    line = Line(
        word="court", id="", what="Missing", orders="", purpose="", when="now", ask="Go.", unanswered="No."
    )

    assert lines(nothing, Audiences(purposes={}, others=(other,), silent={})) == [
        line,
        replace(line, word="marshal"),
    ]
