"""Exports that once gave a wrong answer, one for each kind of mistake."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from io import StringIO
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import (
    Case,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmStatus,
    Hearing,
    Order,
    Receipt,
    ReviewItem,
    ReviewResolution,
    Statement,
)
from orders.services import hearings
from orders.services.corrections import withdraw
from orders.services.registry.known import Known
from orders.services.registry.layout import LayoutError, parse_layout
from orders.services.registry.reviews import confirm_review, match_review, reject_review
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _places() -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    west = Town.objects.create(name="West Hartford", police=police)
    Town.objects.create(name="Elmwood", within=west, police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD HHX")


def imported(path: Path, *options: str) -> dict[str, Any]:
    """What `import_por --json` prints."""
    printed = StringIO()
    call_command("import_por", str(path), "--json", *options, stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def take(folder: Path, *rows: list[dict[str, str]]) -> dict[str, Any]:
    return imported(write_export(folder, *rows))


def surrender(number: int = 1) -> Deadline:
    return Deadline.objects.get(order__por_number=f"POR{number:010}", rule_id="CT-SUR-01")


# Registry numbers


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("por0000000001", "POR0000000001"),
        ("POR0000000001", "POR 0000000001"),
        ("12345.0", "12345"),
        ("'0012345", "0012345"),
        ("POR\u20131", "por-1"),
    ],
)
def test_a_registry_number_is_known_however_it_is_written(first: str, second: str, tmp_path: Path) -> None:
    rows = [order_row(por_number=first), order_row(por_number=second)]
    found = take(tmp_path / "1", rows, [firearm_row(por_number=second)], [receipt_row(por_number=second)])

    assert (found["imported"], found["unchanged"], found["rejected"]) == (1, 1, {})
    order = Order.objects.get()
    assert (order.firearms.get().serial, order.receipts.count()) == ("S1", 1)
    again = take(tmp_path / "2", [order_row(por_number=second)])
    assert (again["imported"], again["updated"], again["unchanged"]) == (0, 0, 1)


# Time


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"issued_at": "2062-10-01T12:00-04:00", "served_at": "", "hearing_on": ""}, "in_the_future"),
        ({"served_at": "2062-10-02T12:00-04:00"}, "in_the_future"),
        ({"respondent_dob": "2068-07-16"}, "born_after_issue"),
        (
            {"expires_on": "2026-10-01", "served_at": "2026-10-05T12:00-04:00", "hearing_on": ""},
            "served_after_last_day",
        ),
    ],
)
def test_an_order_that_cannot_be_is_rejected(row: dict[str, str], code: str, tmp_path: Path) -> None:
    found = take(tmp_path, [order_row(**row)])

    assert found["rejected"] == {code: 1}
    assert not Order.objects.exists()


def test_a_receipt_of_the_future_is_rejected(tmp_path: Path) -> None:
    found = take(tmp_path, [order_row()], [firearm_row()], [receipt_row(at="2062-10-03T11:00-04:00")])

    assert found["rejected"] == {"in_the_future": 1}
    assert surrender().state != DeadlineState.MET


def test_proof_from_before_the_order_waits_for_a_person(tmp_path: Path) -> None:
    rows = (
        [order_row(), order_row(2, firearms_indicated="N")],
        [firearm_row()],
        [receipt_row(at="2016-10-03T11:00-04:00"), statement_row(2, at="2016-10-03T11:00-04:00")],
    )
    found = take(tmp_path, *rows)

    assert found["rejected"] == {}
    assert [one["code"] for one in found["doubtful"]] == ["before_the_order", "before_the_order"]
    assert not Receipt.objects.exists()
    assert not Statement.objects.exists()
    assert surrender().state != DeadlineState.MET
    again = take(tmp_path, *rows)
    assert again["doubtful"] == []
    assert ReviewItem.objects.count() == 2


def test_a_person_confirms_or_rejects_what_was_set_aside(tmp_path: Path) -> None:
    take(
        tmp_path,
        [order_row(), order_row(2, firearms_indicated="N")],
        [firearm_row()],
        [receipt_row(at="2026-09-30T11:00-04:00"), statement_row(2, at="2016-10-03T11:00-04:00")],
    )
    clerk = make.person(Role.CLERK, Agency.objects.get(kind=AgencyKind.COURT))
    receipt, statement = ReviewItem.objects.order_by("id")

    confirm_review(receipt, by=clerk, now=NOW, reason="Handed in the day before; the receipt is on file.")
    reject_review(statement, by=clerk, now=NOW, reason="The year is wrong.")

    assert surrender().state == DeadlineState.MET
    assert not Statement.objects.exists()
    assert set(ReviewItem.objects.values_list("resolution", flat=True)) == {
        ReviewResolution.CONFIRMED,
        ReviewResolution.REJECTED,
    }
    entry = receipt.order.history.get(kind="receipt_recorded")
    assert entry.reason == "Handed in the day before; the receipt is on file."


def test_times_as_postgresql_writes_them_are_read(tmp_path: Path) -> None:
    found = take(
        tmp_path, [order_row(issued_at="2026-10-01 12:00:00-04", served_at="2026-10-02 12:00:00-04")]
    )

    assert found["imported"] == 1
    assert str(Order.objects.get().served_at) == "2026-10-02 16:00:00+00:00"


# Firearms


def test_two_firearms_without_a_number_are_two(tmp_path: Path) -> None:
    rows = (
        [order_row()],
        [firearm_row(serial="UNK"), firearm_row(serial="UNK")],
        [receipt_row(serials="UNK")],
    )
    found = take(tmp_path, *rows)

    assert (found["firearms"], found["receipts"]) == (2, 1)
    assert [one["code"] for one in found["near_matches"]] == ["no_serial"]
    assert surrender().state != DeadlineState.MET
    again = take(tmp_path, *rows)
    assert (again["firearms"], again["receipts"], again["near_matches"]) == (2, 1, [])


@pytest.mark.parametrize("serial", ["", "N/A", "obliterated", "-", "0000"])
def test_a_firearm_may_have_no_number(serial: str, tmp_path: Path) -> None:
    found = take(tmp_path, [order_row()], [firearm_row(serial=serial), firearm_row(serial=serial)])

    assert (found["firearms"], found["rejected"]) == (2, {})


@pytest.mark.parametrize(
    ("listed", "received"),
    [("SA 123-45", "SA12345"), ("a1", "A1"), ("0012345", "12345"), ("SO1O1", "S0101")],
)
def test_a_number_written_another_way_is_offered(listed: str, received: str, tmp_path: Path) -> None:
    found = take(tmp_path, [order_row()], [firearm_row(serial=listed)], [receipt_row(serials=received)])

    assert found["rejected"] == {}
    (match,) = found["near_matches"]
    assert listed in match["detail"]
    assert surrender().state != DeadlineState.MET

    clerk = make.person(Role.CLERK, Agency.objects.get(kind=AgencyKind.COURT))
    match_review(
        ReviewItem.objects.get(), firearm=Firearm.objects.get(), by=clerk, now=NOW, reason="Read off the gun."
    )

    assert Firearm.objects.get().status == FirearmStatus.SOLD
    assert surrender().state == DeadlineState.MET


def test_a_number_that_is_another_firearm_is_added(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], [firearm_row(serial="a1")], [receipt_row(serials="A1")])
    clerk = make.person(Role.CLERK, Agency.objects.get(kind=AgencyKind.COURT))

    match_review(ReviewItem.objects.get(), firearm=None, by=clerk, now=NOW, reason="Two guns.")

    assert dict(Firearm.objects.values_list("serial", "status")) == {
        "a1": FirearmStatus.ALLEGED,
        "A1": FirearmStatus.SOLD,
    }
    assert surrender().state != DeadlineState.MET


def test_a_receipt_may_name_an_unlisted_firearm(tmp_path: Path) -> None:
    rows = ([order_row()], [firearm_row()], [receipt_row(serials="S1;S2")])
    found = take(tmp_path, *rows)

    assert (found["rejected"], found["firearms"]) == ({}, 2)
    assert Firearm.objects.get(serial="S2").source == "receipt"
    assert surrender().state == DeadlineState.MET
    assert take(tmp_path, *rows)["firearms"] == 2


def test_what_is_no_plain_number_closes_nothing(tmp_path: Path) -> None:
    texts = ("2 boxes ammunition", "PERMIT 12345", "0 firearms", "REFUSED 10/3/2026", "S8, S9", "1.23457E+12")
    rows = [order_row(number) for number in range(1, 7)]
    found = take(tmp_path, rows, [], [receipt_row(number, text) for number, text in enumerate(texts, 1)])

    assert (found["receipts"], found["firearms"], found["rejected"]) == (6, 0, {})
    assert [one["code"] for one in found["near_matches"]] == ["no_serial"] * 6
    assert DeadlineState.MET not in {surrender(number).state for number in range(1, 7)}


def test_numbers_that_a_spreadsheet_rounded_are_two(tmp_path: Path) -> None:
    rounded = "1.23457E+12"
    gun = firearm_row(serial=rounded)
    found = take(
        tmp_path,
        [order_row(), order_row(2, por_number=rounded), order_row(3, firearms_alleged_count="3.0")],
        [gun, gun],
        [receipt_row(serials=rounded), receipt_row(2, por_number=rounded)],
    )

    assert found["rejected"] == {"rounded_number": 2}
    assert (found["firearms"], [one["code"] for one in found["near_matches"]]) == (2, ["no_serial"])
    assert surrender().state != DeadlineState.MET
    assert Order.objects.get(por_number="POR0000000003").firearms_alleged_count == 3


def test_near_numbers_are_found_among_thousands() -> None:
    known, order = Known(), Order(case_id=1)
    for number in range(3000):
        known.add(order, Firearm(serial_key=f"X{number}"))
    begun = process_time()

    found = [known.likely(order, f"x{number}") for number in range(3000)]

    assert [[one.serial_key for one in some] for some in found] == [[f"X{number}"] for number in range(3000)]
    # Comparing each with all took minutes.
    assert process_time() - begun < 3


def test_the_registry_lists_a_firearm_that_a_receipt_brought(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], [], [receipt_row()])
    rows = ([order_row()], [firearm_row()], [receipt_row()])

    for _ in range(2):
        found = take(tmp_path, *rows)
        assert (found["rejected"], found["firearms"]) == ({}, 1)
    gun = Firearm.objects.get()
    assert (gun.source, gun.make, gun.status) == ("police", "RUG", FirearmStatus.SOLD)

    # With the receipt, the list does not lose it.
    withdraw(Receipt.objects.get(), by=None, now=NOW, reason="Of another case.")
    assert Firearm.objects.get().status == FirearmStatus.ALLEGED
    assert surrender().state != DeadlineState.MET


@pytest.mark.parametrize("serials", ["S1,S2", "S1 / S2", "S1 and S2"])
def test_a_cell_that_joins_listed_numbers_is_all_of_them(serials: str, tmp_path: Path) -> None:
    rows = ([order_row()], [firearm_row(), firearm_row(serial="S2")], [receipt_row(serials=serials)])

    assert take(tmp_path, *rows)["firearms"] == 2
    assert surrender().state == DeadlineState.MET
    assert take(tmp_path, *rows)["receipts"] == 1


# People and places


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"respondent_name": "José Núñez"}, {"respondent_name": unicodedata.normalize("NFD", "José Núñez")}),
        ({}, {"respondent_name": "Ash Birch\u200b"}),
        ({"respondent_dob": ""}, {"respondent_name": "ASH BIRCH"}),
        ({"respondent_name": "Ash O'Birch"}, {"respondent_name": "Ash O\u2019Birch"}),
    ],
)
def test_one_person_spelled_two_ways_is_one_case(
    first: dict[str, str], second: dict[str, str], tmp_path: Path
) -> None:
    docket = {"docket_number": "HHD-FA26-F08-S"}
    later = {"order_kind": "restraining_order", "hearing_on": "", **docket}
    found = take(
        tmp_path,
        [order_row(**docket, **first), order_row(2, **later, **second)],
        [firearm_row()],
        [receipt_row(2)],
    )

    assert found["rejected"] == {}
    assert Case.objects.count() == 1
    assert str(Case.objects.get().respondent.date_of_birth) == "1990-01-02"
    assert {surrender(1).state, surrender(2).state} == {DeadlineState.MET}


@pytest.mark.parametrize("name", ["---", "?", "\u200b", "12345"])
def test_a_name_without_a_letter_is_rejected(name: str, tmp_path: Path) -> None:
    (reject,) = take(tmp_path, [order_row(respondent_name=name)])["rejects"]

    assert reject["code"] in ("no_name", "missing_value")


def test_another_birthday_is_another_person(tmp_path: Path) -> None:
    docket = {"docket_number": "HHD-FA26-F08-S"}
    take(tmp_path, [order_row(**docket), order_row(2, respondent_dob="1971-01-02", **docket)])

    assert Case.objects.count() == 2


@pytest.mark.parametrize(
    "name",
    [
        "W. Hartford",
        "west hartford, CT 06107",
        "Town of West Hartford",
        "Elmwood",
        "Elmwood (West Hartford)",
        "West Hartford/Elmwood",
    ],
)
def test_a_place_is_known_by_its_usual_names(name: str, tmp_path: Path) -> None:
    assert take(tmp_path, [order_row(respondent_town=name)])["imported"] == 1


@pytest.mark.parametrize("name", ["Elmwood (Hamden)", "Hamden, Gotham"])
def test_places_of_two_towns_are_no_place(name: str, tmp_path: Path) -> None:
    assert take(tmp_path, [order_row(respondent_town=name)])["rejected"] == {"unknown_town": 1}


def test_an_unknown_town_offers_the_nearest_names(tmp_path: Path) -> None:
    (reject,) = take(tmp_path, [order_row(respondent_town="Hamdem")])["rejects"]

    assert reject["code"] == "unknown_town"
    assert "Did you mean Hamden?" in reject["detail"]


def test_invisible_characters_are_not_stored(tmp_path: Path) -> None:
    take(tmp_path, [order_row(docket_number="\u200fHHD\u2013FA26\u2013ZW1\u200b-S")])

    assert Case.objects.get().docket_number == "HHD-FA26-ZW1-S"


# Hearings


def test_a_hearing_moved_there_and_back_is_pending_on_the_last_day(tmp_path: Path) -> None:
    days = {"issued_at": "2026-11-20T12:00-05:00", "served_at": "2026-11-21T12:00-05:00"}
    for day in ("2026-12-04", "2026-12-18", "2026-12-04"):
        take(tmp_path, [order_row(hearing_on=day, **days)])

    (pending,) = Hearing.objects.filter(outcome="")
    assert str(pending.scheduled_on) == "2026-12-04"


def test_a_hearing_removed_and_set_again_is_pending(tmp_path: Path) -> None:
    days = {"issued_at": "2026-11-20T12:00-05:00", "served_at": "2026-11-21T12:00-05:00"}
    for day in ("2026-12-04", "", "2026-12-04"):
        take(tmp_path, [order_row(hearing_on=day, **days)])

    (pending,) = Hearing.objects.filter(outcome="")
    assert str(pending.scheduled_on) == "2026-12-04"


def test_a_hearing_is_moved_there_and_back_by_hand() -> None:
    order = make.order()
    first = hearings.schedule_hearing(
        order, purpose="application", scheduled_on=make_day(5), by=None, now=NOW
    )
    second = hearings.continue_hearing(first, scheduled_on=make_day(12), by=None, now=NOW)
    back = hearings.continue_hearing(
        second, scheduled_on=make_day(5), confirm="The judge moved it forward.", by=None, now=NOW
    )

    assert back.pk == first.pk
    (pending,) = Hearing.objects.filter(outcome="")
    assert pending.scheduled_on == make_day(5)


def make_day(days: int) -> Any:
    from datetime import timedelta

    return (NOW + timedelta(days=days)).date()


# Files


def test_blank_rows_are_skipped(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row()])
    with (folder / "orders.csv").open("a") as file:
        file.write(",,,,,,,,,,,,,,\n \u00a0,,,,,,,,,,,,,,\n\n;;;;;;;;\nNULL,NULL,null,\\N\n\\.\n")

    assert imported(folder)["rejected"] == {}


@pytest.mark.parametrize("missing", ["firearms.csv", "receipts.csv"])
def test_a_missing_file_has_no_rows(missing: str, tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row()])
    (folder / missing).unlink()

    assert imported(folder)["imported"] == 1


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_delimiter_and_encoding_are_found_out(delimiter: str, encoding: str, tmp_path: Path) -> None:
    row = {**order_row(respondent_name="Jos\u00e9 N\u00fa\u00f1ez"), "Remarks": "none"}
    text = StringIO()
    writer = csv.DictWriter(text, row, delimiter=delimiter)
    writer.writerow({name: name.upper().replace("_", " ") for name in row})
    writer.writerow(row)
    (tmp_path / "ORDERS.CSV").write_bytes(text.getvalue().encode(encoding))

    assert imported(tmp_path)["imported"] == 1
    assert Case.objects.get().respondent.name == "Jos\u00e9 N\u00fa\u00f1ez"


def test_a_single_file_is_taken(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "all", [order_row()])

    assert imported(folder / "orders.csv")["imported"] == 1


def test_windows_1252_is_named_with_its_remedy_and_read_with_a_map(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "all", [order_row(respondent_name="Jos\u00e9 N\u00fa\u00f1ez")])
    text = (folder / "orders.csv").read_text(encoding="utf-8")
    (folder / "orders.csv").write_bytes(text.encode("windows-1252"))
    with pytest.raises(CommandError, match="windows-1252"):
        imported(folder)

    layout = tmp_path / "map.toml"
    layout.write_text('encoding = "windows-1252"\n')
    assert imported(folder, "--map", str(layout))["imported"] == 1


def test_xml_is_recognized(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text('<?xml version="1.0"?><nc:ProtectionOrder/>')

    with pytest.raises(CommandError, match=r"is XML .*nc:ProtectionOrder"):
        imported(tmp_path)


def test_a_folder_without_files_names_the_expected_files(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds none of the files"):
        imported(tmp_path)


def test_a_map_names_columns_values_and_dates(tmp_path: Path) -> None:
    layout = tmp_path / "map.toml"
    layout.write_text(
        """
        date_format = "%m/%d/%Y"
        datetime_format = "%m/%d/%Y %I:%M %p"
        [orders]
        name = "po.csv"
        [orders.columns]
        por_number = "Order No."
        order_kind = "Type"
        [orders.defaults]
        address_confidential = "N"
        [orders.values.order_kind]
        "EX PARTE" = "ex_parte_restraining_order"
        """
    )
    row = order_row(
        issued_at="10/01/2026 12:00 PM",
        served_at="10/02/2026 12:00 PM",
        hearing_on="10/08/2026",
        respondent_dob="01/02/1990",
        order_kind="Ex Parte",
    )
    del row["address_confidential"]
    row = {
        {"por_number": "Order No.", "order_kind": "Type"}.get(name, name): cell for name, cell in row.items()
    }
    with (tmp_path / "po.csv").open("w") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)

    assert imported(tmp_path, "--map", str(layout))["imported"] == 1
    assert str(Order.objects.get().served_at) == "2026-10-02 16:00:00+00:00"


def test_a_map_with_an_unknown_word_is_one_sentence(tmp_path: Path) -> None:
    layout = tmp_path / "map.toml"
    layout.write_text("[orders.columns]\nserial = 'x'\n")

    with pytest.raises(CommandError, match="“serial” is not known here"):
        imported(write_export(tmp_path / "all"), "--map", str(layout))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('encoding = "rot13"', "encoding “rot13” is not known"),
        ('encoding = "idna"', "encoding “idna” is not known"),
        ('encoding = "zip"', "encoding “zip” is not known"),
        ('time_zone = "America"', "time_zone “America” is not known"),
        ('date_format = "%Y"', "does not read a date with its year"),
        ('date_format = "%-m/%-d/%Y"', "does not read a date with its year"),
        ('datetime_format = "%m/%d/%Y %m"', "does not read a date with its year"),
        ("delimiter = '\"'", "must be one character"),
        ('delimiter = "\\n"', "must be one character"),
        ('orders = "po.csv"', "orders must be a table"),
        ('[orders]\ncolumns = "x"', "orders.columns must be a table"),
        ('[orders.values]\norder_kind = "x"', "orders.values.order_kind must be a table"),
        (
            '[orders.columns]\nissued_at = "Date"\nserved_at = "DATE"',
            "issued_at and served_at cannot both be “Date”",
        ),
        ('[orders.columns]\nprotected_person = "respondent name"', "cannot both be “respondent_name”"),
        ('[orders.columns]\nhearing_on = "D"\nfirearms_indicated = "D"', "cannot both be “D”"),
    ],
)
def test_a_map_with_an_odd_value_is_one_sentence(line: str, words: str) -> None:
    with pytest.raises(LayoutError, match=re.escape(words)):
        parse_layout(line, "map.toml")


def test_two_columns_of_one_header_are_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[orders.columns]\nfirearms_indicated = "Flags"\npermit_held = "flags"\n'

    assert parse_layout(text, "map.toml").warnings == [
        "The columns firearms_indicated and permit_held are both read from “Flags”. If that is not intended, "
        "correct the mapping."
    ]
    assert parse_layout('[orders.columns]\npermit_held = "Permit"', "map.toml").warnings == []
    layout = tmp_path / "map.toml"
    layout.write_text(text)
    with pytest.raises(CommandError, match="Flags is missing"):
        call_command("import_por", str(write_export(tmp_path / "all")), "--map", str(layout))
    assert "are both read from “Flags”" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%d.%m.%y", "%d-%b-%y %I.%M.%S.%f %p", "%Y-%m-%d %H:%M:%S%z"])
def test_a_map_takes_every_format_that_reads_a_date(form: str) -> None:
    assert parse_layout(f'datetime_format = "{form}"', "map.toml").datetime_format == form


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    found = imported(write_export(tmp_path, [order_row()], [firearm_row()]), "--dry-run")

    assert (found["imported"], found["firearms"]) == (1, 1)
    assert not Order.objects.exists()
    assert not Firearm.objects.exists()


def test_rejected_rows_are_corrected_and_imported_again(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "all", [order_row(), order_row(2, respondent_town="Hamdem")])
    imported(folder, "--rejects", str(tmp_path / "again"))
    file = tmp_path / "again" / "orders.csv"
    (row,) = csv.DictReader(file.read_text().splitlines())
    assert row["por_number"] == "POR0000000002"
    assert row["reject_code"] == "unknown_town"

    file.write_text(file.read_text().replace("Hamdem,", "Hamden,"))
    assert imported(tmp_path / "again")["imported"] == 1


def test_a_template_can_be_imported(tmp_path: Path) -> None:
    call_command("import_por", "--template", str(tmp_path), stdout=StringIO())

    assert imported(tmp_path)["imported"] == 0
    assert "served_at: " in (tmp_path / "COLUMNS.txt").read_text()


def test_people_without_a_name_are_not_one_person(tmp_path: Path) -> None:
    unnamed = {"respondent_name": "UNKNOWN", "respondent_dob": "1970-01-01"}
    take(tmp_path, [order_row(**unnamed), order_row(2, **unnamed)], [firearm_row()], [receipt_row()])

    assert surrender(1).state == DeadlineState.MET
    assert surrender(2).state != DeadlineState.MET
