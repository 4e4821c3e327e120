"""How the file of announcements is read: every key, what may be left out, and where errors are."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from orders.rules.announcements import read_announcements
from orders.rules.loading import RulebookError, load
from orders.rules.model import CheckpointRule, MetBy, Offset, Unless
from orders.rules.vocabulary import Certainty, Pick, Purpose, Unit

FRESH = "fresh_days = 7\n"
#: An announcement with all that one needs.
ONE = """[[announcement]]
id = "ANN-ONE"
title = "It was served."
starts = "served"

[[announcement.notify]]
name = "court"
audience = ["court"]
ask = "Read it."
"""


def test_the_rulebook_has_the_announcements_of_its_folder(folder: Path) -> None:
    file = folder / "announcements.toml"
    file.write_text(FRESH + ONE)
    assert load(folder).announcements == read_announcements(file, RulebookError)[0]

    file.write_text(ONE)
    with pytest.raises(RulebookError, match="fresh_days: missing"):
        load(folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of announcements in a folder of its own; it is not written yet."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "announcements.toml"


def test_an_announcement_has_all_that_its_file_gives(file: Path) -> None:
    file.write_text(
        """fresh_days = 7
[[announcement]]
id = "ANN-ONE"
title = "A hearing is set."
starts = "hearing_scheduled"
pick = "each"
kinds = ["restraining_order"]
states = ["us_ct"]
not_in = ["us_wa"]
purposes = ["extension"]
when_armed = true
when_whole = true
urgent = true
at_once = true
to_the_minute = true
outlives_order = true
only_after = ["served"]
unless_acknowledged = "ANN-ONE"
over = [{ event = "heard", same_key = true, at_start = true }]
unless = [{ event = "vacated", same_key = true }]

[[announcement.notify]]
name = "court-2d"
audience = ["court"]
ask = "Prepare it."
offset = { amount = -2, unit = "calendar_days" }
until_day = true
clock = 08:30:00
when_armed = true
needs_answer = true

