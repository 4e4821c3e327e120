"""Every key of a rule file reaches the rulebook."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orders.rules.court_calendar import CourtCalendar, Holiday
from orders.rules.facts import Kind
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.loading import DATA, load
from orders.rules.model import (
    Binding,
    CheckpointRule,
    Entry,
    MetBy,
    Offset,
    Rule,
    Unless,
    Value,
)
from orders.rules.vocabulary import (
    LONG_AGO,
    Anchor,
    Certainty,
    DatedBy,
    EntryType,
    FirearmRecipient,
    Pick,
    Purpose,
    SourceStatus,
    Unit,
)
from tests.rules.files import ENTRY, JURISDICTION, RULE
from tests.rules.orders import on


def test_rulebook_is_read_when_files_are_of_the_form(folder: Path) -> None:
    book = load(folder)

    assert [rule.id for rule in book.rules] == ["CT-ONE"]
    assert book.by_id["CT-ONE"].title == "Something is done in time."


WHOLE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-WHOLE"
title = "Something is done."
short = "Done"
binds = [{ kind = "restraining_order", firearms_indicated = true, financial_support = false }]
starts = "heard"
start_purpose = "compliance"
pick = "each"
actor = "marshal"
certainty = "debatable"
doubt = "Whether it is done."
alarms_when_armed = true
awaited = true
moves_off_closed_days = true
closed_day_moves = 2
else_starts = "issued"
not_before = "served"
after_end = true
custody_starts = "released_from_custody"
due_starts = "heard"
only_after = ["returned", "served"]
outlives_order = true
dated_by = "start"
part_of = "CT-TWO"
covers = ["cell"]
no_check = "No one is late."
moves_to_nearest = true

[[rule.unless]]
event = "served"
by = { amount = -3, unit = "calendar_days" }

[[rule.met_by]]
event = "returned"
purpose = "review"
complete = true
unless_armed = true
set_by_due = true
at_start = true
since = { amount = -1, unit = "months" }
same_key = true

[[rule.value]]
effective = 2010-01-01
due = { unit = "as_ordered" }
opens = { amount = 24, unit = "elapsed_hours" }
alternative = { amount = 2, unit = "court_days" }
extends = { amount = 6, unit = "months" }
source_status = "recollection"
sources = ["a statute", "a guide"]
note = "Read it again."
actor = "clerk"
certainty = "debatable"
doubt = "Whether it begins."

[[rule.checkpoint]]
name = "remind"
purpose = "remind"
offset = { amount = -2, unit = "business_days" }
audience = ["court", "marshal"]
anchor = "opens"
clock = 10:30:00
late = true

[[rule]]
id = "CT-END"
title = "Something ends."
binds = [{ kind = "restraining_order" }]
starts = "issued"
actor = "court"
certainty = "certain"
ends_order = true

[[rule.value]]
effective = 1900-01-01
due = { amount = 1, unit = "years" }
source_status = "second_hand"
sources = ["a statute"]

[[rule.checkpoint]]
name = "check"
purpose = "check"
audience = ["court"]
"""


