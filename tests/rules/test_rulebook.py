"""The rulebook: entries that bind, refusals, areas and closings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orders.rules.court_calendar import CourtCalendar
from orders.rules.facts import Facts, Kind
from orders.rules.loading import load
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import (
    EntryType,
    Filer,
    FirearmRecipient,
    SourceStatus,
    StandardOfProof,
)
from tests.rules.files import ENTRY, JURISDICTION
from tests.rules.orders import order


def test_entry_binds_only_orders_of_its_kinds_and_time(folder: Path) -> None:
    more = 'source_status = "seen"\nkinds = ["restraining_order"]\neffective = 2020-01-01\n'
    (folder / "us_ct" / "note.toml").write_text(
        ENTRY.replace('source_status = "seen"\n', more), encoding="utf-8"
    )
    book = load(folder)

    (entry,) = book.entries
    assert entry.binds_order(order(Kind.RESTRAINING_ORDER, "2020-01-01"))
    assert not entry.binds_order(order(Kind.RESTRAINING_ORDER, "2019-12-31"))
    assert not entry.binds_order(order(Kind.FOREIGN_ORDER, "2020-01-01"))
    assert not entry.binds_order(order(Kind.RESTRAINING_ORDER, "2020-01-01", jurisdiction="us_de"))
    assert entry.source_status is SourceStatus.SEEN
    assert book.entries_of(order(Kind.RESTRAINING_ORDER), EntryType.INFORMATION) == [entry]
    assert book.entries_of(order(Kind.RESTRAINING_ORDER), EntryType.CONFIDENTIALITY) == []


def test_recipient_is_refused_with_the_rules_citation_when_it_is_not_allowed(folder: Path) -> None:
    text = ENTRY.replace('"information"', '"recipients"\nallows = ["law_enforcement"]')
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")
    book = load(folder)

    assert book.refusal(order(), FirearmRecipient.LAW_ENFORCEMENT) == ""
    assert book.refusal(order(), FirearmRecipient.THIRD_PARTY) == "Something holds. (a statute)"
    assert book.refusal(order(jurisdiction="us_de"), FirearmRecipient.THIRD_PARTY) == ""


TWO_ENTRIES = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-FIRST"
title = "The first entry."
type = "recipients"
allows = ["law_enforcement"]
sources = ["a statute", "a guide"]
source_status = "seen"

[[entry]]
id = "CT-SECOND"
title = "The second entry."
type = "recipients"
allows = ["licensed_dealer"]
sources = ["another statute"]
source_status = "seen"
"""


def test_refusal_names_every_rule_that_refuses_with_all_its_sources(folder: Path) -> None:
    (folder / "us_ct" / "note.toml").write_text(TWO_ENTRIES, encoding="utf-8")
    book = load(folder)

    assert book.refusal(order(), FirearmRecipient.LAW_ENFORCEMENT) == ""
    assert book.refusal(order(), FirearmRecipient.LICENSED_DEALER) == ""
    assert book.refusal(order(), FirearmRecipient.TRUE_OWNER) == (
        "The first entry. (a statute; a guide) The second entry. (another statute)"
    )


def test_entry_of_another_type_refuses_no_recipient(folder: Path) -> None:
    (folder / "us_ct" / "note.toml").write_text(ENTRY, encoding="utf-8")

    assert load(folder).refusal(order(), FirearmRecipient.THIRD_PARTY) == ""
    assert load(folder).filer_refusal(order(), Filer.SCHOOL) == ""


def test_proof_is_refused_by_every_rule_that_requires_more(folder: Path) -> None:
    text = TWO_ENTRIES.replace('"recipients"', '"proof"\nstandard = "preponderance"')
    text = text.replace('allows = ["law_enforcement"]\n', "").replace('allows = ["licensed_dealer"]\n', "")
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")

    assert load(folder).proof_refusal(order(), StandardOfProof.PROBABLE_CAUSE, "") == (
        "The first entry. (a statute; a guide) The second entry. (another statute)"
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