[[announcement.notify]]
name = "police"
audience = ["respondent_police"]
ask = "Read it."
fresh_days = 3
"""
    )

    (found,), read = read_announcements(file, RulebookError)

    rule = found.rule
    assert read == file.read_bytes()
    assert (rule.id, rule.title, rule.starts, rule.pick) == (
        "ANN-ONE",
        "A hearing is set.",
        "hearing_scheduled",
        Pick.EACH,
    )
    assert (rule.jurisdiction, rule.binds, rule.actor, rule.certainty, rule.file) == (
        "",
        (),
        "",
        Certainty.CERTAIN,
        "data/announcements.toml",
    )
    assert rule.met_by == (MetBy(event="heard", same_key=True, at_start=True),)
    assert rule.unless == (Unless(event="vacated", same_key=True),)
    assert (rule.only_after, rule.alarms_when_armed, rule.outlives_order) == (("served",), True, True)
    assert rule.values[0].due == Offset(amount=0, unit=Unit.ELAPSED_HOURS)
    assert (found.kinds, found.states, found.not_in, found.purposes) == (
        ("restraining_order",),
        ("us_ct",),
        ("us_wa",),
        ("extension",),
    )
    assert (found.when_whole, found.urgent, found.at_once, found.unless_acknowledged) == (
        True,
        True,
        True,
        "ANN-ONE",
    )
    assert rule.checkpoints == (
        CheckpointRule(
            name="court-2d",
            purpose=Purpose.INFORM,
            offset=Offset(amount=-2, unit=Unit.CALENDAR_DAYS),
            audience=("court",),
            clock=time(8, 30),
            fresh_days=None,
            until_day=True,
            when_armed=True,
            ask="Prepare it.",
            needs_answer=True,
        ),
        CheckpointRule(
            name="police",
            purpose=Purpose.INFORM,
            offset=Offset(amount=0, unit=Unit.ELAPSED_HOURS),
            audience=("respondent_police",),
            clock=time(9),
            fresh_days=3,
            when_armed=False,
            ask="Read it.",
            needs_answer=False,
        ),
    )


def test_an_announcement_needs_little(file: Path) -> None:
    file.write_text(FRESH + ONE)

    (found,), _ = read_announcements(file, RulebookError)

    rule = found.rule
    assert (rule.pick, rule.met_by, rule.unless, rule.only_after) == (Pick.FIRST, (), (), ())
    assert (rule.alarms_when_armed, rule.outlives_order) == (False, False)
    assert rule.values[0].due == Offset(amount=0, unit=Unit.CALENDAR_DAYS)
    assert (found.kinds, found.states, found.not_in, found.purposes) == ((), (), (), ())
    assert (found.when_whole, found.urgent, found.at_once, found.unless_acknowledged) == (
        False,
        False,
        False,
        "",
    )
    assert rule.checkpoints[0].fresh_days == 7
    assert read_announcements(file.with_name("missing.toml"), RulebookError) == ((), b"")


def test_a_notice_at_the_instant_itself_is_news_for_some_days(file: Path) -> None:
    """Only one ahead of its day has no time like that."""
    notice = 'ask = "Read it."\noffset = { amount = 0, unit = "elapsed_hours" }\nfresh_days = 3'
    file.write_text(FRESH + ONE.replace('ask = "Read it."', notice))

    (found,), _ = read_announcements(file, RulebookError)

    (one,) = found.rule.checkpoints
    assert (one.fresh_days, one.until_day) == (3, False)


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('ask = "Read it."', "", "line 7, ANN-ONE: ask: missing"),
        ('starts = "served"', 'starts = "sent"', "line 5, ANN-ONE: starts: "),
        (
            'audience = ["court"]',
            'audience = ["nurse"]',
            "line 9, ANN-ONE: audience: ",
        ),
        ("fresh_days = 7", "fresh_days = 7\nold_days = 8", "line 2, old_days"),
        ('title = "It', 'titel = "x"\ntitle = "It', "line 4, ANN-ONE: titel"),
        (
            'ask = "Read it."',
            'ask = "Read it."\nasked = "x"',
            "line 11, ANN-ONE: asked",
        ),
        (
            'starts = "served"',
            'starts = "served"\nonly_after = ["sent"]',
            "line 6, ANN-ONE: only_after: 'sent'",
        ),
        ('starts = "served"', 'starts = "served"\nkinds = ["decree"]', "line 6, ANN-ONE: kinds: 'decree'"),
    ],
    ids=[
        "missing",
        "event",
        "audience",
        "top key",
        "announcement key",
        "notify key",
        "condition",
        "kind of order",
    ],
)
def test_errors_of_announcements_name_file_line_and_key(
    file: Path, was: str, becomes: str, words: str
) -> None:
    file.write_text((FRESH + ONE).replace(was, becomes, 1))

    with pytest.raises(RulebookError) as refused:
        read_announcements(file, RulebookError)

    assert str(refused.value).startswith(f"data/announcements.toml, {words}")


def test_an_id_is_given_once(file: Path) -> None:
    file.write_text(FRESH + ONE)
    (found,), _ = read_announcements(file, RulebookError)
    assert found.rule.id == "ANN-ONE"

    file.write_text(FRESH + ONE + ONE)
    with pytest.raises(
        RulebookError, match=r"line 12, ANN-ONE: id: “ANN-ONE” is already in use; choose another id"
    ):
        read_announcements(file, RulebookError)


def test_what_waits_for_an_acknowledgment_names_an_announcement(file: Path) -> None:
    file.write_text(
        FRESH + ONE.replace('starts = "served"', 'starts = "served"\nunless_acknowledged = "ANN-TWO"')
    )

    with pytest.raises(RulebookError, match=r"ANN-ONE: no announcement is called “ANN-TWO”"):
        read_announcements(file, RulebookError)
