"""Files as other systems and spreadsheets write them: taken as they are, or refused in one sentence."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from orders.models import Case, Order
from tests.make_export import firearm_row, order_row, write_export
from tests.orders.registry.test_wrong_inputs import _places, imported

pytestmark = pytest.mark.django_db

__all__ = ["_places"]


def written(*rows: dict[str, str], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def one(**given: str) -> str:
    return written(order_row(**given))


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, one())
    return file.getvalue()


HEADER, ROW, _ = one().split("\r\n")

TAKEN: dict[str, bytes] = {
    "two byte order marks": b"\xef\xbb\xbf" * 2 + one().encode(),
    "line break in a cell": one(respondent_name="Ash\nBirch").encode(),
    "NUL in a cell": one(respondent_name="Ash\0 Birch").encode(),
    "NULs at the end": one().encode() + b"\0\0\0",
    "end mark of DOS": one().encode() + b"\x1a",
    "empty columns": one().replace("\r\n", ",,,\r\n").encode(),
    "empty cells after a row": f"{HEADER}\r\n{ROW},,,\r\n".encode(),
    "blank lines before the header": b"\r\n,,\r\n" + one().encode(),
    "line breaks of Macintosh": one().replace("\r\n", "\r").encode(),
    "mixed line breaks": f"{HEADER}\n{ROW}\r\r\n".encode(),
    "Excel's line with the delimiter": b"sep=;\r\n" + written(order_row(), delimiter=";").encode(),
    "UTF-32": one().encode("utf-32"),
    "UTF-16 without a mark": one().encode("utf-16-le"),
    "header with invisible characters": one().replace("por_number", "\u200bPOR number\u00a0", 1).encode(),
    "header with a line break": one().replace("por_number", '"por\nnumber"', 1).encode(),
    "formulas that keep zeros": one(por_number='="POR0000000001"').encode(),
    "words of a person": one(order_kind="Ex Parte Restraining Order", service_method="In hand").encode(),
    "answers in words": one(firearms_indicated="Yes", permit_held="FALSE").encode(),
    "answers as numbers": one(firearms_indicated="1", permit_held="0").encode(),
    "midnights": one(hearing_on="2026-10-08 00:00:00", respondent_dob="1990-01-02T00:00:00.000").encode(),
    "nulls of databases": one(expires_on="NULL", respondent_dob="\\N").encode(),
    "instants of PostgreSQL": one(issued_at="2026-10-01 12:00:00-04").encode(),
    "instants of SQL Server": one(issued_at="2026-10-01 12:00:00.0000000 -04:00").encode(),
    "instants in UTC": one(issued_at="2026-10-01 16:00:00 UTC").encode(),
}


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_taken(name: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(TAKEN[name])

    found = imported(tmp_path)

    assert (found["imported"], found["rejects"]) == (1, [])
    order = Order.objects.select_related("case__respondent").get()
    assert order.por_number == "POR0000000001"
    assert order.case.respondent.name == "Ash Birch"
    assert order.issued_at is not None
    assert order.issued_at.isoformat() == "2026-10-01T16:00:00+00:00"
    assert (str(order.hearings.get().scheduled_on), order.firearms_indicated) == ("2026-10-08", True)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "workbook": (lambda: zipped("xl/workbook.xml"), "is an Excel workbook, not CSV"),
    "archive": (lambda: zipped("orders.csv"), "Unpack it"),
    "old workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "is an Excel workbook"),
    "gzip": (lambda: b"\x1f\x8b\x08\x00", "is a gzip archive"),
    "PDF": (lambda: b"%PDF-1.7\n", "is a PDF, not CSV"),
    "JSON": (lambda: json.dumps([order_row()]).encode(), "is JSON, not CSV"),
    "web page": (lambda: b"<!DOCTYPE html>\n<html><body>", "is a web page, not CSV"),
    "NIEM": (
        lambda: b"\n <?xml version='1.0'?>\n<!-- x -->\n<nc:Order/>",
        "its first element is “nc:Order”",
    ),
    "NIEM in UTF-16": (lambda: "<nc:Order/>".encode("utf-16"), "as NIEM exchanges are"),
    "nothing": (lambda: b"", "is empty. Export it again"),
    "blanks": (lambda: b"\r\n ,, \r\n", "is empty"),
    "NULs": (lambda: b"por_number,\0\0\1", "contains a NUL byte"),
    "a header twice": (lambda: one().replace("permit_held", "permit_held,permit_held", 1).encode(), "twice"),
    "a header in two spellings": (
        lambda: one().replace("permit_held", "Permit Held,permit_held", 1).encode(),
        "permit_held is there twice",
    ),
    "Windows-1252": (lambda: one(respondent_name="José").encode("cp1252"), 'encoding = "windows-1252"'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    content, sentence = REFUSED[name]
    (tmp_path / "orders.csv").write_bytes(content())

    with pytest.raises(CommandError) as refused:
        imported(tmp_path)

    assert sentence in str(refused.value)
    assert str(refused.value).startswith("orders.csv")
    assert not Order.objects.exists()


BROKEN: dict[str, tuple[str, str]] = {
    "a quote that does not end": ('"Ash Birch', "not_csv"),
    "a quote in a quoted cell": ('"Ash "Ax" Birch"', "not_csv"),
    "a cell as long as a book": ("A" * 200_000, "not_csv"),
    "a line longer than any": ("A" * 2_000_000, "not_csv"),
    "one cell too many": ("Ash,Birch", "wrong_number_of_cells"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_bad_row_never_blocks_others(name: str, tmp_path: Path) -> None:
    cell, code = BROKEN[name]
    rows = [order_row(number) for number in range(1, 5)]
    lines = written(*rows).split("\r\n")
    lines[2] = lines[2].replace("Ash Birch", cell)
    (tmp_path / "orders.csv").write_text("\r\n".join(lines), newline="")

    found = imported(tmp_path)

    assert [(one["line"], one["code"]) for one in found["rejects"]] == [(3, code)]
    assert found["imported"] == 3
    assert imported(tmp_path)["unchanged"] == 3


def test_a_quote_that_ends_in_a_later_row_does_not_swallow_the_rows_between(tmp_path: Path) -> None:
    lines = written(*(order_row(number) for number in range(1, 6))).split("\r\n")
    lines[2] = lines[2].replace("Ash Birch", '"Ash Birch')
    lines[4] = lines[4].replace("Ash Birch", 'Ash "Birch"')
    (tmp_path / "orders.csv").write_text("\r\n".join(lines), newline="")

    found = imported(tmp_path)

    assert [one["line"] for one in found["rejects"]] == [3]
    assert found["imported"] == 4


def test_a_broken_row_is_written_to_be_corrected(tmp_path: Path) -> None:
    lines = written(order_row(), order_row(2)).split("\r\n")
    lines[1] = lines[1].replace("Ash Birch", '"Ash Birch')
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "orders.csv").write_text("\r\n".join(lines), newline="")

    imported(folder, "--rejects", str(tmp_path / "again"))

    (row,) = csv.reader((tmp_path / "again" / "orders.csv").read_text().splitlines()[1:])
    assert row[0] == lines[1]
    assert row[-2] == "not_csv"


WRONG_CELLS: list[tuple[dict[str, str], str, str]] = [
    ({"hearing_on": "46303"}, "invalid_timestamp", "a spreadsheet's day number"),
    ({"hearing_on": "10/8/2026"}, "invalid_timestamp", 'date_format = "%m/%d/%Y"'),
    ({"hearing_on": "08.10.2026"}, "invalid_timestamp", "date_format"),
    ({"issued_at": "10/1/2026 12:00 PM"}, "invalid_timestamp", 'datetime_format = "%m/%d/%Y %I:%M %p"'),
    ({"permit_held": "perhaps"}, "invalid_flag", "[orders.values.permit_held]"),
    ({"order_kind": "RO"}, "unknown_order_kind", "[orders.values.order_kind]"),
    ({"issued_at": "0026-10-01T12:00"}, "invalid_timestamp", "1900"),
    ({"expires_on": "2206-10-01"}, "invalid_timestamp", "the year must be from 1900 to 2199"),
    ({"expires_on": "2195-10-01"}, "unlikely_year", "Correct the year"),
    ({"issued_at": "1926-10-01T12:00", "served_at": ""}, "unlikely_year", "Correct the year"),
    ({"respondent_dob": "1901-01-02"}, "unlikely_year", "Correct the year of birth"),
]


@pytest.mark.parametrize(("given", "code", "remedy"), WRONG_CELLS)
def test_a_wrong_cell_names_its_remedy(given: dict[str, str], code: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(one(**given), newline="")

    (reject,) = imported(tmp_path)["rejects"]

    assert reject["code"] == code
    assert remedy in reject["detail"]
    assert "1901" not in reject["detail"]


def test_a_map_names_the_time_zone_and_the_files(tmp_path: Path) -> None:
    layout = tmp_path / "map.toml"
    layout.write_text('time_zone = "America/Chicago"\ndelimiter = "tab"\n[orders]\nname = "po.tsv"\n')
    (tmp_path / "po.tsv").write_text(
        written(order_row(issued_at="2026-10-01T11:00", served_at=""), delimiter="\t"), newline=""
    )

    assert imported(tmp_path, "--map", str(layout))["imported"] == 1
    assert str(Order.objects.get().issued_at) == "2026-10-01 16:00:00+00:00"


def test_an_unknown_town_is_rejected_at_each_import_until_it_is_corrected(tmp_path: Path) -> None:
    for town, codes in (("Hamdem", ["unknown_town"]), ("Hamdem", ["unknown_town"]), ("Hamden", [])):
        (tmp_path / "orders.csv").write_text(one(respondent_town=town), newline="")
        assert [one["code"] for one in imported(tmp_path)["rejects"]] == codes
    assert Case.objects.count() == 1


def test_firearms_in_any_of_these_files_are_taken(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row()], [firearm_row(source="Police")])
    text = (folder / "firearms.csv").read_text()
    (folder / "firearms.csv").write_bytes(text.replace("\n", "\r").encode("utf-16"))

    assert imported(folder)["firearms"] == 1
