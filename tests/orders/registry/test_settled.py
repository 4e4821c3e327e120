"""What later rows or acts settle: another time of a receipt, the end of an ex parte order, plain NULLs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import (
    Case,
    Deadline,
    Firearm,
    HearingPurpose,
    HistoryEntry,
    Order,
    ProtectedPerson,
    Receipt,
    ReviewItem,
    Statement,
)
from orders.services import hearings
from orders.services.corrections import correct, withdraw
from orders.services.registry.reviews import confirm_review, reopen_review
from tests import make
from tests.make_export import firearm_row, order_row, receipt_row, statement_row
from tests.orders.registry.test_wrong_inputs import imported, take

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _places(db: None) -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")


# Another time of the same day


def _rows(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    row = receipt_row if kind == "receipt" else statement_row
    return row(), row(at="2026-10-03T15:30-04:00")


@pytest.mark.parametrize("kind", ["receipt", "statement"])
def test_another_time_of_the_day_waits_with_both_values(kind: str, tmp_path: Path) -> None:
    first, second = _rows(kind)
    take(tmp_path / "1", [order_row()], [firearm_row()], [first])

    found = take(tmp_path / "2", [order_row()], [firearm_row()], [second])
    again = take(tmp_path / "3", [order_row()], [firearm_row()], [second])

    assert (found["rejected"], again["rejected"], again["doubtful"]) == ({}, {}, [])
    (asked,) = found["doubtful"]
    assert (asked["file"], asked["line"], asked["code"]) == ("receipts.csv", 2, "other_time")
    assert "12:00 p.m." in asked["detail"]
    assert "3:30 p.m." in asked["detail"]
    assert _time(kind) == datetime(2026, 10, 3, 16, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["receipt", "statement"])
def test_the_time_of_the_row_is_confirmed_and_taken_back(kind: str, tmp_path: Path) -> None:
    first, second = _rows(kind)
    take(tmp_path / "1", [order_row()], [firearm_row()], [first])
    take(tmp_path / "2", [order_row()], [firearm_row()], [second])
    item = ReviewItem.objects.get()
    by: dict[str, Any] = {"by": make.person(Role.CLERK, item.order.case.court), "now": timezone.now()}
    before = _deadlines(item.order)

    confirm_review(item, reason="On the paper it is 3:30.", **by)
    corrected = _time(kind)
    third = take(tmp_path / "3", [order_row()], [firearm_row()], [first])
    fourth = take(tmp_path / "4", [order_row()], [firearm_row()], [second])
    reopen_review(ReviewItem.objects.get(), reason="Read the wrong paper.", **by)

    assert corrected == datetime(2026, 10, 3, 19, 30, tzinfo=UTC)
    # What was decided is not asked again.
    assert [one["doubtful"] for one in (third, fourth)] == [[], []]
    assert (_time(kind), _deadlines(item.order)) == (datetime(2026, 10, 3, 16, tzinfo=UTC), before)
    assert ReviewItem.objects.waiting().count() == 1


def test_a_statement_with_the_number_of_another_day_may_be_one_of_its_own(tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row()], [], [statement_row()])
    found = take(tmp_path / "2", [order_row()], [], [statement_row(at="2026-10-05T12:00-04:00")])
    item = ReviewItem.objects.get()
    by = make.person(Role.CLERK, item.order.case.court)

    confirm_review(item, reason="Two statements.", by=by, now=timezone.now())

    assert [one["code"] for one in found["doubtful"]] == ["receipt_number_used"]
    assert list(Statement.objects.order_by("id").values_list("receipt_number", flat=True)) == ["R1", "R1 (2)"]


def _time(kind: str) -> datetime:
    return Receipt.objects.get().received_at if kind == "receipt" else Statement.objects.get().sworn_at


def _deadlines(order: Order) -> list[Any]:
    fields = ("rule_id", "occurrence", "state", "due_at", "met_in_time")
    return list(Deadline.objects.filter(order=order).order_by("id").values_list(*fields))


# The end of an ex parte order


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"hearing_on": "", "expires_on": "2026-10-20"},
        {"hearing_on": "", "order_kind": "restraining_order"},
    ],
    ids=["hearing", "last day", "kind"],
)
def test_a_later_row_with_the_end_settles_the_question(later: dict[str, str], tmp_path: Path) -> None:
    found = take(tmp_path / "1", [order_row(hearing_on="")])
    take(tmp_path / "2", [order_row(**later)])

    assert [one["code"] for one in found["doubtful"]] == ["no_end"]
    assert not ReviewItem.objects.waiting().exists()
    # It is asked again when the registry takes the end back.
    take(tmp_path / "3", [order_row(hearing_on="")])
    assert ReviewItem.objects.waiting().count() == 1


def test_a_hearing_by_hand_settles_the_question_until_it_is_withdrawn(tmp_path: Path) -> None:
    take(tmp_path, [order_row(hearing_on="")])
    order = Order.objects.get()
    by: dict[str, Any] = {"by": None, "now": timezone.now()}

    hearing = hearings.schedule_hearing(
        order, purpose=HearingPurpose.APPLICATION, scheduled_on=date(2027, 1, 12), confirm="So ordered.", **by
    )
    settled = ReviewItem.objects.waiting().count()
    withdraw(hearing, reason="Another case.", **by)

    assert (settled, ReviewItem.objects.waiting().count()) == (0, 1)


# Words of databases for no value, and other leftovers of exports


def test_null_is_no_text(tmp_path: Path) -> None:
    rows = [order_row(protected_person="NULL"), order_row(2, respondent_name="NULL")]
    found = take(tmp_path, rows, [], [receipt_row(receipt_number="NULL")])

    assert found["rejected"] == {"missing_value": 1, "missing_receipt_number": 1}
    assert not ProtectedPerson.objects.exists()


def test_null_is_a_surname(tmp_path: Path) -> None:
    take(tmp_path, [order_row(respondent_name="Null, Ash")])

    assert Case.objects.get().respondent.name == "Null, Ash"


def test_a_zero_day_is_no_day_and_the_last_one_names_the_year(tmp_path: Path) -> None:
    rows = [order_row(expires_on="0000-00-00"), order_row(2, expires_on="9999-12-31")]
    found = take(tmp_path, rows)

    assert Order.objects.get().expires_on is None
    assert "the year must be from 1900 to 2199" in found["rejects"][0]["detail"]


def test_a_header_between_the_rows_is_passed_over(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    text = (tmp_path / "orders.csv").read_text()
    header, row = text.splitlines()
    (tmp_path / "orders.csv").write_text(
        f"{text}{header.upper()}\n{row.replace('0000000001', '0000000002')}\n"
    )

    found = imported(tmp_path)

    assert (found["imported"], found["unchanged"], found["rejected"]) == (1, 1, {})


def test_a_folder_with_an_exchange_alone_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "export.xml").write_text("<?xml version='1.0'?><ext:Exchange xmlns:ext='urn:x'/>")

    with pytest.raises(CommandError, match=r"export\.xml: is XML"):
        imported(tmp_path)


def test_a_statement_of_no_firearms_has_no_serial_number(tmp_path: Path) -> None:
    found = take(tmp_path, [order_row()], [firearm_row()], [statement_row(serials="S1")])

    assert found["rejected"] == {"statement_with_serials": 1}
    assert not Statement.objects.exists()
    assert take(tmp_path, [order_row()], [], [statement_row(serials="N/A")])["rejected"] == {}


# Descriptions of listed firearms


def _described() -> list[tuple[str, str]]:
    return list(Firearm.objects.order_by("id").values_list("serial", "make"))


def test_a_description_changed_there_and_back_is_the_last_one(tmp_path: Path) -> None:
    for place, maker in enumerate(("RUG", "COL", "RUG", "GLO")):
        found = take(tmp_path / str(place), [order_row()], [firearm_row(make=maker)], [receipt_row()])
        assert (found["rejected"], _described()) == ({}, [("S1", maker)])

    again = take(tmp_path / "5", [order_row()], [firearm_row(make="GLO")], [receipt_row()])
    kinds = Counter(HistoryEntry.objects.values_list("kind", flat=True))
    assert (again["firearms"], kinds["firearm_listed"], kinds["firearm_corrected"]) == (1, 1, 3)
    assert Deadline.objects.get(rule_id="CT-SUR-01").state == "met"
    entry = HistoryEntry.objects.filter(kind="firearm_corrected").first()
    assert entry is not None
    assert entry.data["corrected"] == {"Make": ["RUG", "COL"]}


def test_a_description_that_a_person_corrected_stays(tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row()], [firearm_row()])
    clerk = make.person(Role.CLERK, Order.objects.get().case.court)
    by: dict[str, Any] = {"by": clerk, "now": timezone.now()}
    correct(Firearm.objects.get(), {"make": "COL"}, reason="Misread.", **by)

    same = take(tmp_path / "2", [order_row()], [firearm_row()])
    third = take(tmp_path / "3", [order_row()], [firearm_row(make="GLO")])

    assert (same["doubtful"], [one["code"] for one in third["doubtful"]]) == ([], ["same_serial"])
    assert _described() == [("S1", "COL")]


def test_two_descriptions_in_one_file_are_two_firearms_until_a_person_decides(tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row()], [firearm_row()])
    rows = [firearm_row(make="GLO"), firearm_row(make="COL")]

    found = take(tmp_path / "2", [order_row()], rows)

    assert [one["code"] for one in found["doubtful"]] == ["same_serial", "same_serial"]
    assert _described() == [("S1", "RUG"), ("S1", "GLO"), ("S1", "COL")]


# A hearing that was held


def hearing_days() -> list[tuple[str, str]]:
    rows = Order.objects.get().hearings.order_by("scheduled_on")
    return [(str(one.scheduled_on), one.outcome) for one in rows]


HELD_ON = date(2026, 10, 8)


def hold(order: Order) -> None:
    """The hearing of Oct 8 was held, and the order goes on."""
    hearing = order.hearings.get(scheduled_on=HELD_ON)
    hearings.record_hearing(hearing, outcome="granted", held_on=HELD_ON, by=None, now=timezone.now())


def test_a_hearing_that_was_held_is_not_set_again_when_the_registry_goes_back_to_its_day(
    tmp_path: Path,
) -> None:
    take(tmp_path / "1", [order_row()])
    hold(Order.objects.get())
    take(tmp_path / "2", [order_row(hearing_on="2026-10-15")])
    assert hearing_days() == [("2026-10-08", "granted"), ("2026-10-15", "")]

    back = take(tmp_path / "3", [order_row(), order_row(2)])

    assert (back["updated"], back["imported"], back["rejected"]) == (1, 1, {})
    order = Order.objects.get(por_number="POR0000000001")
    assert [one.outcome for one in order.hearings.order_by("scheduled_on")] == ["granted", "vacated"]


def test_the_registry_brings_a_hearing_that_was_entered_and_held_here(tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row(hearing_on="", expires_on="2026-12-31")])
    order, now = Order.objects.get(), timezone.now()
    why = "Entered late."
    hearings.schedule_hearing(
        order, purpose="application", scheduled_on=HELD_ON, by=None, now=now, confirm=why
    )
    hold(order)

    found = take(tmp_path / "2", [order_row(expires_on="2026-12-31")])

    assert (found["updated"], hearing_days()) == (1, [("2026-10-08", "granted")])
