"""Two clients act at the same instant: nothing is doubled, and no one gets an error of the server."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import (
    Case,
    Deadline,
    DeadlineState,
    ExportFile,
    Firearm,
    HistoryEntry,
    ImportJob,
    Order,
    Person,
    Receipt,
    ReviewItem,
    Statement,
)
from orders.services.firearms.inventory import list_firearm
from orders.services.planning import replan
from orders.services.registry import jobs
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.faults.conftest import FULL
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900 if FULL else 300)]

#: How often each pair of acts races.
ROUNDS = 50 if FULL else 3
LICENSE = "6-06-014-01-7M-12345"

Call = Callable[[], Any]


def at_once(*calls: Call) -> list[Any]:
    """Return the results of the calls, each from a thread with a connection of its own."""
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Call) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not [one for one in results if isinstance(one, Exception)], results
    return results


def statuses(*calls: Call) -> list[int]:
    """The sorted statuses of the responses."""
    answers = at_once(*calls)
    assert all(one.status_code < 500 for one in answers), [one.content for one in answers]
    return sorted(one.status_code for one in answers)


@pytest.fixture(autouse=True)
def _left_to_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entering an order fires nothing."""
    monkeypatch.setattr(replan.armed_due, "send", lambda sender: [])


@pytest.fixture
def court(transactional_db: None) -> Agency:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    return Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")


@pytest.fixture
def clerks(court: Agency, caller: MakeCaller) -> tuple[Caller, Caller]:
    return caller(make.person(Role.CLERK, court)), caller(make.person(Role.CLERK, court))


def ago(**given: float) -> str:
    return (timezone.now() - timedelta(**given)).isoformat()


def served(court: Agency) -> Order:
    """An order of the court, served four hours ago, with the firearms S1 and S2 on its list."""
    now = timezone.now()
    order = make.order(
        now=now,
        court=court,
        issued_at=now - timedelta(hours=8),
        served_at=now - timedelta(hours=4),
        firearms_indicated=True,
    )
    for serial in ("S1", "S2"):
        list_firearm(order, serial=serial, source="police", by=None, now=now)
    return order


def receipt(order: Order, *serials: str, number: str = "R1") -> dict[str, Any]:
    """The body of a dealer's receipt."""
    named = Firearm.objects.filter(order=order, serial__in=serials)
    return {
        "kind": "dealer",
        "dealer_license": LICENSE,
        "received_at": ago(hours=1),
        "receipt_number": number,
        "firearms": [str(one.public_id) for one in named],
    }


def surrender(order: Order) -> Deadline:
    return Deadline.objects.get(order=order, rule_id="CT-SUR-01")


def test_a_receipt_beside_the_withdrawal_of_another(court: Agency, clerks: tuple[Caller, Caller]) -> None:
    one, two = clerks
    for _ in range(ROUNDS):
        order = served(court)
        path = f"/orders/{order.public_id}/receipts"
        first = one.post(path, receipt(order, "S1")).json()["id"]

        found = statuses(
            partial(one.post, path, receipt(order, "S2", number="R2")),
            partial(two.post, f"/receipts/{first}/withdrawals", {"reason": "Another order's."}),
        )

        assert found in ([200, 201], [201, 201])
        assert list(Receipt.objects.filter(order=order).values_list("receipt_number", flat=True)) == ["R2"]
        assert surrender(order).state == DeadlineState.OPEN
        assert sorted(Firearm.objects.filter(order=order).values_list("serial", "status")) == [
            ("S1", "alleged"),
            ("S2", "sold"),
        ]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("receipts", lambda order: receipt(order, "S1", "S2")),
        ("vacaturs", lambda _: {"vacated_at": ago(minutes=5), "reason": "dismissed"}),
        ("firearms", lambda _: {"serial": "S9", "source": "police"}),
    ],
)
def test_the_same_act_of_two_clerks_is_done_once(
    name: str, body: Callable[[Order], dict[str, Any]], court: Agency, clerks: tuple[Caller, Caller]
) -> None:
    one, two = clerks
    for _ in range(ROUNDS):
        order = served(court)
        sent, path = body(order), f"/orders/{order.public_id}/{name}"

        found = statuses(*[partial(clerk.post, path, sent) for clerk in (one, two)])

        assert found == [201, 409]
        history: Counter[str] = Counter(
            HistoryEntry.objects.filter(order=order).values_list("kind", flat=True)
        )
        assert max(history[kind] for kind in ("vacated", "receipt_recorded")) <= 1


def test_one_key_sent_twice_at_once_is_one_act(court: Agency, clerks: tuple[Caller, Caller]) -> None:
    one, _ = clerks
    for turn in range(ROUNDS):
        order = served(court)
        sent, path = {**receipt(order, "S1"), "receipt_number": ""}, f"/orders/{order.public_id}/receipts"

        answers = at_once(*[partial(one.post, path, sent, key=f"key-{turn}")] * 2)

        assert all(answer.status_code < 500 for answer in answers)
        assert 201 in {answer.status_code for answer in answers}
        assert Receipt.objects.filter(order=order).count() == 1


def typed(court: Agency, **given: Any) -> dict[str, Any]:
    """The body of an order."""
    return {
        "docket_number": "HHD-FA26-6012345-S",
        "court": court.name,
        "kind": "ex_parte_restraining_order",
        "confirm": "The hearing is not set yet.",
        "respondent_name": "Ash Birch",
        "respondent_dob": "1990-01-02",
        "respondent_town": "Hamden",
        "issued_at": ago(hours=3),
        **given,
    }


