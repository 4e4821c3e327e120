"""Importing the registry's export repeatedly gives one result, and rejected rows have a clear reason."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import Agency, AgencyKind, Role, Town
from accounts.services.agencies.reference import load_reference
from orders.models import (
    Case,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmStatus,
    Hearing,
    HistoryEntry,
    Order,
    OrderAgency,
    ProtectedPerson,
    Receipt,
    Respondent,
    ReviewItem,
    ReviewKind,
    Statement,
)
from orders.services import service
from orders.services.firearms import receipts
from orders.services.orders import corrections, extension, withdrawal
from orders.services.parties import protected_persons, respondents
from orders.services.planning import history, replan
from orders.services.registry import files, importing, numbered, staging
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import Export
from orders.services.registry.places import UNNAMED_COURT
from orders.services.registry.reviews import confirm_review
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export, write_many

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "por_export"

#: Every table that an import may write.
TABLES = [
    model._meta.db_table
    for model in (
        Agency,
        Case,
        Checkpoint,
        OrderAgency,
        Deadline,
        HistoryEntry,
        Firearm,
        Hearing,
        Order,
        ProtectedPerson,
        Receipt,
        Receipt.firearms.through,
        Respondent,
        Statement,
    )
]

Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
def _places(db: None) -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    elsewhere = Agency.objects.create(name="Avon Police", kind=AgencyKind.POLICE, ori="CT0000400")
    Town.objects.create(name="Hamden", police=police)
    Town.objects.create(name="Avon", police=elsewhere)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD HHX")


def imported(folder: Path) -> dict[str, Any]:
    """What `import_por --json` prints: one document and nothing else."""
    printed = StringIO()
    call_command("import_por", str(folder), "--json", stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue())
    assert printed.getvalue().count("\n") == 1
    return found


def take(
    folder: Path, orders: Rows, firearms: Rows | None = None, receipts: Rows | None = None
) -> dict[str, Any]:
    """Imports these rows."""
    return imported(write_export(folder, orders, firearms or [], receipts or []))


def versions() -> dict[str, list[tuple[str, str]]]:
    """The version of every row of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY id")
            found[table] = cursor.fetchall()
    return found


def surrender_deadline(number: int = 1) -> Deadline:
    return Deadline.objects.get(order__por_number=f"POR{number:010}", rule_id="CT-SUR-01")


def only_order() -> Order:
    return Order.objects.get()


# What is stored


def test_an_order_is_stored_with_its_proof_and_planned_once(tmp_path: Path) -> None:
    found = take(
        tmp_path,
        [order_row()],
        [firearm_row(), firearm_row(serial="S2")],
        [receipt_row(serials="S1; S2", recipient_kind="police", recipient_id="ct0006200")],
    )

    assert found == {
        "imported": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": {},
        "beyond_rule": 0,
        "unusual_dockets": 0,
        "rejects": [],
        "doubtful": [],
        "near_matches": [],
        "other_respondents": [],
        "firearms": 2,
        "receipts": 1,
    }
    order = only_order()
    assert (order.kind, order.service_method) == ("ex_parte_restraining_order", "in_hand")
    assert (order.issued_offset, str(order.issued_on)) == (-240, "2026-10-01")
    assert order.case.docket_number == "HHD-FA26-0000001-S"
    assert order.case.court.name == "Court at Hartford"
    assert order.case.respondent.name == "Ash Birch"
    assert str(order.hearings.get().scheduled_on) == "2026-10-08"
    assert {one.agency.name for one in order.order_agencies.all()} == {"Hamden Police", "Court at Hartford"}
    assert set(Firearm.objects.values_list("serial", "status")) == {
        ("S1", FirearmStatus.SURRENDERED),
        ("S2", FirearmStatus.SURRENDERED),
    }
    assert surrender_deadline().state == DeadlineState.MET
    # Stored file by file, it would have been overdue for a moment, and police alerted.
    assert not Checkpoint.objects.filter(
        deadline=surrender_deadline(), state=CheckpointState.PENDING
    ).exists()
    events = list(order.history.values_list("kind", "data__source"))
    assert events == [
        ("entered", "registry"),
        ("served", "registry"),
        ("firearm_listed", "registry"),
        ("firearm_listed", "registry"),
        ("receipt_recorded", "registry"),
    ]
    assert order.history.earliest("id").data["deadlines"]["CT-SUR-01"] == "opened"


