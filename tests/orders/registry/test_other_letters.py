"""Rows of an import in letters of other scripts, with years of two digits, and with names of no town."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import DeadlineState, Firearm, Order, ReviewItem
from orders.services.search import search
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = pytest.mark.django_db

CYRILLIC = str.maketrans(
    "ABHOPSTXCEKM", "\u0410\u0412\u041d\u041e\u0420\u0405\u0422\u0425\u0421\u0415\u041a\u041c"
)


@pytest.fixture(autouse=True)
def _places() -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    for name in ("Hamden", "Trumbull", "Groton", "Middletown", "Naugatuck"):
        Town.objects.create(name=name, police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD HHX")


def take(folder: Path, *rows: list[dict[str, str]], layout: str = "") -> dict[str, Any]:
    printed, options = StringIO(), []
    if layout:
        (folder / "map.toml").write_text(layout)
        options = ["--map", str(folder / "map.toml")]
    call_command("import_por", str(write_export(folder, *rows)), "--json", *options, stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def test_a_row_in_other_letters_is_of_the_stored_order(tmp_path: Path) -> None:
    first = order_row()
    take(tmp_path, [first], [firearm_row(serial="SAB12345")])
    number = first["por_number"].translate(CYRILLIC)
    other = order_row(por_number=number, docket_number=first["docket_number"].translate(CYRILLIC))

    found = take(
        tmp_path,
        [other],
        [],
        [receipt_row(por_number=number, serials="SAB12345".translate(CYRILLIC))],
    )

    assert (found["imported"], found["unchanged"], found["rejected"]) == (0, 1, {})
    assert [one["code"] for one in found["near_matches"]] == ["near_match"]
    order = Order.objects.get()
    assert order.case.court.name == "Court at Hartford"
    assert order.deadlines.get(rule_id="CT-SUR-01").state != DeadlineState.MET
    assert Firearm.objects.get().serial == "SAB12345"


@pytest.mark.parametrize(
    "stored",
    ["SAB12345", "SAB12345".translate(CYRILLIC), "SAB12345".translate(CYRILLIC | {ord("3"): "\u0417"})],
)
def test_the_search_finds_a_name_and_a_serial_number_in_other_letters(stored: str, tmp_path: Path) -> None:
    is_latin = stored.isascii()
    name = "Bex Pope"
    take(
        tmp_path,
        [order_row(respondent_name=name if is_latin else name.replace("B", "\u0412").replace("e", "\u0435"))],
        [firearm_row(serial=stored)],
    )
    clerk = make.person(Role.CLERK, Order.objects.get().case.court)
    other = str.translate if is_latin else lambda text, _: text

    for typed in (other("SAB12345", CYRILLIC), other(name, CYRILLIC)):
        assert [one.order for one in search(clerk, typed, now=NOW)] == [Order.objects.get()], typed


@pytest.mark.parametrize(
    ("born", "stored"),
    [
        ("07/16/68", date(1968, 7, 16)),
        ("07/16/99", date(1999, 7, 16)),
        ("02/29/00", date(2000, 2, 29)),
        ("07/16/27", date(1927, 7, 16)),
    ],
)
def test_a_birth_with_a_year_of_two_digits_is_in_the_past(born: str, stored: date, tmp_path: Path) -> None:
    row = order_row(
        respondent_dob=born,
        expires_on="10/01/27",
        hearing_on="",
        issued_at="10/01/26 12:00 PM",
        served_at="10/02/26 12:00 PM",
    )

    found = take(tmp_path, [row], layout='date_format = "%m/%d/%y"\ndatetime_format = "%m/%d/%y %I:%M %p"\n')

    assert found["rejected"] == {}
    order = Order.objects.get()
    assert (order.case.respondent.date_of_birth, order.expires_on) == (stored, date(2027, 10, 1))
    assert order.issued_on == date(2026, 10, 1)


def test_a_last_day_with_a_year_of_two_digits_is_of_this_century(tmp_path: Path) -> None:
    take(tmp_path, [order_row(expires_on="10/01/75", hearing_on="")], layout='date_format = "%m/%d/%y"\n')

    assert not ReviewItem.objects.exists()
    assert [one.expires_on for one in Order.objects.all()] in ([], [date(2075, 10, 1)])


@pytest.mark.parametrize(
    ("town", "offered"),
    [
        ("Union City", "Naugatuck?"),
        ("Long Hill", "Trumbull, Groton, Middletown?"),
        ("Zzyzx", "Write the town"),
    ],
)
def test_a_name_of_no_or_several_towns_is_rejected_with_them(town: str, offered: str, tmp_path: Path) -> None:
    found = take(tmp_path, [order_row(respondent_town=town)])

    assert found["rejected"] == {"unknown_town": 1}
    assert offered in found["rejects"][0]["detail"]
