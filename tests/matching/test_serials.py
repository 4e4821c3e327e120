"""Serial numbers: which identify a firearm, and which may be the same number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.matching.serials import exact_key, is_identifying, is_plain_number, near_key, near_matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "--",
        "\u2014",
        "\u2013\u2013\u2013",
        "_",
        ".",
        "?",
        "???",
        "\u200b",
        "80 percent lower",
        "80%",
        "9mm",
        "12 ga.",
        ".22",
        ".22 LR",
        "5.56",
        "9x19mm",
        "45 ACP",
        "38 Special",
        "1 of 2",
        "2 guns",
        "2 x unk",
        "unk x2",
        "unk 2 of 3",
        "unknown 9mm",
        "Unk Glock 19",
        "12?45",
        "***123",
        "see report 26-1234",
        "Report 26-1234",
        "Made before 1968",
        "antique 1890",
        "UNK",
        "unk.",
        "Unknown",
        "UNKNOWN ",
        "NONE",
        "None",
        "N/A",
        "n.a.",
        "NA",
        "OBLITERATED",
        "obliterated / ground off",
        "NO SERIAL",
        "no serial number",
        "No S/N",
        "S/N UNK",
        "Serial # unknown",
        "not visible",
        "not legible",
        "NSN",
        "removed",
        "DEFACED",
        "0",
        "0000",
        "00-00",
        "XXXX",
        "x",
        "TBD",
        "ghost gun",
        "SIN NUMERO",
        "sin número de serie",
        "desconocido",
        "can\u2019t read",
        "worn off",
        "w/o serial",
        "see photo",
        "ABC-D",
        "UNK1",
        "unknown 2",
        "UNK-02",
        "no serial #1",
        "NONE7",
        "unknown pistol 2",
        "gun #2",
        "N0NE",
        "UNKN0WN",
        "\uff35\uff2e\uff2b",
        "U.N.K.",
        "9999999",
        "1111",
        "pre-1968",
        "80% lower",
        "N/A 2",
        "#N/A",
        "1.23457E+12",
        "2e+05",
    ],
)
def test_words_for_no_number_identify_nothing(text: str) -> None:
    assert not is_identifying(text)
    assert exact_key(text) == ""
    assert near_key(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "SA12345",
        "0012345",
        "A1",
        "NO1234",
        "UNK123",
        "S1000100",
        "X1",
        "N0001",
        "1",
        "S/N 12345",
        "12345",
        "No. 12",
        "12345?",
        "UNK X123",
        "22LR12345",
        "MADE 12345",
        "1968",
        "G19X",
        "SN 7",
        "111",
        "NA1234",
        "1E12",
    ],
)
def test_a_number_identifies(text: str) -> None:
    assert is_identifying(text)
    assert exact_key(text)
    assert near_key(text)


def test_a_text_with_more_than_a_number_is_no_plain_number() -> None:
    numbers = ("S1", "SA 123-45", "S/N 12345", "Serial No.: A1 (Ruger)", "BKP 123", "HK-A9")
    others = (
        "2 boxes ammunition",
        "PERMIT 12345",
        "0 firearms",
        "see list 3",
        "REFUSED 10/3/2026",
        "10/3/2026",
        "2026-10-03",
        "mag 10",
        "S1, S2",
        "UNK",
        "1.2E+12",
    )

    assert [one for one in numbers if not is_plain_number(one)] == []
    assert [one for one in others if is_plain_number(one)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SA 123-45", "SA12345"),
        ("a1", "A1"),
        ("0012345", "12345"),
        ("SO1O1", "S0101"),
        ("I23", "123"),
        ("l23", "123"),
        ("B00S", "8005"),
        ("A\u20131", "A_1"),
        ("SA12345\u200b ", "SA-12345"),
        ("\uff21\uff22\uff11\uff12", "AB12"),
    ],
)
def test_numbers_written_two_ways_are_near_and_not_equal(one: str, other: str) -> None:
    assert near_matches(one, [other]) == [other]
    assert near_matches(other, [one]) == [one]


@pytest.mark.parametrize(("one", "other"), [("SA12345", "SA12346"), ("12", "21"), ("UNK", "UNK"), ("", "A1")])
def test_other_numbers_are_not_near(one: str, other: str) -> None:
    assert near_matches(one, [other]) == []


def test_an_equal_number_is_no_near_match() -> None:
    assert near_matches("SA12345", ["SA12345", " SA12345\u200b", "sa12345"]) == ["sa12345"]
    assert exact_key("SA12345") == exact_key(" SA12345\u200b")


@given(st.text(max_size=30))
def test_keys_do_not_change_when_cleaned_twice(text: str) -> None:
    assert exact_key(exact_key(text)) == exact_key(text)
    if exact_key(text):
        assert near_key(exact_key(text)) == near_key(text)