def test_the_last_receipt_sets_the_status_of_a_firearm(tmp_path: Path) -> None:
    take(
        tmp_path,
        [order_row()],
        [firearm_row()],
        [
            receipt_row(receipt_number="R2", at="2026-10-05T12:00-04:00"),
            receipt_row(recipient_kind="police", recipient_id="CT0006200"),
        ],
    )

    assert Firearm.objects.get().status == FirearmStatus.SOLD


def test_wall_time_is_the_courts(tmp_path: Path) -> None:
    take(tmp_path, [order_row(issued_at="2026-10-01T12:00", served_at="2026-11-20T12:00")])

    order = only_order()
    assert (order.issued_offset, order.served_offset) == (-240, -300)


def test_a_docket_with_an_unknown_prefix_goes_to_the_unnamed_court(tmp_path: Path) -> None:
    take(tmp_path, [order_row(docket_number="ZZZ-1"), order_row(2, docket_number="QQQ-2")])
    take(tmp_path, [order_row(3, docket_number="ZZZ-3")])

    court = Agency.objects.get(name=UNNAMED_COURT)
    assert court.kind == AgencyKind.COURT
    assert Case.objects.filter(court=court).count() == 3


def test_orders_of_one_docket_share_case_and_inventory(tmp_path: Path) -> None:
    docket = {"docket_number": "HHD-1"}
    take(
        tmp_path,
        [order_row(**docket), order_row(2, order_kind="restraining_order", hearing_on="", **docket)],
        [firearm_row(), firearm_row(2)],
        [receipt_row(2)],
    )

    assert Case.objects.count() == Firearm.objects.count() == 1
    assert {surrender_deadline(1).state, surrender_deadline(2).state} == {DeadlineState.MET}


def test_letters_and_blanks_do_not_matter_where_meaning_does_not_change(tmp_path: Path) -> None:
    found = take(
        tmp_path,
        [
            order_row(served_at="2026-10-02T12:00"),
            order_row(
                served_at="2026-10-02T16:00Z",
                respondent_town=" HAMDEN",
                respondent_name="Ash  Birch ",
                permit_held="n",
            ),
        ],
    )

    assert (found["imported"], found["unchanged"], found["rejected"]) == (1, 1, {})


# Rows that are rejected

ORDER_FAULTS: list[tuple[str, dict[str, str], str]] = [
    ("missing_por_number", {"por_number": " "}, "por_number"),
    ("unknown_order_kind", {"order_kind": "peace_bond"}, "peace_bond"),
    ("unknown_order_kind", {"order_kind": "final_erpo"}, "final_erpo"),
    ("unknown_town", {"respondent_town": "Gotham"}, "Gotham"),
    ("unknown_town", {"respondent_town": ""}, "respondent_town"),
    ("invalid_timestamp", {"issued_at": "2026-13-40T99:00-05:00"}, "issued_at"),
    ("invalid_timestamp", {"issued_at": ""}, "issued_at"),
    ("invalid_timestamp", {"issued_at": "x" * 500}, "issued_at"),
    ("invalid_timestamp", {"expires_on": "2027-02-30"}, "expires_on"),
    ("invalid_timestamp", {"respondent_dob": "02/03/1990"}, "respondent_dob"),
    ("served_before_issued", {"served_at": "2026-10-01T11:59-04:00"}, "served_at"),
    ("ambiguous_local_time", {"served_at": "2026-11-01T01:30"}, "occurs twice"),
    ("nonexistent_local_time", {"issued_at": "2026-03-08T02:30"}, "does not occur"),
    ("unknown_service_method", {"service_method": "pigeon"}, "pigeon"),
    ("invalid_flag", {"firearms_indicated": ""}, "firearms_indicated"),
    ("missing_value", {"docket_number": ""}, "docket_number"),
    ("missing_value", {"respondent_name": ""}, "respondent_name"),
    ("too_long", {"por_number": "P" * 41}, "The limit is 40"),
    ("too_long", {"protected_person": "Robin " * 50}, "protected_person"),
    ("expires_before_issue", {"expires_on": "2026-09-30"}, "expires_on"),
    ("hearing_before_issue", {"hearing_on": "2026-09-30"}, "hearing_on"),
    # Of several faults the first of a fixed order is the code.
    ("missing_por_number", {"por_number": "", "order_kind": "x", "respondent_town": "x"}, "por_number"),
    ("unknown_order_kind", {"order_kind": "x", "respondent_town": "x"}, "order_kind"),
    ("unknown_town", {"respondent_town": "x", "issued_at": "x"}, "respondent_town"),
    ("invalid_timestamp", {"issued_at": "x", "served_at": "2026-11-01T01:30"}, "issued_at"),
    ("ambiguous_local_time", {"served_at": "2026-11-01T01:30", "hearing_on": "2026-09-01"}, "served_at"),
    (
        "served_before_issued",
        {"served_at": "2026-09-01T12:00-04:00", "hearing_on": "2026-09-01"},
        "served_at",
    ),
]


