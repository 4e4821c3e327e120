from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orders.rules.court_calendar import CourtCalendar
from orders.rules.facts import Facts, Kind
from orders.rules.rulebook import DATA, Becomes, Mark, Recipient, Rulebook, RulebookError, load
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
            "line 9, CT-ONE: colour: not known here; allowed are ",
        ),
        ('actor = "court"', "actor = 3", "line 8, CT-ONE: actor: 3 is not a text in quotes"),
        (
            '"issued"',
            '"moonrise"',
            "line 7, CT-ONE: starts: “moonrise” is no event; known are application_filed",
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
        ("2020-01-01", "2010-01-01", "line 18, CT-ONE: effective: dates must rise from value to value"),
        ("2020-01-01", "2009-01-01", "line 18, CT-ONE: effective: dates must rise from value to value"),
        (
            "2020-01-01",
            "2020-01-01T00:00:00",
            "line 18, CT-ONE: effective: datetime.datetime(2020, 1, 1, 0, 0)",
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
            "line 19, CT-ONE: unit: “fortnights” is not among elapsed_hours",
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
            "line 17, CT-ONE: due: missing; give an offset",
        ),
        (
            'due = { amount = 7, unit = "calendar_days" }',
            "due = 7",
            "line 19, CT-ONE: due: 7 is not a table such as",
        ),
        (
            'audience = ["court"]',
            'audience = ["press"]',
            "line 26, CT-ONE: audience: 'press' is not among court, marshal, prosecutor, respondent_police",
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
            "line 6, CT-ONE: kind: “barring_order” is not among restraining_order_application",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '["restraining_order"]',
            "CT-ONE: binds: 'restraining_order' is not a table",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '[{ kind = "restraining_order", firearms_indicated = 1 }]',
            "line 6, CT-ONE: firearms_indicated: 1 is not true or false",
        ),
        (
            'actor = "court"',
            'actor = "court"\nmet_by = [{ happening = "issued" }]',
            "line 9, CT-ONE: happening: “issued” is no event",
        ),
        (
            'starts = "issued"',
            'starts = "expiry"\nends_order = true',
            "line 8, CT-ONE: ends_order: a rule that gives the order's end cannot count from it",
        ),
        (
            'actor = "court"',
            'actor = "court"\nonly_after = ["sunset"]',
            "line 9, CT-ONE: only_after: 'sunset' is not among application_filed",
        ),
        (
            'jurisdiction = "us_ct"',
            'jurisdiction = "us_zz"',
            "CT-ONE: jurisdiction “us_zz” has no jurisdiction.toml; there are us_ct",
        ),
        ('jurisdiction = "us_ct"', 'state = "us_ct"', "line 1, jurisdiction: missing"),
        (
            'jurisdiction = "us_ct"',
            'jurisdiction = "us_ct"\nrules = 1',
            "line 2, rules: not known here; allowed are entry, jurisdiction, rule",
        ),
        ("[[rule]]", "[[rule]", "rules/us_ct/one.toml: not TOML: "),
    ],
)
def test_file_is_refused_with_its_line_when_a_rule_is_not_of_the_form(
    folder: Path, old: str, new: str, message: str
) -> None:
    assert old in RULE
    head, tail = RULE.rsplit(old, 1)
    (folder / "us_ct" / "one.toml").write_text(head + new + tail, encoding="utf-8")

    text = refusal(folder)

    assert message in text
    assert "one.toml" in text or "us_zz" in text


def test_rule_is_refused_when_it_has_no_value(folder: Path) -> None:
    text = RULE.replace('certainty = "certain"', 'certainty = "certain"\nvalue = []')
    text = text[: text.index("[[rule.value]]")]
    (folder / "us_ct" / "one.toml").write_text(text, encoding="utf-8")

    assert "line 10, CT-ONE: value: missing; give at least one dated value" in refusal(folder)