def test_two_orders_with_one_registry_number_are_one(court: Agency, clerks: tuple[Caller, Caller]) -> None:
    one, two = clerks
    for turn in range(ROUNDS):
        dockets = [f"HHD-FA26-{turn}{place}12345-S" for place in (1, 2)]
        bodies = [typed(court, docket_number=docket, por_number=f"POR{turn}") for docket in dockets]

        found = statuses(partial(one.post, "/orders", bodies[0]), partial(two.post, "/orders", bodies[1]))

        assert found == [201, 409]
        assert Order.objects.filter(por_number=f"POR{turn}").count() == 1


def test_two_first_orders_of_a_docket_share_a_case(court: Agency, clerks: tuple[Caller, Caller]) -> None:
    one, two = clerks
    for turn in range(ROUNDS):
        body = typed(court, docket_number=f"HHD-FA26-{turn}012345-S")

        found = statuses(
            partial(one.post, "/orders", body),
            partial(two.post, "/orders", {**body, "kind": "civil_protection_order"}),
        )

        assert found == [201, 201]
        assert Case.objects.filter(docket_number=body["docket_number"]).count() == 1


def test_two_first_orders_of_a_person_are_of_one_person(court: Agency, clerks: tuple[Caller, Caller]) -> None:
    one, two = clerks
    for turn in range(ROUNDS):
        name = f"Ash {'ABC'[turn % 3]}{turn} Birch"
        bodies = [
            typed(court, docket_number=f"HHD-FA26-{turn}{place}2345-S", respondent_name=name)
            for place in (10, 11)
        ]

        found = statuses(partial(one.post, "/orders", bodies[0]), partial(two.post, "/orders", bodies[1]))

        assert found == [201, 201]
        assert Person.objects.filter(respondents__name=name).distinct().count() == 1


def started(clerk_of: Agency, folder: Path) -> ImportJob:
    """A job with the files of the folder, started."""
    job = ImportJob.objects.create(by=make.person(Role.CLERK, clerk_of), created_at=timezone.now())
    for name in ExportFile:
        with (folder / f"{name}.csv").open("rb") as stream:
            jobs.put_file(job, name, stream, most=10**6)
    jobs.start(job)
    return job


def test_one_export_imported_twice_at_once_is_stored_once(court: Agency, tmp_path: Path) -> None:
    numbers = range(1, 8)
    write_export(
        tmp_path,
        [order_row(one) for one in numbers],
        [firearm_row(one) for one in numbers],
        [receipt_row(one) for one in numbers],
    )
    first, second = started(court, tmp_path), started(court, tmp_path)

    def run(job: ImportJob) -> None:
        jobs.run(job.pk, now=timezone.now())

    at_once(lambda: run(first), lambda: run(second))
    # What found the other one running waits for its next turn.
    for job in (first, second):
        run(job)

    assert [Order.objects.count(), Firearm.objects.count(), Receipt.objects.count()] == [7, 7, 7]
    assert sorted(ImportJob.objects.values_list("state", "imported", "unchanged")) == [
        ("done", 0, 7),
        ("done", 7, 0),
    ]


def test_an_import_beside_acts_on_its_orders(
    court: Agency, clerks: tuple[Caller, Caller], tmp_path: Path
) -> None:
    one, two = clerks
    unserved = {"served_at": "", "service_method": ""}
    write_export(tmp_path / "1", [order_row(**unserved)], [firearm_row()])
    jobs.run(started(court, tmp_path / "1").pk, now=timezone.now())
    order = Order.objects.get()
    write_export(tmp_path / "2", [order_row(hearing_on="2026-10-09")], [firearm_row()], [receipt_row()])
    job = started(court, tmp_path / "2")

    answers = at_once(
        lambda: jobs.run(job.pk, now=timezone.now()),
        lambda: one.post(
            f"/orders/{order.public_id}/services",
            {"served_at": "2026-10-02T12:00:00-04:00", "service_method": "in_hand"},
        ),
        lambda: two.post(f"/orders/{order.public_id}/firearms", {"serial": "S9", "source": "police"}),
    )

    assert all(answer.status_code < 500 for answer in answers[1:]), [one.content for one in answers[1:]]
    job.refresh_from_db()
    order.refresh_from_db()
    assert (job.state, job.failure) == ("done", "")
    assert order.served_at is not None
    assert sorted(Firearm.objects.values_list("serial", flat=True)) == ["S1", "S9"]
    assert Receipt.objects.count() == 1
    assert surrender(order).state != DeadlineState.MET


def test_two_decisions_about_one_fact_are_one(
    court: Agency, clerks: tuple[Caller, Caller], tmp_path: Path
) -> None:
    one, two = clerks
    early = receipt_row(at="2026-09-30T12:00-04:00")
    write_export(tmp_path, [order_row()], [firearm_row()], [early])
    jobs.run(started(court, tmp_path).pk, now=timezone.now())
    item = ReviewItem.objects.get()
    path = f"/review-items/{item.public_id}"

    found = statuses(
        lambda: one.post(f"{path}/confirmations", {"reason": "It is on the paper."}),
        lambda: two.post(f"{path}/rejections", {"reason": "Misread."}),
    )

    assert found in ([200, 409], [201, 409])
    item.refresh_from_db()
    assert Receipt.objects.count() == (item.resolution == "confirmed")
    assert not Statement.objects.exists()