@pytest.mark.parametrize(("code", "fault", "named"), ORDER_FAULTS)
def test_a_row_of_orders_is_rejected(code: str, fault: dict[str, str], named: str, tmp_path: Path) -> None:
    found = take(tmp_path, [order_row(**fault), order_row(2)])

    (reject,) = found["rejects"]
    assert (reject["file"], reject["line"], reject["code"]) == ("orders.csv", 2, code)
    assert named in reject["detail"]
    assert found["rejected"] == {code: 1}
    assert found["imported"] == Order.objects.count() == 1
    for personal in ("Ash", "Birch", "Robin", "1990"):
        assert personal not in reject["detail"]


PROOF_FAULTS: list[tuple[str, str, dict[str, str]]] = [
    ("missing_por_number", files.FIREARMS, firearm_row(por_number="")),
    ("unknown_por_number", files.FIREARMS, firearm_row(99)),
    ("unknown_firearm_source", files.FIREARMS, firearm_row(source="rumour")),
    ("too_long", files.FIREARMS, firearm_row(serial="S" * 41)),
    ("missing_por_number", files.RECEIPTS, receipt_row(por_number="")),
    ("unknown_por_number", files.RECEIPTS, receipt_row(99)),
    ("unknown_receipt_kind", files.RECEIPTS, receipt_row(kind="promise")),
    ("missing_receipt_number", files.RECEIPTS, receipt_row(receipt_number="")),
    ("invalid_timestamp", files.RECEIPTS, receipt_row(at="yesterday")),
    ("ambiguous_local_time", files.RECEIPTS, receipt_row(at="2026-11-01T01:30")),
    ("nonexistent_local_time", files.RECEIPTS, statement_row(at="2026-03-08T02:30")),
    ("unknown_recipient", files.RECEIPTS, receipt_row(recipient_kind="neighbour")),
    ("unknown_recipient", files.RECEIPTS, receipt_row(recipient_kind="police", recipient_id="CT9999999")),
    ("unknown_recipient", files.RECEIPTS, statement_row(recipient_kind="police")),
    ("invalid_dealer_license", files.RECEIPTS, receipt_row(recipient_id="6-06-014-03-7M-12345")),
    ("invalid_dealer_license", files.RECEIPTS, receipt_row(recipient_id="12345")),
    ("missing_serials", files.RECEIPTS, receipt_row(serials=" ; ")),
    (
        "duplicate_receipt_number",
        files.RECEIPTS,
        receipt_row(receipt_number="R9", serials="S9", at="2026-10-04T13:00-04:00"),
    ),
    ("duplicate_receipt_number", files.RECEIPTS, statement_row(receipt_number="R8")),
]


@pytest.mark.parametrize(("code", "name", "row"), PROOF_FAULTS)
def test_a_row_of_firearms_or_receipts_is_rejected(
    code: str, name: str, row: dict[str, str], tmp_path: Path
) -> None:
    good = (
        firearm_row(serial="S9"),
        receipt_row(receipt_number="R9", serials="S9", at="2026-10-04T12:00-04:00"),
    )
    statement = statement_row(receipt_number="R8", at="2026-10-04T12:00-04:00")
    firearms, receipts = [good[0]], [good[1], statement]
    (firearms if name == files.FIREARMS else receipts).append(row)

    found = take(tmp_path, [order_row()], firearms, receipts)

    (reject,) = found["rejects"]
    assert (reject["file"], reject["code"]) == (name, code)
    assert reject["line"] == (3 if name == files.FIREARMS else 4)
    assert (found["imported"], found["firearms"], found["receipts"]) == (1, 1, 2)


def test_rows_of_a_rejected_order_belong_to_nothing(tmp_path: Path) -> None:
    found = take(tmp_path, [order_row(order_kind="x")], [firearm_row()], [statement_row()])

    assert found["rejected"] == {"unknown_order_kind": 1, "unknown_por_number": 2}
    assert [(one["file"], one["line"]) for one in found["rejects"]] == [
        ("orders.csv", 2),
        ("firearms.csv", 2),
        ("receipts.csv", 2),
    ]