def test_line_is_that_of_the_rule_meant_when_an_earlier_one_has_the_same_key(folder: Path) -> None:
    second = (
        RULE.split("\n", 1)[1].replace("CT-ONE", "CT-TWO").replace('"court"\ncert', '"court"\nsize = 1\ncert')
    )
    (folder / "us_ct" / "one.toml").write_text(RULE + second, encoding="utf-8")

    assert "one.toml, line 34, CT-TWO: size: not known here" in refusal(folder)


@pytest.mark.parametrize("again", [RULE, ENTRY.replace("CT-NOTE", "CT-ONE")], ids=["rule", "entry"])
def test_id_is_refused_when_it_stands_twice(folder: Path, again: str) -> None:
    (folder / "us_ct" / "two.toml").write_text(again, encoding="utf-8")

    assert "two.toml, line 4, CT-ONE: id: “CT-ONE” stands twice" in refusal(folder).replace(
        "line 5", "line 4"
    )


def test_jurisdiction_is_refused_when_it_stands_twice(folder: Path) -> None:
    other = folder / "us_xx"
    other.mkdir()
    (other / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")

    assert "us_xx/jurisdiction.toml, line 1, id: “us_ct” stands twice" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            JURISDICTION.replace("America/New_York", "America/Hartford"),
            "line 3, zone: “America/Hartford” is no time zone",
        ),
        (
            JURISDICTION.replace("America/New_York", "../etc"),
            "zone: “../etc” is no time zone of the IANA list",
        ),
        (JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 1\n", "line 4, day: give either day, or weekday"),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 1\nday = 1\nweekday = 1\nnth = 1\n",
            "line 7, day: give either day, or weekday",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nday = 30\n",
            "line 6, month: there is no such day",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nweekday = 0\nnth = 6\n",
            "month: there is no such day",
        ),
        (JURISDICTION + "[[proclaimed]]\non = 2026-11-26\n", "line 4, name: missing; give a text in quotes"),
        (
            JURISDICTION + "flag = 'x'\n",
            "line 4, flag: not known here; allowed are about, elsewhere, holiday",
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

    assert message in refusal(folder)


def test_file_is_refused_when_it_is_not_utf8(folder: Path) -> None:
    (folder / "us_ct" / "one.toml").write_bytes(b"\xff\xfe")

    assert "rules/us_ct/one.toml: cannot be read" in refusal(folder)


def test_folder_is_refused_when_it_holds_no_rules(tmp_path: Path) -> None:
    assert "no rule files in it" in refusal(tmp_path)


def test_rules_are_refused_when_no_jurisdiction_is_there(folder: Path) -> None:
    (folder / "us_ct" / "jurisdiction.toml").unlink()

    assert "has no jurisdiction.toml; there are none" in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('becomes = "fact"', 'becomes = "wish"', "line 6, CT-NOTE: becomes: “wish” is not among order_term"),
        (
            'mark = "seen"',
            'mark = "seen"\nkinds = ["decree"]',
            "line 9, CT-NOTE: kinds: 'decree' is not among",
        ),
        ('mark = "seen"', 'mark = "seen"\nallows = ["friend"]', "CT-NOTE: allows: 'friend' is not among"),
        ('mark = "seen"', 'mark = "seen"\ncertainty = "debatable"', "line 3, CT-NOTE: doubt: missing"),
        ('mark = "seen"', 'mark = "seen"\nsize = 1', "line 9, CT-NOTE: size: not known here"),
        ('sources = ["a statute"]\n', "", "line 3, CT-NOTE: sources: missing"),
    ],
)
def test_file_is_refused_when_an_entry_is_not_of_the_form(
    folder: Path, old: str, new: str, message: str
) -> None:
    (folder / "us_ct" / "note.toml").write_text(ENTRY.replace(old, new), encoding="utf-8")

    assert message in refusal(folder)


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


def test_zone_is_that_of_the_area_when_the_state_has_two(folder: Path) -> None:
    text = JURISDICTION + '[[elsewhere]]\nzone = "America/Chicago"\nwhere = ["Lake"]\n'
    (folder / "us_ct" / "jurisdiction.toml").write_text(text, encoding="utf-8")
    book = load(folder)

    def zone(facts: Facts) -> str:
        return str(book.jurisdiction_of(facts).zone)

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
