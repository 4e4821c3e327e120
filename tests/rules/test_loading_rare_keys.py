"""Keys that few rules and entries have reach the rulebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orders.rules.facts import Kind
from orders.rules.loading import load
from orders.rules.model import Binding, ByWay, Entry, Offset, Rule, Unless, Value
from orders.rules.vocabulary import (
    Certainty,
    EntryType,
    Filer,
    ReturnRequirement,
    SourceStatus,
    StandardOfProof,
    Unit,
)
from tests.rules.files import ENTRY, refusal
from tests.rules.orders import on

RARE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-RARE"
title = "Something opens, and ends."
binds = [{ kind = "restraining_order" }]
starts = "served"
actor = "court"
certainty = "certain"
is_end = true
moves_off_closed_days = true
closed_day_doubt = "Whether it moves."
until = 2026-10-01
opens_after = "heard"
opened_by = "release_ordered"
court_sets_opening = true
unless = [{ event = "vacated", same_key = true, unmet = true }]

[[rule.value]]
effective = 2010-01-01
starts = "issued"
due = { amount = 9, unit = "calendar_days" }
opens = { amount = 5, unit = "calendar_days" }
source_status = "seen"
sources = ["a statute"]

[[rule.value.by_way]]
way = "mail"
due = { amount = 12, unit = "calendar_days" }
certainty = "debatable"
doubt = "When."
check = { amount = 1, unit = "calendar_days" }

[[rule.value.by_way]]
way = "abode"
certainty = "certain"
"""


def test_rare_keys_of_a_rule_reach_it(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_text(RARE)

    def days(amount: int) -> Offset:
        return Offset(amount=amount, unit=Unit.CALENDAR_DAYS)

    assert load(folder).by_id["CT-RARE"] == Rule(
        id="CT-RARE",
        title="Something opens, and ends.",
        jurisdiction="us_ct",
        binds=(Binding(kind=Kind.RESTRAINING_ORDER),),
        starts="served",
        actor="court",
        certainty=Certainty.CERTAIN,
        is_end=True,
        moves_off_closed_days=True,
        closed_day_doubt="Whether it moves.",
        until=on("2026-10-01"),
        opens_after="heard",
        opened_by="release_ordered",
        court_sets_opening=True,
        unless=(Unless(event="vacated", same_key=True, unmet=True),),
        values=(
            Value(
                effective=on("2010-01-01"),
                starts="issued",
                due=days(9),
                opens=days(5),
                source_status=SourceStatus.SEEN,
                sources=("a statute",),
                by_way=(
                    ByWay(
                        way="mail",
                        due=days(12),
                        certainty=Certainty.DEBATABLE,
                        doubt="When.",
                        check=days(1),
                    ),
                    ByWay(
                        way="abode",
                        due=Offset(amount=0, unit=Unit.ELAPSED_HOURS),
                        certainty=Certainty.CERTAIN,
                    ),
                ),
            ),
        ),
        file="rules/us_ct/one.toml",
    )


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (
            '"abode"',
            '"pigeon"',
            "way: “pigeon” is not an event; choose from abode, electronic, in_court, in_hand, mail, unknown",
        ),
        ('doubt = "When."', "", "doubt: missing; a debatable rule explains its doubt"),
        ('way = "abode"', "", "way: missing; give a text in quotes"),
        ('"abode"', '"abode"\nsize = 1', "size: unknown key; choose from "),
        ("2026-10-01", "2010-01-01", "until: 2010-01-01 is not after the day on which the newest value took"),
        ('opened_by = "', 'opened_by = "un', "opened_by: “unrelease_ordered” is not an event; choose from "),
        ('opens_after = "', 'opens_after = "un', "opens_after: “unheard” is not an event; choose from "),
        (
            "opens = { amount = 5",
            "extends = { amount = 5",
            "court_sets_opening: the newest value has no open",
        ),
        (
            "moves_off_closed_days = true\n",
            "",
            "closed_day_doubt: only a rule with moves_off_closed_days has one",
        ),
    ],
)
def test_rare_keys_are_refused_with_an_error(folder: Path, was: str, becomes: str, message: str) -> None:
    (folder / "us_ct" / "one.toml").write_text(RARE.replace(was, becomes, 1))

    assert f"CT-RARE: {message}" in refusal(folder)


@pytest.mark.parametrize(
    ("type_", "keys", "expected"),
    [
        (
            EntryType.INFORMATION,
            'sender = "court"\nrecipient = "police"',
            {"sender": "court", "recipient": "police"},
        ),
        (EntryType.INFORMATION, 'allows = ["true_owner"]', {"allows": ("true_owner",)}),
        (EntryType.INFORMATION, "allows = []", {}),
        (EntryType.FILERS, 'allows = ["school"]', {"allows": ("school",)}),
        (EntryType.ORDER_CONDITION, "", {}),
        (EntryType.ORDER_CONDITION, "lasting = true", {"lasting": True}),
        (EntryType.ORDER_CONDITION, "officers = true", {"officers": True}),
        (EntryType.ORDER_CONDITION, 'limited_by = "CT-ONE"', {"limited_by": "CT-ONE"}),
        (
            EntryType.PROOF,
            'standard = "preponderance"',
            {"standard": StandardOfProof.PREPONDERANCE},
        ),
        (
            EntryType.PROOF,
            'standard = "preponderance"\nfiled_by = ["school"]\nafter_hearing = true',
            {
                "standard": StandardOfProof.PREPONDERANCE,
                "filed_by": (Filer.SCHOOL,),
                "after_hearing": True,
            },
        ),
        (EntryType.RETURN, 'requires = ["requested"]', {"requires": (ReturnRequirement("requested"),)}),
    ],
)
def test_keys_of_each_type_of_entry_reach_it(
    folder: Path, type_: EntryType, keys: str, expected: dict[str, Any]
) -> None:
    text = ENTRY.replace('type = "information"', f'type = "{type_}"\n{keys}')
    (folder / "us_ct" / "note.toml").write_text(text)
    plain = Entry(
        id="CT-NOTE",
        title="Something holds.",
        jurisdiction="us_ct",
        type=type_,
        sources=("a statute",),
        source_status=SourceStatus.SEEN,
        certainty=Certainty.CERTAIN,
        file="rules/us_ct/note.toml",
    )

    assert load(folder).entries == (replace(plain, **expected),)