@pytest.mark.parametrize("batch", [1, 1000], ids=["across batches", "within a batch"])
def test_the_first_row_of_a_number_counts(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", batch)

    found = take(
        tmp_path,
        [order_row(), order_row(respondent_name="Somebody Else"), order_row(served_at="2026-10-02T12:00")],
    )

    assert (found["imported"], found["unchanged"], found["rejected"]) == (1, 1, {"duplicate_por_number": 1})
    assert Respondent.objects.get().name == "Ash Birch"


def test_a_rejected_row_does_not_take_its_number(tmp_path: Path) -> None:
    found = take(tmp_path, [order_row(respondent_town="Gotham"), order_row()])

    assert (found["imported"], found["rejected"]) == (1, {"unknown_town": 1})


def test_a_row_of_too_few_cells_is_rejected_and_a_quoted_line_break_counts(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row(protected_person="Robin\nElm"), order_row(2, order_kind="x")])
    with (folder / files.ORDERS).open("a") as file:
        file.write("\nPOR3,only,three\n")

    found = imported(folder)

    assert found["imported"] == 1
    assert [(one["line"], one["code"]) for one in found["rejects"]] == [
        (4, "unknown_order_kind"),
        (6, "wrong_number_of_cells"),
    ]


# Repetition


def test_a_second_import_rewrites_no_row(tmp_path: Path) -> None:
    rows = (
        [order_row(), order_row(2, served_at="", service_method="")],
        [firearm_row(), firearm_row(2)],
        [receipt_row(), statement_row(2)],
    )
    take(tmp_path, *rows)
    before = versions()

    found = take(tmp_path, *rows)

    assert (found["imported"], found["updated"], found["unchanged"]) == (0, 0, 2)
    assert versions() == before


def test_a_second_import_of_many_rows_is_reported_alike_and_rewrites_no_row(tmp_path: Path) -> None:
    load_reference()
    folder = write_many(tmp_path, 60)
    first = imported(folder)
    before = versions()

    second = imported(folder)

    assert (second["imported"], second["updated"]) == (0, 0)
    assert second["unchanged"] == first["imported"] + first["unchanged"]
    assert second["rejects"] == first["rejects"]
    assert versions() == before