def test_every_key_of_a_rule_reaches_it(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_text(WHOLE, encoding="utf-8")

    assert load(folder).by_id["CT-WHOLE"] == Rule(
        id="CT-WHOLE",
        title="Something is done.",
        jurisdiction="us_ct",
        binds=(Binding(kind=Kind.RESTRAINING_ORDER, firearms_indicated=True, financial_support=False),),
        starts="heard",
        start_purpose="compliance",
        pick=Pick.EACH,
        values=(
            Value(
                effective=on("2010-01-01"),
                due=Offset(amount=0, unit=Unit.AS_ORDERED),
                opens=Offset(amount=24, unit=Unit.ELAPSED_HOURS),
                alternative=Offset(amount=2, unit=Unit.COURT_DAYS),
                extends=Offset(amount=6, unit=Unit.MONTHS),
                sources=("a statute", "a guide"),
                source_status=SourceStatus.RECOLLECTION,
                note="Read it again.",
                actor="clerk",
                certainty=Certainty.DEBATABLE,
                doubt="Whether it begins.",
            ),
        ),
        actor="marshal",
        certainty=Certainty.DEBATABLE,
        doubt="Whether it is done.",
        met_by=(
            MetBy(
                event="returned",
                purpose="review",
                complete=True,
                unless_armed=True,
                set_by_due=True,
                at_start=True,
                since=Offset(amount=-1, unit=Unit.MONTHS),
                same_key=True,
            ),
        ),
        checkpoints=(
            CheckpointRule(
                name="remind",
                purpose=Purpose.REMIND,
                offset=Offset(amount=-2, unit=Unit.BUSINESS_DAYS),
                audience=("court", "marshal"),
                anchor=Anchor.OPENS,
                clock=time(10, 30),
                late=True,
            ),
        ),
        alarms_when_armed=True,
        awaited=True,
        moves_off_closed_days=True,
        closed_day_moves=2,
        else_starts="issued",
        not_before="served",
        after_end=True,
        custody_starts="released_from_custody",
        due_starts="heard",
        only_after=("returned", "served"),
        outlives_order=True,
        dated_by=DatedBy.START,
        short="Done",
        part_of="CT-TWO",
        covers=("cell",),
        no_check="No one is late.",
        moves_to_nearest=True,
        unless=(Unless(event="served", by=Offset(amount=-3, unit=Unit.CALENDAR_DAYS)),),
        file="rules/us_ct/one.toml",
    )


def test_keys_that_a_rule_leaves_out_have_defaults(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_text(WHOLE, encoding="utf-8")

    # By default a checkpoint is at the due moment; one with an offset in days falls at 9 a.m.
    check = CheckpointRule(
        name="check",
        purpose=Purpose.CHECK,
        offset=Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        audience=("court",),
        anchor=Anchor.DUE,
        clock=time(9),
        late=False,
    )
    year = Value(
        effective=on("1900-01-01"),
        due=Offset(amount=1, unit=Unit.YEARS),
        sources=("a statute",),
        source_status=SourceStatus.SECOND_HAND,
    )
    assert load(folder).by_id["CT-END"] == Rule(
        id="CT-END",
        title="Something ends.",
        jurisdiction="us_ct",
        binds=(Binding(kind=Kind.RESTRAINING_ORDER, firearms_indicated=None, financial_support=None),),
        starts="issued",
        values=(year,),
        actor="court",
        certainty=Certainty.CERTAIN,
        checkpoints=(check,),
        ends_order=True,
        pick=Pick.FIRST,
        closed_day_moves=1,
        dated_by=DatedBy.ISSUED,
        file="rules/us_ct/one.toml",
    )


def test_met_by_requires_only_what_it_names(folder: Path) -> None:
    text = RULE.replace('actor = "court"', 'actor = "court"\nmet_by = [{ event = "served" }]')
    (folder / "us_ct" / "one.toml").write_text(text, encoding="utf-8")

    assert load(folder).by_id["CT-ONE"].met_by == (MetBy(event="served", since=None),)


def test_every_key_of_an_entry_reaches_it(folder: Path) -> None:
    more = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-WHOLE"
title = "Some may hold it."
type = "recipients"
sources = ["a statute", "a guide"]
source_status = "second_hand"
certainty = "debatable"
kinds = ["restraining_order"]
recipient = "court"
doubt = "Whether they may."
note = "Read it again."
effective = 2010-01-01
until = 2020-01-01
allows = ["true_owner"]
covers = ["cell"]
"""
    (folder / "us_ct" / "one.toml").write_text(more, encoding="utf-8")
    (folder / "us_ct" / "two.toml").write_text(ENTRY, encoding="utf-8")

    assert load(folder).entries == (
        Entry(
            id="CT-WHOLE",
            title="Some may hold it.",
            jurisdiction="us_ct",
            type=EntryType.RECIPIENTS,
            sources=("a statute", "a guide"),
            source_status=SourceStatus.SECOND_HAND,
            certainty=Certainty.DEBATABLE,
            kinds=(Kind.RESTRAINING_ORDER,),
            recipient="court",
            doubt="Whether they may.",
            note="Read it again.",
            effective=on("2010-01-01"),
            until=on("2020-01-01"),
            allows=(FirearmRecipient.TRUE_OWNER,),
            covers=("cell",),
            file="rules/us_ct/one.toml",
        ),
        Entry(
            id="CT-NOTE",
            title="Something holds.",
            jurisdiction="us_ct",
            type=EntryType.INFORMATION,
            sources=("a statute",),
            source_status=SourceStatus.SEEN,
            certainty=Certainty.CERTAIN,
            effective=LONG_AGO,
            file="rules/us_ct/two.toml",
        ),
    )


def test_every_key_of_a_jurisdiction_reaches_it(folder: Path) -> None:
    more = """\
source_status = "second_hand"
about = "Two zones."
saturday_holidays_stay = true

[[elsewhere]]
zone = "America/Chicago"
where = ["Lake", "Porter"]

[[holiday]]
name = "New Year's Day"
month = 1
day = 1

[[holiday]]
name = "The day after"
month = 11
weekday = 3
nth = 4
since = 2028
plus = 1

[[proclaimed]]
on = 2026-11-26
name = "Thanksgiving Day"
"""
    (folder / "us_ct" / "jurisdiction.toml").write_text(JURISDICTION + more, encoding="utf-8")

    chicago = ZoneInfo("America/Chicago")
    assert load(folder).jurisdictions == {
        "us_ct": Jurisdiction(
            id="us_ct",
            name="Connecticut",
            zone=ZoneInfo("America/New_York"),
            calendar=CourtCalendar(
                holidays=(
                    Holiday(name="New Year's Day", month=1, day=1, since=1, plus=0),
                    Holiday(name="The day after", month=11, weekday=3, nth=4, since=2028, plus=1),
                ),
                closings={on("2026-11-26"): "Thanksgiving Day"},
                saturday_to_friday=False,
            ),
            areas={"Lake": chicago, "Porter": chicago},
            source_status=SourceStatus.SECOND_HAND,
            about="Two zones.",
        )
    }


def test_jurisdiction_has_one_zone_and_moves_its_holidays_by_default(folder: Path) -> None:
    assert load(folder).jurisdictions["us_ct"] == Jurisdiction(
        id="us_ct",
        name="Connecticut",
        zone=ZoneInfo("America/New_York"),
        calendar=CourtCalendar(saturday_to_friday=True),
        source_status=SourceStatus.SEEN,
        about="",
    )


def test_version_is_twelve_characters_and_covers_the_files_of_every_folder(folder: Path) -> None:
    before = load(folder).version
    file = folder / "us_ct" / "jurisdiction.toml"
    file.write_text(JURISDICTION + "# another line\n", encoding="utf-8")

    assert len(before) == 12
    assert load(folder).version != before


def test_version_changes_when_any_file_does(folder: Path) -> None:
    before = load(folder).version

    file = folder / "us_ct" / "one.toml"
    file.write_text(RULE + "\n# another line\n", encoding="utf-8")

    assert load(folder).version != before
    assert load(DATA).version == load(DATA).version


@pytest.mark.parametrize(
    ("day", "amount"),
    [("2010-01-01", 14), ("2019-12-31", 14), ("2020-01-01", 7), ("2030-01-01", 7)],
)
def test_value_is_the_one_in_force_on_the_day(folder: Path, day: str, amount: int) -> None:
    value = load(folder).by_id["CT-ONE"].value_on(on(day))

    assert value is not None
    assert value.due.amount == amount


def test_there_is_no_value_before_the_first(folder: Path) -> None:
    assert load(folder).by_id["CT-ONE"].value_on(on("2009-12-31")) is None
