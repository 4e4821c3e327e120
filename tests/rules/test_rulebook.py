from __future__ import annotations

from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orders.rules.court_calendar import CourtCalendar, Holiday
from orders.rules.facts import HAPPENINGS, Facts, Kind
from orders.rules.rulebook import (
    DATA,
    LONG_AGO,
    Anchor,
    Becomes,
    Binding,
    Certainty,
    Checkpoint,
    Dated,
    Entry,
    Filer,
    Jurisdiction,
    Mark,
    Meeting,
    Offset,
    Pick,
    Purpose,
    Recipient,
    Rule,
    Rulebook,
    RulebookError,
    Standard,
    Unit,
    Value,
    load,
)
from tests.rules.orders import on, order

JURISDICTION = """\
id = "us_ct"
name = "Connecticut"
zone = "America/New_York"
"""

RULE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-ONE"
title = "Something is done in time."
binds = [{ kind = "restraining_order" }]
starts = "issued"
actor = "court"
certainty = "certain"

[[rule.value]]
effective = 2010-01-01
due = { amount = 14, unit = "calendar_days" }
mark = "seen"
sources = ["a statute"]

[[rule.value]]
effective = 2020-01-01
due = { amount = 7, unit = "calendar_days" }
mark = "seen"
sources = ["another statute"]

[[rule.checkpoint]]
name = "check"
purpose = "check"
audience = ["court"]
"""

ENTRY = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-NOTE"
title = "Something holds."
becomes = "fact"
sources = ["a statute"]
mark = "seen"
"""