def test_firearms_and_receipts_may_come_later(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    assert surrender_deadline().state != DeadlineState.MET

    found = take(tmp_path, [], [firearm_row()], [receipt_row()])

    assert (found["unchanged"], found["firearms"], found["receipts"], found["rejected"]) == (0, 1, 1, {})
    assert surrender_deadline().state == DeadlineState.MET
    listed, recorded = only_order().history.order_by("id")[2:]
    assert (listed.kind, recorded.kind) == ("firearm_listed", "receipt_recorded")
    assert listed.data["deadlines"]["CT-SUR-01"] == "met"


# Changed rows

CHANGES: list[tuple[dict[str, str], str, Callable[[Order], object], object]] = [
    ({"order_kind": "restraining_order"}, "corrected", lambda one: one.kind, "restraining_order"),
    ({"expires_on": "2027-01-01"}, "corrected", lambda one: str(one.expires_on), "2027-01-01"),
    ({"issued_at": "2026-09-30T23:00-04:00"}, "corrected", lambda one: str(one.issued_on), "2026-09-30"),
    ({"firearms_indicated": "N"}, "corrected", lambda one: one.firearms_indicated, False),
    ({"permit_held": "Y"}, "corrected", lambda one: one.permit_indicated, True),
    (
        {"served_at": "2026-10-03T09:00-04:00"},
        "service_corrected",
        lambda one: str(one.served_at),
        "2026-10-03 13:00:00+00:00",
    ),
    ({"service_method": "abode"}, "service_corrected", lambda one: one.service_method, "abode"),
    ({"served_at": ""}, "service_withdrawn", lambda one: (one.served_at, one.service_method), (None, "")),
    ({"respondent_name": "Ash Beech"}, "corrected", lambda one: one.case.respondent.name, "Ash Beech"),
    (
        {"respondent_dob": ""},
        "corrected",
        lambda one: one.case.respondent.date_of_birth,
        None,
    ),
    (
        {"respondent_town": "Avon"},
        "corrected",
        lambda one: one.order_agencies.get(capacity="respondent_police").agency.name,
        "Avon Police",
    ),
    ({"docket_number": "HHX-9"}, "corrected", lambda one: one.case.docket_number, "HHX-9"),
    (
        {"docket_number": "ZZZ-9"},
        "corrected",
        lambda one: one.order_agencies.get(capacity="court").agency.name,
        UNNAMED_COURT,
    ),
    (
        {"protected_person": "Robin Oak"},
        "corrected",
        lambda one: one.protected_persons.get().name,
        "Robin Oak",
    ),
    (
        {"address_confidential": "Y"},
        "corrected",
        lambda one: one.protected_persons.get().address_confidential,
        True,
    ),
    (
        {"hearing_on": "2026-10-15"},
        "corrected",
        lambda one: [(str(row.scheduled_on), row.outcome) for row in one.hearings.all()],
        [("2026-10-08", "continued"), ("2026-10-15", "")],
    ),
    ({"hearing_on": ""}, "corrected", lambda one: one.hearings.get().outcome, "vacated"),
]


@pytest.mark.parametrize(("change", "kind", "value", "wanted"), CHANGES)
def test_what_the_registry_changes_is_updated(
    change: dict[str, str], kind: str, value: Callable[[Order], object], wanted: object, tmp_path: Path
) -> None:
    take(tmp_path, [order_row()])

    found = take(tmp_path, [order_row(**change)])

    assert (found["imported"], found["updated"], found["unchanged"]) == (0, 1, 0)
    assert value(only_order()) == wanted
    event = only_order().history.latest("id")
    assert (event.kind, event.reason, event.actor) == (kind, "registry update", None)
    assert "Beech" not in json.dumps(event.data)
    assert take(tmp_path, [order_row(**change)])["unchanged"] == 1


def test_service_in_a_later_export_starts_the_clock(tmp_path: Path) -> None:
    take(tmp_path, [order_row(served_at="", service_method="")])
    assert surrender_deadline().state == DeadlineState.NOT_STARTED

    take(tmp_path, [order_row()])

    assert str(surrender_deadline().due_at) == "2026-10-03 16:00:00+00:00"
    event = only_order().history.latest("id")
    assert (event.kind, str(event.occurred_at)) == ("served", "2026-10-02 16:00:00+00:00")


def test_a_row_without_a_way_of_service_leaves_what_a_person_recorded(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    service.correct_service(
        only_order(),
        served_at=datetime.fromisoformat("2026-10-02T12:00-04:00"),
        service_method="abode",
        by=None,
        now=NOW,
        reason="Wrong line read.",
    )

    take(tmp_path, [order_row(service_method="", permit_held="Y")])

    assert (only_order().service_method, only_order().permit_indicated) == ("abode", True)


def test_a_way_that_the_registry_takes_back_is_unknown(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])

    take(tmp_path, [order_row(service_method="")])

    assert only_order().service_method == "unknown"
    assert take(tmp_path, [order_row(service_method="")])["unchanged"] == 1


def correct(**changes: Any) -> None:
    corrections.correct_order(only_order(), by=None, now=NOW, reason="misread", **changes)


def test_a_docket_in_another_spelling_is_the_same_case(tmp_path: Path) -> None:
    entered = {"por_number": "POR0000000001", "docket_number": "HHD-FA-26-7000020-S"}
    take(tmp_path, [order_row(**entered)])

    take(
        tmp_path,
        [order_row(**entered), order_row(por_number="POR0000000002", docket_number="HHD-FA26-7000020-S")],
    )
    take(tmp_path, [order_row(**entered | {"docket_number": "HHD-FA26-7000020-S"})])

    assert list(Case.objects.values_list("docket_number", flat=True)) == ["HHD-FA-26-7000020-S"]


def test_service_that_the_registry_withdraws_removes_the_police_of_its_town(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    at = only_order().served_at
    assert at is not None
    service.correct_service(only_order(), served_at=at, town=make.town(), by=None, now=NOW, reason="misread")

    take(tmp_path, [order_row(served_at="")])

    assert only_order().served_at is None
    assert not only_order().order_agencies.filter(capacity="service_police").exists()


def test_a_correction_is_kept_while_the_registry_repeats_itself(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    correct(kind="civil_protection_order")

    assert take(tmp_path, [order_row()])["unchanged"] == 1
    assert only_order().kind == "civil_protection_order"


def test_a_correction_is_kept_while_the_registry_changes_another_column(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    correct(kind="civil_protection_order")
    at = only_order().served_at
    assert at is not None
    service.correct_service(
        only_order(), served_at=at.replace(hour=20), by=None, now=NOW, reason="the return says eight"
    )

    assert take(tmp_path, [order_row(permit_held="Y")])["updated"] == 1

    order = only_order()
    assert (order.kind, order.permit_indicated) == ("civil_protection_order", True)
    assert order.served_at == at.replace(hour=20)
    # And still when the registry speaks of a third column.
    take(tmp_path, [order_row(permit_held="Y", expires_on="2027-01-01")])
    assert only_order().kind == "civil_protection_order"


def test_corrected_parties_and_docket_are_kept_while_the_registry_repeats_them(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    why: dict[str, Any] = {"by": None, "now": NOW, "reason": "misread"}
    respondents.correct_respondent(only_order(), name="Ash Beech", **why)
    corrections.correct_docket(only_order(), docket_number="HHX-7", **why)
    protected_persons.correct_protected_person(
        only_order().protected_persons.get(), name="Robin Oak", address_confidential=True, **why
    )

    take(tmp_path, [order_row(permit_held="Y")])

    order = only_order()
    assert order.permit_indicated
    assert (order.case.respondent.name, order.case.docket_number) == ("Ash Beech", "HHX-7")
    (person,) = order.protected_persons.all()
    assert (person.name, person.address_confidential) == ("Robin Oak", True)
    # A third value is news.
    take(tmp_path, [order_row(permit_held="Y", respondent_name="Ash Alder", docket_number="HHD-3")])
    assert only_order().case.respondent.name == "Ash Alder"
    assert only_order().case.docket_number == "HHD-3"


def test_an_order_entered_in_error_is_not_brought_back_by_an_import(tmp_path: Path) -> None:
    rows = [order_row(), order_row(2)], [firearm_row(), firearm_row(2)], [receipt_row()]
    take(tmp_path, *rows)
    order = Order.objects.get(por_number="POR0000000001")
    withdrawal.withdraw_order(order, by=None, now=NOW, reason="entered twice")

    again = take(tmp_path, *rows)
    changed = take(tmp_path, [order_row(permit_held="Y")], [], [])
    alone = take(tmp_path, [], [firearm_row()], [])

    assert (again["rejected"], again["unchanged"]) == ({"entered_in_error": 3}, 1)
    assert "restore the order on its page" in again["rejects"][0]["detail"]
    assert (changed["imported"], changed["updated"], changed["rejected"]) == (0, 0, {"entered_in_error": 1})
    assert alone["rejected"] == {"entered_in_error": 1}
    assert not Order.objects.filter(por_number="POR0000000001").exists()
    withdrawal.restore_order(order, by=None, now=NOW, reason="it was right")
    assert take(tmp_path, [order_row(permit_held="Y")])["updated"] == 1


def test_extensions_follow_a_last_day_of_the_registry(tmp_path: Path) -> None:
    kind = {"order_kind": "restraining_order", "hearing_on": ""}
    take(tmp_path, [order_row(expires_on="2027-01-01", **kind)])
    for year in (2028, 2029):
        extension.extend_order(only_order(), expires_on=date(year, 1, 1), by=None, now=NOW)

    take(tmp_path, [order_row(expires_on="2027-06-01", **kind)])

    (left,) = only_order().extensions.all()
    assert (str(left.former_last_day), str(left.expires_on)) == ("2027-01-01", "2027-06-01")


def test_a_new_registry_value_replaces_a_correction(tmp_path: Path) -> None:
    take(tmp_path, [order_row()])
    correct(kind="civil_protection_order")

    take(tmp_path, [order_row(order_kind="restraining_order")])

    assert only_order().kind == "restraining_order"


def test_a_row_that_does_not_go_with_a_correction_is_rejected(tmp_path: Path) -> None:
    heard = {"hearing_on": "2026-12-11"}
    take(tmp_path, [order_row(served_at="", service_method="", **heard)])
    correct(issued_at=make.NOW)

    found = take(tmp_path, [order_row(**heard), order_row(2)])

    assert (found["updated"], found["rejected"]) == (0, {"conflicts_with_correction": 1})
    assert found["imported"] == 1
    assert Order.objects.get(por_number="POR0000000001").served_at is None


def test_a_docket_of_several_orders_is_not_renamed(tmp_path: Path) -> None:
    rows = [order_row(docket_number="HHD-1"), order_row(2, docket_number="HHD-1")]
    take(tmp_path, rows)

    found = take(tmp_path, [order_row(docket_number="HHD-2"), rows[1]])

    assert found["rejected"] == {"docket_of_several_orders": 1}
    assert Case.objects.get().docket_number == "HHD-1"


def test_an_order_that_a_clerk_entered_is_found_by_its_number(tmp_path: Path) -> None:
    make.order(por_number="POR0000000001", respondent_town=Town.objects.get(name="Avon"))

    found = take(tmp_path, [order_row()], [firearm_row()])

    assert (found["imported"], found["updated"], found["firearms"]) == (0, 1, 1)
    assert only_order().case.respondent.town.name == "Hamden"


def test_a_withdrawn_receipt_stays_withdrawn(tmp_path: Path) -> None:
    rows = ([order_row()], [firearm_row()], [receipt_row()])
    take(tmp_path, *rows)
    receipts.withdraw_receipt(
        only_order(), receipt=Receipt.objects.get(), by=None, now=NOW, reason="of another order"
    )

    found = take(tmp_path, *rows)

    assert (found["receipts"], found["rejected"]) == (0, {})
    assert surrender_deadline().state != DeadlineState.MET


# Broken files


def broken(name: str, content: bytes | None) -> Callable[[Path], None]:
    """Spoils one file of an export."""

    def spoil(folder: Path) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return spoil


HEADER = ",".join(COLUMNS["firearms"]).encode()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("orders.csv", b"", "orders.csv: is empty."),
        ("orders.csv", b"number", "orders.csv: wrong header: por_number is missing"),
        (
            "firearms.csv",
            HEADER.replace(b"serial", b"number"),
            "serial is missing. The header is “por_number”, “number”",
        ),
        ("firearms.csv", HEADER.replace(b"make", b"serial"), "serial is there twice"),
        ("firearms.csv", HEADER + b"\nPOR1,\xff\xfe,,,,,\n", "firearms.csv, line 2: not UTF-8 at its byte 6"),
    ],
)
def test_a_broken_file_is_one_sentence_and_nothing_is_stored(
    name: str, content: bytes | None, expected: str, tmp_path: Path
) -> None:
    folder = write_export(tmp_path, [order_row()])
    broken(name, content)(folder)

    with pytest.raises(CommandError) as caught:
        imported(folder)

    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.returncode == 1
    assert not Order.objects.exists()


def test_columns_may_be_in_any_order_and_after_a_byte_order_mark(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row()])
    lines = [line.split(",")[::-1] for line in (folder / files.ORDERS).read_text().splitlines()]
    text = "\r\n".join(",".join(line) for line in lines)
    (folder / files.ORDERS).write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert imported(folder)["imported"] == 1


# Interruptions


def test_a_failed_batch_is_rolled_back_and_earlier_ones_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_export(tmp_path, [order_row(number) for number in range(1, 5)])
    monkeypatch.setattr(importing, "BATCH", 2)
    real, calls = replan.replan, []

    def failing(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return real(*given, **named)

    monkeypatch.setattr(history, "replan", failing)
    with pytest.raises(RuntimeError):
        imported(folder)
    assert Order.objects.count() == HistoryEntry.objects.filter(kind="entered").count() == 2

    found = imported(folder)

    assert (found["imported"], found["unchanged"]) == (2, 2)
    assert Order.objects.count() == 4


def test_an_order_entered_by_somebody_in_that_moment_is_found_at_the_second_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.order(por_number="POR0000000001", court=Agency.objects.get(docket_prefixes__contains="HHD"))
    stored, looks = numbered.stored_orders, []

    def late(*given: Any) -> Any:
        looks.append(1)
        return ({}, set()) if len(looks) == 1 else stored(*given)

    monkeypatch.setattr(importing, "stored_orders", late)

    assert take(tmp_path, [order_row()])["updated"] == 1


@pytest.fixture
def another_session() -> Iterator[psycopg.Connection]:
    """A second session of the same database."""
    with psycopg.connect(**connection.get_connection_params()) as session:
        yield session


def test_only_one_import_is_at_work(tmp_path: Path, another_session: psycopg.Connection) -> None:
    another_session.execute("SELECT pg_advisory_lock(%s)", [staging._LOCK])

    with pytest.raises(CommandError, match="Another import is running"):
        take(tmp_path, [order_row()])

    another_session.execute("SELECT pg_advisory_unlock(%s)", [staging._LOCK])
    assert take(tmp_path, [order_row()])["imported"] == 1


# Size


@pytest.mark.long
def test_memory_does_not_grow_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_reference()
    monkeypatch.setattr(importing, "BATCH", 10)
    imported(write_many(tmp_path / "warm", 10, seed=9))

    def peak(rows: int, seed: int) -> int:
        # More than half of them are rejected, and with them their firearms and receipts.
        folder = write_many(tmp_path / str(seed), rows, seed=seed)
        text = (folder / files.ORDERS).read_text()
        (folder / files.ORDERS).write_text(text.replace(",ex_parte_restraining_order,", ",peace_bond,"))
        gc.collect()
        tracemalloc.start()
        imported_without_reading(folder)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    # The larger of two: what happens to lie about at one moment is no measure of what a file needs.
    seldom = gc.get_threshold()
    # As outside of tests; tests/conftest.py looks for garbage less often.
    gc.set_threshold(700, 10, 10)
    try:
        small = max(peak(40, seed) for seed in (1, 2))
        large = peak(200, 4)
    finally:
        gc.set_threshold(*seldom)

    assert large < small * 1.3


def imported_without_reading(folder: Path) -> None:
    """Imports, and throws each part of the answer away as it comes."""

    class Nowhere(StringIO):
        def write(self, _text: str) -> int:
            return 0

    call_command("import_por", str(folder), "--json", stdout=Nowhere())


def test_a_batch_is_taken_before_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_export(tmp_path, [order_row(number) for number in range(1, 11)])
    monkeypatch.setattr(importing, "BATCH", 3)
    rows = Export.rows
    lines: list[int] = []

    def counting(export: Export, name: str) -> Iterator[files.Row]:
        lines.clear()
        for row in rows(export, name):
            lines.append(row[0])
            yield row

    monkeypatch.setattr(Export, "rows", counting)
    with importing.importing(folder, now=NOW) as run:
        assert run.total == 10
        seen = [(rows, len(lines), Order.objects.count()) for rows in run.batches()]

    assert seen == [(3, 3, 3), (3, 6, 6), (3, 9, 9), (1, 10, 10)]


def test_the_alleged_count_is_taken_if_the_file_has_it(tmp_path: Path) -> None:
    row = order_row(1)
    assert take(tmp_path / "a", [row | {"firearms_alleged_count": "3"}])["imported"] == 1
    order = Order.objects.get()
    assert (order.firearms_alleged_count, order.firearms_indicated) == (3, True)

    assert take(tmp_path / "b", [row | {"firearms_alleged_count": "2"}])["updated"] == 1
    assert Order.objects.get().firearms_alleged_count == 2
    again = take(tmp_path / "c", [row | {"firearms_alleged_count": "2"}])
    assert (again["updated"], again["unchanged"]) == (0, 1)

    wrong = take(tmp_path / "d", [order_row(2) | {"firearms_alleged_count": "many"}])
    assert wrong["rejected"] == {"not_a_count": 1}


def test_a_file_may_leave_out_the_alleged_count(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [order_row(1)])
    lines = (folder / files.ORDERS).read_text().splitlines()
    place = lines[0].split(",").index("firearms_alleged_count")
    short = [",".join(cell for n, cell in enumerate(line.split(",")) if n != place) for line in lines]
    (folder / files.ORDERS).write_text("\n".join(short))

    assert imported(folder)["imported"] == 1
    assert Order.objects.get().firearms_alleged_count is None


# The registry's own example


@pytest.mark.long
@pytest.mark.skipif(not SHARED.exists(), reason="the export is not here")
def test_the_figures_of_the_export() -> None:
    expected = json.loads((SHARED / "expected.json").read_text())
    Agency.objects.filter(towns=None).delete()
    Town.objects.all().delete()
    Agency.objects.all().delete()
    load_reference()

    found = imported(SHARED)

    for name in ("imported", "unchanged", "rejected", "firearms", "receipts"):
        assert found[name] == expected[name], name
    for as_of, figures in expected["as_of"].items():
        printed = StringIO()
        call_command("compliance_report", "--as-of", as_of, "--json", stdout=printed)
        assert json.loads(printed.getvalue()) == figures


def test_another_respondent_of_a_docket_waits_for_a_clerk(tmp_path: Path) -> None:
    rows = [
        order_row(docket_number="HHD-FA26-6000001-S", respondent_name="Robert Hawthorn"),
        order_row(2, docket_number="HHD-FA26-6000001-S", respondent_name="Bob Hawthorne"),
    ]
    take(tmp_path, rows)

    item = ReviewItem.objects.get(kind=ReviewKind.OTHER_RESPONDENT)
    assert (item.line, "Hawthorn" in item.detail) == (3, False)
    first, second = Order.objects.order_by("pk")
    assert first.case.respondent.person_id != second.case.respondent.person_id
    clerk = make.person(Role.CLERK, item.order.case.court)
    confirm_review(item, by=clerk, now=NOW, reason="Same date of birth on both papers")

    first, second = Order.objects.order_by("pk")
    assert first.case.respondent.person_id == second.case.respondent.person_id
    take(tmp_path, rows)
    assert ReviewItem.objects.filter(kind=ReviewKind.OTHER_RESPONDENT).count() == 1


def test_one_person_in_two_spellings_has_one_case(tmp_path: Path) -> None:
    names = ["Jos\u00e9 O'Neill", "JOSE\u0301 O\u2019NEILL", "jose\u200b oneill"]
    take(
        tmp_path,
        [
            order_row(number, docket_number="HHD-FA26-6000001-S", respondent_name=name)
            for number, name in enumerate(names, start=1)
        ],
    )

    assert Case.objects.count() == 1
    assert not ReviewItem.objects.exists()
