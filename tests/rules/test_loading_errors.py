"""Rule files with an error are refused; the message names file, line, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.rules.facts import EVENT_KINDS, Kind
from orders.rules.loading import load
from tests.rules.files import ENTRY, JURISDICTION, RULE, refusal
from tests.rules.orders import order

EVENTS = ", ".join(sorted(EVENT_KINDS))
MEETING = ", ".join(sorted({*EVENT_KINDS, "issued"}))
STARTS = ", ".join(sorted({*EVENT_KINDS, "issued", "expiry"}))
RISING = "line 18, CT-ONE: effective: must be later than the value above; give each date once"
EITHER_DAY = "day: give either day, or weekday (Monday is 0) and nth (-1 is the last)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("starts = ", "begins = ", "line 3, CT-ONE: starts: missing; give a text in quotes"),
        (
            'actor = "court"',
            'actor = "court"\ncolour = 1',
            "line 9, CT-ONE: colour: unknown key; choose from actor, after_end, alarms_when_armed, "
            "awaited, binds, certainty, checkpoint, closed_day_doubt, closed_day_moves, court_sets_opening, "
            "covers, custody_starts, dated_by, doubt, due_starts, else_starts, ends_order, id, is_end, "
            "met_by, moves_off_closed_days, moves_to_nearest, no_check, not_before, only_after, opened_by, "
            "opens_after, outlives_order, part_of, pick, short, start_purpose, starts, title, unless, until, "
            "value",
        ),
        ('actor = "court"', "actor = 3", "line 8, CT-ONE: actor: 3 is not a text in quotes"),
        (
            '"issued"',
            '"moonrise"',
            f"line 7, CT-ONE: starts: “moonrise” is not an event; choose from {STARTS}",
        ),
        (
            'certainty = "certain"',
            'certainty = "perhaps"',
            "line 9, CT-ONE: certainty: “perhaps” is not one of certain, debatable",
        ),
        (
            'certainty = "certain"',
            'certainty = "debatable"',
            "line 3, CT-ONE: doubt: missing; a debatable rule explains its doubt",
        ),
        (
            'sources = ["another statute"]',
            'sources = ["another statute"]\ncertainty = "debatable"',
            "line 17, CT-ONE: doubt: missing; a debatable rule explains its doubt",
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
        ('["another statute"]', "[5]", "line 21, CT-ONE: sources: 5 is not one of texts"),
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
            "line 19, CT-ONE: unit: “fortnights” is not one of elapsed_hours, calendar_days, court_days, "
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
            "line 26, CT-ONE: audience: 'press' is not one of advocate, court, licensing, marshal, "
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
            "line 27, CT-ONE: anchor: “start” is not one of due, opens",
        ),
        (
            '[{ kind = "restraining_order" }]',
            '[{ kind = "barring_order" }]',
            "line 6, CT-ONE: kind: “barring_order” is not one of restraining_order_application, "
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
            'actor = "court"\nmet_by = [{ event = "expiry" }]',
            f"line 9, CT-ONE: event: “expiry” is not an event; choose from {MEETING}",
        ),
        (
            'actor = "court"',
            'actor = "court"\nclosed_day_doubt = "Why."',
            "line 9, CT-ONE: closed_day_doubt: only a rule with moves_off_closed_days has one",
        ),
        (
            'actor = "court"',
            'actor = "court"\nuntil = 2020-01-01',
            "line 9, CT-ONE: until: 2020-01-01 is not after the day on which the newest value took effect",
        ),
        (
            'starts = "issued"',
            'starts = "issued"\ncourt_sets_opening = true',
            "line 8, CT-ONE: court_sets_opening: the newest value has no opening that a court could set",
        ),
        (
            'starts = "issued"',
            'starts = "expiry"\nends_order = true',
            "line 8, CT-ONE: ends_order: a rule that gives the order's end cannot count from it",
        ),
        (
            'actor = "court"',
            'actor = "court"\nonly_after = ["sunset"]',
            f"line 9, CT-ONE: only_after: 'sunset' is not one of {EVENTS}",
        ),
        (
            'actor = "court"',
            'actor = "court"\nelse_starts = "sunset"',
            f"line 9, CT-ONE: else_starts: “sunset” is not an event; choose from {STARTS}",
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
                f"line 9, CT-ONE: {key}: “issued” is not an event; choose from {EVENTS}",
            )
            for key in ("not_before", "custody_starts", "due_starts")
        ),
        *(
            (
                'source_status = "seen"',
                f'source_status = "seen"\n{key} = {{ unit = "indefinite" }}',
                f"line 21, CT-ONE: {key}: indefinite counts nothing; only due may have it",
            )
            for key in ("opens", "alternative")
        ),
        ('jurisdiction = "us_ct"', 'state = "us_ct"', "line 1, jurisdiction: missing; give a text in quotes"),
        (
            'jurisdiction = "us_ct"',
            'jurisdiction = "us_ct"\nrules = 1',
            "line 2, rules: unknown key; choose from entry, jurisdiction, rule",
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

    text = f"{id_}: jurisdiction “us_zz” has no jurisdiction.toml; choose from us_aa, us_ct"
    assert refusal(folder) == text


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

    assert "one.toml, line 34, CT-TWO: size: unknown key" in refusal(folder)


@pytest.mark.parametrize("again", [RULE, ENTRY.replace("CT-NOTE", "CT-ONE")], ids=["rule", "entry"])
def test_id_is_refused_when_it_is_used_twice(folder: Path, again: str) -> None:
    (folder / "us_ct" / "two.toml").write_text(again, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_ct/two.toml, line 4, CT-ONE: id: “CT-ONE” is already in use; choose another id."
    )


@pytest.mark.parametrize("again", [RULE, ENTRY.replace("CT-NOTE", "CT-ONE")], ids=["rule", "entry"])
def test_id_is_refused_when_an_entry_before_has_it(folder: Path, again: str) -> None:
    (folder / "us_ct" / "entry.toml").write_text(ENTRY.replace("CT-NOTE", "CT-ONE"), encoding="utf-8")
    (folder / "us_ct" / "one.toml").write_text(again, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_ct/one.toml, line 4, CT-ONE: id: “CT-ONE” is already in use; choose another id."
    )


def test_no_rule_binds_an_order_of_a_kind_without_rules(folder: Path) -> None:
    assert load(folder).binding(order(Kind.FOREIGN_ORDER)) == []


def test_jurisdiction_is_refused_when_it_is_used_twice(folder: Path) -> None:
    other = folder / "us_xx"
    other.mkdir()
    (other / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")

    assert refusal(folder) == (
        "rules/us_xx/jurisdiction.toml, line 1, id: “us_ct” is already in use; choose another id."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            JURISDICTION.replace("America/New_York", "America/Hartford"),
            "line 3, zone: “America/Hartford” is not a time zone of the IANA list",
        ),
        (
            JURISDICTION.replace("America/New_York", "../etc"),
            "line 3, zone: “../etc” is not a time zone of the IANA list",
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
            "line 6, month: the year has no day like this",
        ),
        # A day of leap years only.
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nday = 29\n",
            "line 6, month: the year has no day like this",
        ),
        (
            JURISDICTION + "[[holiday]]\nname = 'No'\nmonth = 2\nweekday = 0\nnth = 6\n",
            "line 6, month: the year has no day like this",
        ),
        (JURISDICTION + "[[proclaimed]]\non = 2026-11-26\n", "line 4, name: missing; give a text in quotes"),
        (
            JURISDICTION + "flag = 'x'\n",
            "line 4, flag: unknown key; choose from about, elsewhere, holiday, id, name, "
            "proclaimed, saturday_holidays_stay, source_status, zone",
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
        f"{tmp_path}: contains no rule files; name them us_ct/surrender.toml and so on"
    )


def test_rules_are_refused_when_no_jurisdiction_is_there(folder: Path) -> None:
    (folder / "us_ct" / "jurisdiction.toml").unlink()

    text = "CT-ONE: jurisdiction “us_ct” has no jurisdiction.toml; choose from (no jurisdictions)"
    assert refusal(folder) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'type = "information"',
            'type = "wish"',
            "line 6, CT-NOTE: type: “wish” is not one of order_condition, required_notice, "
            "required_document, recipients, filers, proof, return, requirement, information, computation, "
            "confidentiality",
        ),
        (
            'source_status = "seen"',
            'source_status = "seen"\nkinds = ["decree"]',
            "line 9, CT-NOTE: kinds: 'decree' is not one of civil_protection_order, "
            "ex_parte_restraining_order, family_violence_protective_order, final_erpo, foreign_order, "
            "interim_erpo, restraining_order, restraining_order_application, risk_protection_order, "
            "temporary_erpo",
        ),
        (
            'source_status = "seen"',
            'source_status = "seen"\nallows = ["friend"]',
            "line 9, CT-NOTE: allows: 'friend' is not one of law_enforcement, licensed_dealer, third_party, "
            "true_owner",
        ),
        (
            'source_status = "seen"',
            'source_status = "seen"\ncertainty = "debatable"',
            "line 3, CT-NOTE: doubt: missing; a debatable rule explains its doubt",
        ),
        (
            'source_status = "seen"',
            'source_status = "seen"\nsize = 1',
            "line 9, CT-NOTE: size: unknown key; choose from allows, certainty, covers, doubt, "
            "effective, id, kinds, note, recipient, sender, source_status, sources, title, type, until",
        ),
        ('sources = ["a statute"]\n', "", "line 3, CT-NOTE: sources: missing; give a list of texts"),
    ],
)
def test_file_is_refused_when_an_entry_is_not_of_the_form(
    folder: Path, old: str, new: str, message: str
) -> None:
    (folder / "us_ct" / "note.toml").write_text(ENTRY.replace(old, new), encoding="utf-8")

    assert refusal(folder) == f"rules/us_ct/note.toml, {message}."
