"""Reading tables, and the messages for a file with an error: file, line, key and remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from enum import StrEnum
from pathlib import Path

import pytest

from orders.rules.tables import Table, TableError, read

FILE = Path("us_ct", "one.toml")
NINE = time(9)


class Color(StrEnum):
    """The words that a key may have."""

    RED = "red"
    GREEN = "green"


class ColorError(TableError):
    """An error class passed to the reader."""


def table(text: str) -> Table:
    return Table.parse(text, FILE)


def refusal(text: str, ask: Callable[[Table], object]) -> str:
    with pytest.raises(TableError) as refused:
        ask(table(text))
    return str(refused.value)


NEEDED: dict[str, tuple[Callable[[Table], object], str, object, str]] = {
    "text": (lambda one: one.text("key"), '"red"', "red", "a text in quotes"),
    "number": (lambda one: one.number("key"), "7", 7, "a whole number"),
    "day": (lambda one: one.day("key"), "2016-10-01", date(2016, 10, 1), "a date such as 2016-10-01"),
    "texts": (lambda one: one.texts("key"), '["a", "b"]', ("a", "b"), "a list of texts"),
    "words": (lambda one: one.words("key"), '{ a = "b" }', {"a": "b"}, "a table of texts"),
    "lists": (lambda one: one.lists("key"), '{ a = ["b"] }', {"a": ("b",)}, "a table of lists of texts"),
    "one of": (lambda one: one.one_of("key", Color), '"green"', Color.GREEN, "a text in quotes"),
    "tables": (
        lambda one: [inner.text("a") for inner in one.tables("key")],
        '[{ a = "b" }]',
        ["b"],
        "a list of tables",
    ),
}

OPTIONAL: dict[str, tuple[Callable[[Table], object], str, object, str, object]] = {
    "text": (lambda one: one.text("key", ""), '"red"', "red", "a text in quotes", ""),
    "number": (lambda one: one.number("key", 1), "7", 7, "a whole number", 1),
    "number or none": (lambda one: one.number_or_none("key"), "0", 0, "a whole number", None),
    "yes": (lambda one: one.flag("key"), "true", True, "true or false", False),
    "no or none": (lambda one: one.flag_or_none("key"), "true", True, "true or false", None),
    "yes or none": (lambda one: one.flag_or_none("key"), "false", False, "true or false", None),
    "day or none": (
        lambda one: one.day_or_none("key"),
        "2016-10-01",
        date(2016, 10, 1),
        "a date such as 2016-10-01",
        None,
    ),
    "day": (
        lambda one: one.day("key", date(1900, 1, 1)),
        "2016-10-01",
        date(2016, 10, 1),
        "a date such as 2016-10-01",
        date(1900, 1, 1),
    ),
    "clock": (
        lambda one: one.clock("key", NINE),
        "17:30:00",
        time(17, 30),
        "a time of day such as 09:00:00",
        NINE,
    ),
    "texts": (lambda one: one.optional_texts("key"), '["a"]', ("a",), "a list of texts", ()),
    "one of": (
        lambda one: one.one_of("key", Color, Color.RED),
        '"green"',
        Color.GREEN,
        "a text in quotes",
        Color.RED,
    ),
    "one of, if given": (
        lambda one: one.one_of_if_given("key", Color),
        '"green"',
        Color.GREEN,
        "a text in quotes",
        None,
    ),
    "tables": (
        lambda one: [inner.text("a") for inner in one.optional_tables("key")],
        '[{ a = "b" }]',
        ["b"],
        "a list of tables",
        [],
    ),
    "table": (
        lambda one: inner.text("a") if (inner := one.table("key")) else None,
        '{ a = "b" }',
        "b",
        'a table such as { amount = 24, unit = "elapsed_hours" }',
        None,
    ),
}


@pytest.mark.parametrize(("ask", "written", "value", "wanted"), NEEDED.values(), ids=NEEDED)
def test_needed_key_is_read_or_reported_missing(
    ask: Callable[[Table], object], written: str, value: object, wanted: str
) -> None:
    assert ask(table(f"key = {written}")) == value
    assert refusal("other = 1", ask) == f"us_ct/one.toml, line 1, key: missing; give {wanted}."
    assert refusal("\nkey = 1.5", ask) == f"us_ct/one.toml, line 2, key: 1.5 is not {wanted}."


@pytest.mark.parametrize(("ask", "written", "value", "wanted", "default"), OPTIONAL.values(), ids=OPTIONAL)
def test_key_that_may_be_left_out_has_a_value_then(
    ask: Callable[[Table], object], written: str, value: object, wanted: str, default: object
) -> None:
    assert ask(table(f"key = {written}")) == value
    assert ask(table("other = 1")) == default
    assert refusal("\nkey = 1.5", ask) == f"us_ct/one.toml, line 2, key: 1.5 is not {wanted}."


@pytest.mark.parametrize(
    ("written", "ask", "problem"),
    [
        ("[]", lambda one: one.texts("key"), "empty; name at least one"),
        ("[5]", lambda one: one.texts("key"), "5 is not one of texts"),
        (
            '["c"]',
            lambda one: one.texts("key", frozenset({"b", "a"})),
            "'c' is not one of a, b",
        ),
        ('"blue"', lambda one: one.one_of("key", Color), "“blue” is not one of red, green"),
        ("{ a = 1 }", lambda one: one.words("key"), "a = 1 is not a text"),
        ('{ a = "b" }', lambda one: one.lists("key"), "a = 'b' is not a list of texts"),
        ("{ a = [1] }", lambda one: one.lists("key"), "a = [1] is not a list of texts"),
        ("[1]", lambda one: list(one.tables("key")), "1 is not a table"),
    ],
    ids=[
        "no text",
        "not a text",
        "text not allowed",
        "word",
        "table of texts",
        "table of lists",
        "list of a number",
        "list of tables",
    ],
)
def test_value_of_the_right_type_is_refused_for_its_content(
    written: str, ask: Callable[[Table], object], problem: str
) -> None:
    assert refusal(f"# one\nkey = {written}\n", ask) == f"us_ct/one.toml, line 2, key: {problem}."


def test_texts_may_be_any_without_a_list_of_allowed_texts() -> None:
    assert table('key = ["b", "a"]').texts("key", frozenset({"a", "b"})) == ("b", "a")
    assert table("key = []").optional_texts("key") == ()


def test_key_that_was_not_read_is_named_with_the_known_keys() -> None:
    def ask(one: Table) -> None:
        one.text("name")
        one.number("count", 0)
        one.one_of_if_given("color", Color)
        one.reject_unread()

    for more in ("", 'color = "red"\n'):
        assert refusal(f'name = "a"\nsize = 1\n{more}', ask) == (
            "us_ct/one.toml, line 2, size: unknown key; choose from color, count, name."
        )
    ask(table('name = "a"\ncount = 1\n'))


def test_table_is_built_only_when_nothing_of_it_is_left_unread() -> None:
    assert read(table('name = "a"'), lambda one: one.text("name")) == "a"
    with pytest.raises(TableError, match="line 2, size: unknown key; choose from name"):
        read(table('name = "a"\nsize = 1'), lambda one: one.text("name"))


# --- which line, and of what --------------------------------------------------------------------------------

TWO = """\
name = "all"
[[rule]]
id = "ONE"
size = 1
[[rule.value]]
amount = 2
[[rule.value]]
amount = 3
[[rule]]
id = "TWO"
[rule.inner]
amount = 4
[[note]]
amount = 5
"""


def amounts(one: Table) -> list[str]:
    """Return the message about each amount of the two rules, in the order of the file."""
    said: list[str] = []
    for rule in one.tables("rule"):
        said += [str(value.error("amount", "no")) for value in rule.optional_tables("value")]
        inner = rule.table("inner")
        said += [str(inner.error("amount", "no"))] if inner else []
    return said


def test_line_is_that_of_the_key_in_its_own_table() -> None:
    assert amounts(table(TWO)) == [
        "us_ct/one.toml, line 6, ONE: amount: no.",
        "us_ct/one.toml, line 8, ONE: amount: no.",
        "us_ct/one.toml, line 12, TWO: amount: no.",
    ]
    (note,) = table(TWO).tables("note")
    assert str(note.error("amount", "no")) == "us_ct/one.toml, line 14, amount: no."


def test_line_is_where_the_table_begins_when_the_key_is_not_there() -> None:
    first, second = table(TWO).tables("rule")

    assert str(first.error("size", "no")) == "us_ct/one.toml, line 4, ONE: size: no."
    assert str(second.error("size", "no")) == "us_ct/one.toml, line 9, TWO: size: no."
    assert str(table(TWO).error("size", "no")) == "us_ct/one.toml, line 1, size: no."


def test_line_of_a_table_is_that_of_its_header() -> None:
    first, second = table(TWO).tables("rule")

    assert str(table(TWO).error("note", "no")) == "us_ct/one.toml, line 13, note: no."
    assert str(first.error("value", "no")) == "us_ct/one.toml, line 5, ONE: value: no."
    assert str(second.error("inner", "no")) == "us_ct/one.toml, line 11, TWO: inner: no."


@pytest.mark.parametrize(
    "text",
    [
        '\nrule = [{ id = "ONE", size = 1 }, { size = 2 }]\n',
        "\n[[rule]]\nid = 'ONE'\nsize = 1\n[[rule]]\nsize = 2\n",
    ],
    ids=["in a line", "below headers"],
)
def test_table_is_named_by_its_id_where_it_has_one(text: str) -> None:
    said = [str(one.error("size", "no")).split(", ", 2)[2] for one in table(text).tables("rule")]

    assert said == ["ONE: size: no.", "size: no."]


def test_line_is_found_where_the_file_begins_with_a_header() -> None:
    first, second = table("[[rule]]\nsize = 1\n[[rule]]\nsize = 2\n").tables("rule")

    assert str(first.error("size", "no")) == "us_ct/one.toml, line 2, size: no."
    assert str(second.error("size", "no")) == "us_ct/one.toml, line 4, size: no."


def test_id_that_is_no_text_names_nothing() -> None:
    (one,) = table("[[rule]]\nid = 1\n").tables("rule")

    assert str(one.error("id", "no")) == "us_ct/one.toml, line 2, id: no."


def test_table_in_a_list_is_named_by_the_table_around_it() -> None:
    text = '[[rule]]\nid = "ONE"\nvalue = [{ size = 1 }]\n'

    said = [
        str(value.error("size", "no"))
        for rule in table(text).tables("rule")
        for value in rule.tables("value")
    ]

    assert said == ["us_ct/one.toml, line 3, ONE: size: no."]


# --- the file -----------------------------------------------------------------------------------------------


def test_file_that_is_not_toml_is_refused_by_the_readers_own_error() -> None:
    with pytest.raises(ColorError) as refused:
        Table.parse("[[rule]", FILE, ColorError)

    assert str(refused.value).startswith("us_ct/one.toml: not TOML: ")


def test_wrong_value_is_refused_by_the_readers_own_error() -> None:
    with pytest.raises(ColorError):
        Table.parse("key = 1", FILE, ColorError).text("key")


def test_file_is_read_as_utf8_and_called_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes('key = "“one”"\n'.encode())

    assert Table.read(file, FILE).text("key") == "“one”"
    with pytest.raises(ColorError, match="line 1, other: missing"):
        Table.read(file, FILE, ColorError).text("other")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["not there", "not UTF-8"])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "any.toml"
    if content:
        file.write_bytes(content)

    with pytest.raises(ColorError) as refused:
        Table.read(file, FILE, ColorError)

    assert str(refused.value).startswith("us_ct/one.toml: cannot be read: ")
