"""Single cells of an export in the forms in which people and databases write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.dates import COURT_TIME
from orders.matching.names import folded_name
from orders.matching.serials import near_matches, split_serials
from orders.rules.license import parse_dealer_license
from orders.services.registry.cells import Rejected, read_instant

NOON = datetime(2026, 10, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01 12:00:00-04",
        "2026-10-01 12:00:00.000000-04",
        "2026-10-01 16:00:00+00",
        "2026-10-01 12:00:00 -04:00",
        "2026-10-01 12:00:00-04:00:00",
        "2026-10-01 12:00:00\u221204",
        "2026-10-01T16:00:00Z",
        "2026-10-01t16:00z",
        "2026-10-01 16:00:00 UTC",
        "2026-10-01 16:00:00 GMT",
        "2026-10-01 12:00:00 EDT",
        "2026-10-01 12:00:00.0000000 -04:00",
        "2026-10-01T12:00:00,000-04:00",
        "20261001T120000-0400",
        "20261001T1600Z",
        "2026-10-01 12:00",
    ],
)
def test_an_instant_is_read(text: str) -> None:
    assert read_instant("issued_at", text, COURT_TIME) == NOON


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-10-01 12:00:00 EST", "invalid_timestamp"),
        ("2026-11-01 01:30:00", "ambiguous_local_time"),
        ("2026-03-08 02:30:00", "nonexistent_local_time"),
        ("2026-10-01 24:00:00", "invalid_timestamp"),
        ("2026-10-01", "invalid_timestamp"),
        ("10/01/2026 12:00 PM", "invalid_timestamp"),
        ("infinity", "invalid_timestamp"),
    ],
)
def test_an_instant_is_not_guessed(text: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_instant("issued_at", text, COURT_TIME)

    assert refused.value.code == code


def test_a_wall_time_that_occurs_twice_is_read_with_the_word_for_its_clock() -> None:
    first = read_instant("issued_at", "2026-11-01 01:30:00 EDT", COURT_TIME)
    second = read_instant("issued_at", "2026-11-01 01:30:00 EST", COURT_TIME)

    assert (second - first).total_seconds() == 3600


@pytest.mark.parametrize(
    "text",
    [
        "606014017M12345",
        "6 06 014 01 7m 12345",
        "6\u201306\u2013014\u201301\u20137M\u201312345",
        " 6-06-014-01-7M-12345\u200b",
    ],
)
def test_a_license_has_one_form(text: str) -> None:
    assert parse_dealer_license(text).number == "6-06-014-01-7M-12345"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Birch, Ash", "ASH BIRCH"),
        ("O'Neill-D\u00edaz, Jos\u00e9", "Jose ONeill Diaz"),
        ("Ash Birch, Jr.", "Ash Birch Jr"),
        ("Birch,", "Birch"),
    ],
)
def test_a_name_with_its_family_name_first_is_equal(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)


def test_other_names_with_a_comma_are_not_equal() -> None:
    assert folded_name("Ash, Birch") != folded_name("Ash Birch")
    assert folded_name("Birch, Ash, Jr.") != folded_name("Ash Birch")


@pytest.mark.parametrize(
    "text", ["S/N A1234", "SN: A1234", "Serial No. A1234", "# A1234", "A1234 (Ruger)", "sn a-1234 [9mm]"]
)
def test_a_label_or_a_note_leaves_a_near_match(text: str) -> None:
    assert near_matches(text, ["A1234", "B1234"]) == ["A1234"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A1,A2", ["A1", "A2"]),
        ("A1 / A2", ["A1", "A2"]),
        ("A1 | A2", ["A1", "A2"]),
        ("A1 and A2", ["A1", "A2"]),
        ("A1 A2", ["A1", "A2"]),
        ("A1,A3", []),
        ("A1", []),
    ],
)
def test_serial_numbers_are_split_only_into_listed_ones(text: str, parts: list[str]) -> None:
    assert split_serials(text, ["A1", "A2"]) == parts