EVENTS = ", ".join(sorted(HAPPENINGS))
STARTS = ", ".join(sorted({*HAPPENINGS, "issued", "expiry"}))
RISING = "line 18, CT-ONE: effective: dates must rise from value to value, each one once"
EITHER_DAY = "day: give either day, or weekday (Monday is 0) and nth (-1 is the last)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = tmp_path / "rules" / "us_ct"
    state.mkdir(parents=True)
    (state / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")
    (state / "one.toml").write_text(RULE, encoding="utf-8")
    return tmp_path / "rules"


def refusal(folder: Path) -> str:
    with pytest.raises(RulebookError) as refused:
        load(folder)
    return str(refused.value)


def test_rulebook_is_read_when_files_are_of_the_form(folder: Path) -> None:
    book = load(folder)

    assert [rule.id for rule in book.rules] == ["CT-ONE"]
    assert book.by_id["CT-ONE"].title == "Something is done in time."


WHOLE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-WHOLE"
title = "Something is done."
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

[[rule.met_by]]
happening = "returned"
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
mark = "recollection"
sources = ["a statute", "a guide"]
note = "Read it again."

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
mark = "second_hand"
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
                sources=("a statute", "a guide"),
                mark=Mark.RECOLLECTION,
                note="Read it again.",
            ),
        ),
        actor="marshal",
        certainty=Certainty.DEBATABLE,
        doubt="Whether it is done.",
        met_by=(
            Meeting(
                happening="returned",
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
            Checkpoint(
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
        dated_by=Dated.START,
        part_of="CT-TWO",
        covers=("cell",),
        file="rules/us_ct/one.toml",
    )


def test_what_a_rule_leaves_out_it_does_not_ask(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_text(WHOLE, encoding="utf-8")

    # A checkpoint is at the due moment and falls, where it has a day, at nine in the morning.
    check = Checkpoint(
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
        mark=Mark.SECOND_HAND,
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
        dated_by=Dated.ISSUED,
        file="rules/us_ct/one.toml",
    )


def test_meeting_asks_only_for_what_it_names(folder: Path) -> None:
    text = RULE.replace('actor = "court"', 'actor = "court"\nmet_by = [{ happening = "served" }]')
    (folder / "us_ct" / "one.toml").write_text(text, encoding="utf-8")

    assert load(folder).by_id["CT-ONE"].met_by == (Meeting(happening="served", since=None),)


def test_every_key_of_an_entry_reaches_it(folder: Path) -> None:
    more = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-WHOLE"
title = "Some may hold it."
becomes = "recipients"
sources = ["a statute", "a guide"]
mark = "second_hand"
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
            becomes=Becomes.RECIPIENTS,
            sources=("a statute", "a guide"),
            mark=Mark.SECOND_HAND,
            certainty=Certainty.DEBATABLE,
            kinds=(Kind.RESTRAINING_ORDER,),
            recipient="court",
            doubt="Whether they may.",
            note="Read it again.",
            effective=on("2010-01-01"),
            until=on("2020-01-01"),
            allows=(Recipient.TRUE_OWNER,),
            covers=("cell",),
            file="rules/us_ct/one.toml",
        ),
        Entry(
            id="CT-NOTE",
            title="Something holds.",
            jurisdiction="us_ct",
            becomes=Becomes.FACT,
            sources=("a statute",),
            mark=Mark.SEEN,
            certainty=Certainty.CERTAIN,
            effective=LONG_AGO,
            file="rules/us_ct/two.toml",
        ),
    )


def test_every_key_of_a_jurisdiction_reaches_it(folder: Path) -> None:
    more = """\
mark = "second_hand"
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
            mark=Mark.SECOND_HAND,
            about="Two zones.",
        )
    }


def test_jurisdiction_has_one_zone_and_moves_its_holidays_where_it_says_nothing(folder: Path) -> None:
    assert load(folder).jurisdictions["us_ct"] == Jurisdiction(
        id="us_ct",
        name="Connecticut",
        zone=ZoneInfo("America/New_York"),
        calendar=CourtCalendar(saturday_to_friday=True),
        mark=Mark.SEEN,
        about="",
    )


def test_version_is_twelve_signs_and_counts_the_files_of_every_folder(folder: Path) -> None:
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


def test_value_is_none_before_the_first(folder: Path) -> None:
    assert load(folder).by_id["CT-ONE"].value_on(on("2009-12-31")) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("starts = ", "begins = ", "line 3, CT-ONE: starts: missing; give a text in quotes"),
        (
            'actor = "court"',
            'actor = "court"\ncolour = 1',
            "line 9, CT-ONE: colour: not known here; allowed are actor, after_end, alarms_when_armed, "
            "awaited, binds, certainty, checkpoint, closed_day_moves, covers, custody_starts, dated_by, "
            "doubt, due_starts, else_starts, ends_order, id, met_by, moves_off_closed_days, not_before, "
            "only_after, outlives_order, part_of, pick, start_purpose, starts, title, value",
        ),
        ('actor = "court"', "actor = 3", "line 8, CT-ONE: actor: 3 is not a text in quotes"),
        (
            '"issued"',
            '"moonrise"',
            f"line 7, CT-ONE: starts: “moonrise” is no event; known are {STARTS}",
        ),
        (
            'certainty = "certain"',
            'certainty = "perhaps"',
            "line 9, CT-ONE: certainty: “perhaps” is not among certain, debatable",
        ),
        (
            'certainty = "certain"',
            'certainty = "debatable"',
            "line 3, CT-ONE: doubt: missing; a debatable rule says what is doubted",
        ),
        (
            'sources = ["another statute"]',
            "sources = []",
            "line 21, CT-ONE: sources: empty; name at least one",
        ),
        (
            'sources = ["another statute"]\n',
            "",
            "line 17, CT-ONE: sources: missing; give a list of texts",
        ),
        ('["another statute"]', "[5]", "line 21, CT-ONE: sources: 5 is not among texts"),
        ("2020-01-01", "2010-01-01", RISING),
        ("2020-01-01", "2009-01-01", RISING),
        (
            "2020-01-01",
            "2020-01-01T00:00:00",
            "line 18, CT-ONE: effective: datetime.datetime(2020, 1, 1, 0, 0) is not a date such as "
            "2016-10-01",
        ),
        ("{ amount = 7, unit", "{ amount = 7.5, unit", "line 19, CT-ONE: amount: 7.5 is not a whole number"),
        (
            "{ amount = 7, unit",
            "{ amount = true, unit",
            "line 19, CT-ONE: amount: True is not a whole number",
        ),
        (
            'amount = 7, unit = "calendar_days"',
            'amount = 7, unit = "fortnights"',
            "line 19, CT-ONE: unit: “fortnights” is not among elapsed_hours, calendar_days, court_days, "
            "business_days, months, years, next_open_day, indefinite, as_ordered",
        ),
        ("amount = 7, unit", "unit", "line 19, CT-ONE: amount: calendar_days takes an amount"),
        (
            'amount = 7, unit = "calendar_days"',
            'amount = 7, unit = "next_open_day"',
            "line 19, CT-ONE: amount: next_open_day takes no amount",
        ),
        (
            'due = { amount = 7, unit = "calendar_days" }\n',
            "",
            'line 17, CT-ONE: due: missing; give an offset such as { amount = 24, unit = "elapsed_hours" }',
        ),
        (
            'due = { amount = 7, unit = "calendar_days" }',
            "due = 7",
            'line 19, CT-ONE: due: 7 is not a table such as { amount = 24, unit = "elapsed_hours" }',
        ),
        (
            'audience = ["court"]',
            'audience = ["press"]',
            "line 26, CT-ONE: audience: 'press' is not among advocate, court, licensing, marshal, "
            "prosecutor, protected_person, respondent_police, school, service_police, state_police, "
            "supervisor",
        ),
        (
            'audience = ["court"]',
            'audience = ["court"]\nclock = 9',
            "line 27, CT-ONE: clock: 9 is not a time of day such as 09:00:00",
        ),
        (
            'audience = ["court"]',
            'audience = ["court"]\nlate = "yes"',
            "line 27, CT-ONE: late: 'yes' is not true or false",
        ),
        (
            'audience = ["court"]',
            'audience = ["court"]\noffset = { unit = "next_open_day" }',
            "line 27, CT-ONE: offset: next_open_day counts nothing; only due may have it",
        ),
        (
            'audience = ["court"]',
            'audience = ["court"]\nanchor = "start"',
            "line 27, CT-ONE: anchor: “start” is not among due, opens",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '[{ kind = "barring_order" }]',
            "line 6, CT-ONE: kind: “barring_order” is not among restraining_order_application, "
            "ex_parte_restraining_order, restraining_order, civil_protection_order, "
            "family_violence_protective_order, risk_protection_order, foreign_order, interim_erpo, "
            "temporary_erpo, final_erpo",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '["restraining_order"]',
            "line 6, CT-ONE: binds: 'restraining_order' is not a table",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '[{ kind = "restraining_order", firearms_indicated = 1 }]',
            "line 6, CT-ONE: firearms_indicated: 1 is not true or false",
        ),
        (
            'actor = "court"',
            'actor = "court"\nmet_by = [{ happening = "issued" }]',
            f"line 9, CT-ONE: happening: “issued” is no event; known are {EVENTS}",
        ),
        (
            'starts = "issued"',
            'starts = "expiry"\nends_order = true',
            "line 8, CT-ONE: ends_order: a rule that gives the order's end cannot count from it",
        ),
        (
            'actor = "court"',
            'actor = "court"\nonly_after = ["sunset"]',
            f"line 9, CT-ONE: only_after: 'sunset' is not among {EVENTS}",
        ),
        (
            'actor = "court"',
            'actor = "court"\nelse_starts = "sunset"',
            f"line 9, CT-ONE: else_starts: “sunset” is no event; known are {STARTS}",
        ),
        (
            'starts = "issued"',
            'starts = "served"\nelse_starts = "expiry"\nends_order = true',
            "line 9, CT-ONE: ends_order: a rule that gives the order's end cannot count from it",
        ),
        (
            'starts = "issued"',
            'starts = "served"\nafter_end = true\nends_order = true',
            "line 9, CT-ONE: ends_order: a rule that gives the order's end cannot count from it",
        ),
        *(
            (
                'actor = "court"',
                f'actor = "court"\n{key} = "issued"',
                f"line 9, CT-ONE: {key}: “issued” is no event; known are {EVENTS}",
            )
            for key in ("not_before", "custody_starts", "due_starts")
        ),
        *(
            (
                'mark = "seen"',
                f'mark = "seen"\n{key} = {{ unit = "indefinite" }}',
                f"line 21, CT-ONE: {key}: indefinite counts nothing; only due may have it",
            )
            for key in ("opens", "alternative")
        ),
        ('jurisdiction = "us_ct"', 'state = "us_ct"', "line 1, jurisdiction: missing; give a text in quotes"),
        (
            'jurisdiction = "us_ct"',
            'jurisdiction = "us_ct"\nrules = 1',
            "line 2, rules: not known here; allowed are entry, jurisdiction, rule",
        ),
    ],
)
def test_file_is_refused_with_its_line_when_a_rule_is_not_of_the_form(
    folder: Path, old: str, new: str, message: str
) -> None:
    assert old in RULE
    head, tail = RULE.rsplit(old, 1)
    (folder / "us_ct" / "one.toml").write_text(head + new + tail, encoding="utf-8")

    assert refusal(folder) == f"rules/us_ct/one.toml, {message}."


def test_file_is_refused_when_it_is_not_toml(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_text(RULE.replace("[[rule]]", "[[rule]"), encoding="utf-8")

    assert refusal(folder).startswith("rules/us_ct/one.toml: not TOML: ")


@pytest.mark.parametrize(("text", "id_"), [(RULE, "CT-ONE"), (ENTRY, "CT-NOTE")], ids=["rule", "entry"])
def test_file_is_refused_when_its_jurisdiction_is_not_there(folder: Path, text: str, id_: str) -> None:
    other = JURISDICTION.replace("us_ct", "us_aa")
    (folder / "us_ct" / "more.toml").write_text(text.replace("us_ct", "us_zz"), encoding="utf-8")
    (folder / "us_ct" / "one.toml").unlink()
    (folder / "us_aa").mkdir()
    (folder / "us_aa" / "jurisdiction.toml").write_text(other, encoding="utf-8")

    assert refusal(folder) == f"{id_}: jurisdiction “us_zz” has no jurisdiction.toml; there are us_aa, us_ct"


def test_rule_is_refused_when_it_has_no_value(folder: Path) -> None:
    text = RULE.replace('certainty = "certain"', 'certainty = "certain"\nvalue = []')
    text = text[: text.index("[[rule.value]]")]
    (folder / "us_ct" / "one.toml").write_text(text, encoding="utf-8")

    message = "line 10, CT-ONE: value: missing; give at least one dated value"
    assert refusal(folder) == f"rules/us_ct/one.toml, {message}."


def test_line_is_that_of_the_rule_meant_when_an_earlier_one_has_the_same_key(folder: Path) -> None:
    second = (
        RULE.split("\n", 1)[1].replace("CT-ONE", "CT-TWO").replace('"court"\ncert', '"court"\nsize = 1\ncert')
    )
    (folder / "us_ct" / "one.toml").write_text(RULE + second, encoding="utf-8")

    assert "one.toml, line 34, CT-TWO: size: not known here" in refusal(folder)


@pytest.mark.parametrize("again", [RULE, ENTRY.replace("CT-NOTE", "CT-ONE")], ids=["rule", "entry"])
def test_id_is_refused_when_it_stands_twice(folder: Path, again: str) -> None:
    (folder / "us_ct" / "two.toml").write_text(again, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_ct/two.toml, line 4, CT-ONE: id: “CT-ONE” stands twice; an id is used once."
    )


@pytest.mark.parametrize("again", [RULE, ENTRY.replace("CT-NOTE", "CT-ONE")], ids=["rule", "entry"])
def test_id_is_refused_when_an_entry_before_has_it(folder: Path, again: str) -> None:
    (folder / "us_ct" / "entry.toml").write_text(ENTRY.replace("CT-NOTE", "CT-ONE"), encoding="utf-8")
    (folder / "us_ct" / "one.toml").write_text(again, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_ct/one.toml, line 4, CT-ONE: id: “CT-ONE” stands twice; an id is used once."
    )


def test_order_of_a_kind_that_no_rule_is_about_has_none(folder: Path) -> None:
    assert load(folder).binding(order(Kind.FOREIGN_ORDER)) == []


def test_jurisdiction_is_refused_when_it_stands_twice(folder: Path) -> None:
    other = folder / "us_xx"
    other.mkdir()
    (other / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_xx/jurisdiction.toml, line 1, id: “us_ct” stands twice; an id is used once."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            JURISDICTION.replace("America/New_York", "America/Hartford"),
            "line 3, zone: “America/Hartford” is no time zone of the IANA list",
        ),
        (
            JURISDICTION.replace("America/New_York", "../etc"),
            "line 3, zone: “../etc” is no time zone of the IANA list",
        ),
        (JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 1\n", f"line 4, {EITHER_DAY}"),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 1\nday = 1\nweekday = 1\nnth = 1\n",
            f"line 7, {EITHER_DAY}",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nnth = 1\n",
            f"line 4, {EITHER_DAY}",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nweekday = 1\n",
            f"line 4, {EITHER_DAY}",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nday = 30\n",
            "line 6, month: there is no such day in the year",
        ),
        # Of a leap year, but not of every one that comes.
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nday = 29\n",
            "line 6, month: there is no such day in the year",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nweekday = 0\nnth = 6\n",
            "line 6, month: there is no such day in the year",
        ),
        (JURISDICTION + "[[proclaimed]]\non = 2026-11-26\n", "line 4, name: missing; give a text in quotes"),
        (
            JURISDICTION + "flag = 'x'\n",
            "line 4, flag: not known here; allowed are about, elsewhere, holiday, id, mark, name, "
            "proclaimed, saturday_holidays_stay, zone",
        ),
        (
            JURISDICTION + "[[elsewhere]]\nzone = 'UTC'\nwhere = []\n",
            "line 6, where: empty; name at least one",
        ),
        (JURISDICTION + "holiday = ['x']\n", "line 4, holiday: 'x' is not a table"),
    ],
)
def test_jurisdiction_is_refused_when_it_is_not_of_the_form(folder: Path, text: str, message: str) -> None:
    (folder / "us_ct" / "jurisdiction.toml").write_text(text, encoding="utf-8")

    assert refusal(folder) == f"rules/us_ct/jurisdiction.toml, {message}."


def test_file_is_refused_when_it_is_not_utf8(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_bytes(b"\xff\xfe")

    assert "rules/us_ct/one.toml: cannot be read" in refusal(folder)


def test_folder_is_refused_when_it_holds_no_rules(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"{tmp_path}: no rule files in it; they are named us_ct/surrender.toml and so on"
    )


def test_rules_are_refused_when_no_jurisdiction_is_there(folder: Path) -> None:
    (folder / "us_ct" / "jurisdiction.toml").unlink()

    assert refusal(folder) == "CT-ONE: jurisdiction “us_ct” has no jurisdiction.toml; there are none"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'becomes = "fact"',
            'becomes = "wish"',
            "line 6, CT-NOTE: becomes: “wish” is not among order_term, required_notice, required_document, "
            "recipients, filers, proof, return, condition, fact, computation, care",
        ),
        (
            'mark = "seen"',
            'mark = "seen"\nkinds = ["decree"]',
            "line 9, CT-NOTE: kinds: 'decree' is not among civil_protection_order, "
            "ex_parte_restraining_order, family_violence_protective_order, final_erpo, foreign_order, "
            "interim_erpo, restraining_order, restraining_order_application, risk_protection_order, "
            "temporary_erpo",
        ),
        (
            'mark = "seen"',
            'mark = "seen"\nallows = ["friend"]',
            "line 9, CT-NOTE: allows: 'friend' is not among law_enforcement, licensed_dealer, third_party, "
            "true_owner",
        ),
        (
            'mark = "seen"',
            'mark = "seen"\ncertainty = "debatable"',
            "line 3, CT-NOTE: doubt: missing; a debatable rule says what is doubted",
        ),
        (
            'mark = "seen"',
            'mark = "seen"\nsize = 1',
            "line 9, CT-NOTE: size: not known here; allowed are allows, becomes, certainty, covers, doubt, "
            "effective, id, kinds, mark, note, recipient, sources, title, until",
        ),
        ('sources = ["a statute"]\n', "", "line 3, CT-NOTE: sources: missing; give a list of texts"),
    ],
)
def test_file_is_refused_when_an_entry_is_not_of_the_form(
    folder: Path, old: str, new: str, message: str
) -> None:
    (folder / "us_ct" / "note.toml").write_text(ENTRY.replace(old, new), encoding="utf-8")

    assert refusal(folder) == f"rules/us_ct/note.toml, {message}."


def test_entry_binds_only_orders_of_its_kinds_and_time(folder: Path) -> None:
    more = 'mark = "seen"\nkinds = ["restraining_order"]\neffective = 2020-01-01\n'
    (folder / "us_ct" / "note.toml").write_text(ENTRY.replace('mark = "seen"\n', more), encoding="utf-8")
    book = load(folder)

    (entry,) = book.entries
    assert entry.binds_order(order(Kind.RESTRAINING_ORDER, "2020-01-01"))
    assert not entry.binds_order(order(Kind.RESTRAINING_ORDER, "2019-12-31"))
    assert not entry.binds_order(order(Kind.FOREIGN_ORDER, "2020-01-01"))
    assert not entry.binds_order(order(Kind.RESTRAINING_ORDER, "2020-01-01", jurisdiction="us_de"))
    assert entry.mark is Mark.SEEN
    assert book.entries_of(order(Kind.RESTRAINING_ORDER), Becomes.FACT) == [entry]
    assert book.entries_of(order(Kind.RESTRAINING_ORDER), Becomes.CARE) == []


def test_recipient_is_refused_in_the_rules_words_when_it_is_not_allowed(folder: Path) -> None:
    text = ENTRY.replace('"fact"', '"recipients"\nallows = ["law_enforcement"]')
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")
    book = load(folder)

    assert book.refusal(order(), Recipient.LAW_ENFORCEMENT) == ""
    assert book.refusal(order(), Recipient.THIRD_PARTY) == "Something holds. (CT-NOTE; a statute)"
    assert book.refusal(order(jurisdiction="us_de"), Recipient.THIRD_PARTY) == ""


TWO_SORTS = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-ONE-SAYS"
title = "One says so."
becomes = "recipients"
allows = ["law_enforcement"]
sources = ["a statute", "a guide"]
mark = "seen"

[[entry]]
id = "CT-TWO-SAYS"
title = "So does another."
becomes = "recipients"
allows = ["licensed_dealer"]
sources = ["another statute"]
mark = "seen"
"""


def test_refusal_names_every_rule_that_refuses_with_all_its_sources(folder: Path) -> None:
    (folder / "us_ct" / "note.toml").write_text(TWO_SORTS, encoding="utf-8")
    book = load(folder)

    assert book.refusal(order(), Recipient.LAW_ENFORCEMENT) == ""
    assert book.refusal(order(), Recipient.LICENSED_DEALER) == ""
    assert book.refusal(order(), Recipient.TRUE_OWNER) == (
        "One says so. (CT-ONE-SAYS; a statute; a guide) So does another. (CT-TWO-SAYS; another statute)"
    )


def test_entry_of_another_sort_refuses_nobody(folder: Path) -> None:
    (folder / "us_ct" / "note.toml").write_text(ENTRY, encoding="utf-8")

    assert load(folder).refusal(order(), Recipient.THIRD_PARTY) == ""
    assert load(folder).filer_refusal(order(), Filer.SCHOOL) == ""


def test_proof_is_refused_by_every_rule_that_asks_for_more(folder: Path) -> None:
    text = TWO_SORTS.replace('"recipients"', '"proof"\nstandard = "preponderance"')
    text = text.replace('allows = ["law_enforcement"]\n', "").replace('allows = ["licensed_dealer"]\n', "")
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")

    assert load(folder).proof_refusal(order(), Standard.PROBABLE_CAUSE) == (
        "One says so. (CT-ONE-SAYS; a statute; a guide) So does another. (CT-TWO-SAYS; another statute)"
    )


def test_zone_is_that_of_the_area_when_the_state_has_two(folder: Path) -> None:
    text = JURISDICTION + '[[elsewhere]]\nzone = "America/Chicago"\nwhere = ["Lake"]\n'
    (folder / "us_ct" / "jurisdiction.toml").write_text(text, encoding="utf-8")
    book = load(folder)

    def zone(facts: Facts) -> str:
        return str(book.jurisdiction_of(facts).zone)

    assert book.jurisdiction_of(order()) is book.jurisdictions["us_ct"]
    assert zone(order()) == "America/New_York"
    assert zone(order(area="Marion")) == "America/New_York"
    assert zone(order(area="LAKE")) == "America/Chicago"


def test_closings_are_added_only_to_the_jurisdiction_named(rulebook: Rulebook) -> None:
    snow = date(2026, 12, 16)
    closed = rulebook.with_closings({"us_ct": {snow: "Snow"}})

    assert not closed.jurisdictions["us_ct"].calendar.is_open(snow)
    assert rulebook.jurisdictions["us_ct"].calendar.is_open(snow)
    assert closed.version == rulebook.version
    assert closed.entries == rulebook.entries
    assert all(isinstance(one.calendar, CourtCalendar) for one in closed.jurisdictions.values())
