"""Two firearms under one serial number: both count until a person decides, at each door."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role, Town
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Deadline, DeadlineState, Firearm, Order, Receipt, ReviewItem
from orders.services.corrections import correct
from orders.services.firearms.found import FoundItem
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.registry.reviews import confirm_review, reject_review, reopen_review
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row
from tests.orders.registry.test_wrong_inputs import take
from tests.orders.test_admin.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _places() -> None:
    Town.objects.create(name="Hamden", police=make.agency())
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")


ROWS = [firearm_row(make="RUG"), firearm_row(make="COL")]


def surrender() -> DeadlineState:
    return DeadlineState(Deadline.objects.get(rule_id="CT-SUR-01").state)


def makes() -> list[str]:
    return list(Firearm.objects.order_by("id").values_list("make", flat=True))


@pytest.mark.parametrize("is_later", [False, True])
def test_two_makers_in_one_file_both_count_and_one_receipt_closes_nothing(
    tmp_path: Path, *, is_later: bool
) -> None:
    if is_later:
        take(tmp_path / "0", [order_row()], ROWS[:1])
    found = take(tmp_path / "1", [order_row()], ROWS, [receipt_row()])

    assert (found["rejected"], found["firearms"], found["receipts"]) == ({}, 2, 1)
    assert [(one["file"], one["line"], one["code"]) for one in found["doubtful"]] == [
        ("firearms.csv", 3, "same_serial")
    ]
    assert surrender() != DeadlineState.MET
    again = take(tmp_path / "2", [order_row()], ROWS, [receipt_row()])
    assert (again["rejected"], again["doubtful"], again["firearms"]) == ({}, [], 2)


@pytest.mark.parametrize(
    "other", [{"source": "application"}, {"make": "Ruger"}, {"model": ""}, {"caliber": "9mm Luger"}]
)
def test_the_same_firearm_with_more_or_fewer_words_is_one(other: dict[str, str], tmp_path: Path) -> None:
    found = take(tmp_path, [order_row()], [firearm_row(), firearm_row(**other)], [receipt_row()])

    assert (found["rejected"], found["doubtful"], found["firearms"]) == ({}, [], 1)
    assert surrender() == DeadlineState.MET


def test_a_clerk_decides_and_takes_it_back(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], ROWS, [receipt_row()])
    item = ReviewItem.objects.get()
    by: dict[str, Any] = {
        "by": make.person(Role.CLERK, item.order.case.court),
        "now": NOW,
        "reason": "The papers.",
    }

    reject_review(item, **by)
    assert (makes(), surrender()) == (["RUG"], DeadlineState.MET)
    reopen_review(item, **by)
    assert (makes(), surrender() == DeadlineState.MET) == (["RUG", "COL"], False)
    item.refresh_from_db()
    confirm_review(item, **by)
    assert (makes(), surrender() == DeadlineState.MET) == (["RUG", "COL"], False)
    reopen_review(item, **by)
    assert makes() == ["RUG", "COL"]


def test_another_description_of_a_firearm_that_a_person_listed_waits(tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row()])
    order = Order.objects.get()
    clerk = make.person(Role.CLERK, order.case.court)
    list_firearm(order, serial="S1", make="Glock", source="police", by=clerk, now=NOW)

    found = take(tmp_path / "2", [order_row()], [firearm_row(make="COL")])

    assert ([one["code"] for one in found["doubtful"]], makes()) == (["same_serial"], ["Glock"])
    item = ReviewItem.objects.get()
    by: dict[str, Any] = {"by": clerk, "now": NOW, "reason": "The papers."}
    confirm_review(item, **by)
    assert makes() == ["Glock", "COL"]
    reopen_review(item, **by)
    assert makes() == ["Glock"]
    item.refresh_from_db()
    reject_review(item, **by)
    reopen_review(item, **by)
    assert makes() == ["Glock"]


NEAR = [firearm_row(serial="SA 123-45"), firearm_row(serial="SA12345", source="application")]


@pytest.mark.parametrize("is_later", [False, True])
def test_a_listed_number_written_another_way_is_asked_about(tmp_path: Path, *, is_later: bool) -> None:
    if is_later:
        take(tmp_path / "0", [order_row()], NEAR[:1])
    found = take(tmp_path / "1", [order_row()], NEAR, [receipt_row(serials="SA 123-45")])

    assert [(one["line"], one["code"]) for one in found["doubtful"]] == [(3, "near_serial")]
    assert "may be SA 123-45 of the list" in found["doubtful"][0]["detail"]
    assert surrender() != DeadlineState.MET
    item = ReviewItem.objects.get()
    by: dict[str, Any] = {"by": make.person(Role.CLERK, item.order.case.court), "now": NOW, "reason": "Read."}
    reject_review(item, **by)
    assert surrender() == DeadlineState.MET
    again = take(tmp_path / "2", [order_row()], NEAR, [receipt_row(serials="SA 123-45")])
    assert (again["doubtful"], again["firearms"], surrender()) == ([], 1, DeadlineState.MET)
    reopen_review(item, **by)
    assert surrender() != DeadlineState.MET
    item.refresh_from_db()
    confirm_review(item, **by)
    assert Firearm.objects.count() == 2


def test_the_form_shows_a_number_written_another_way(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], NEAR)
    item = ReviewItem.objects.get()
    desk = signed_in(make.person(Role.CLERK, item.order.case.court))
    address = f"/admin/orders/reviewitem/{item.public_id}/"

    page = desk.get(address).content.decode()
    assert "<dt>Firearm of the row</dt><dd>SA12345, RUG, M1, 9MM, PI, Application</dd>" in page
    assert "<dt>On the list</dt><dd>SA 123-45, RUG, M1, 9MM, PI, Police</dd>" in page
    assert "These are two firearms: keep both" in page
    desk.post(address, {"decision": "rejected", "reason": "One gun."})
    assert Firearm.objects.get().serial == "SA 123-45"


def test_a_listed_number_by_hand_is_refused_or_asked_about(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], [firearm_row(make="Ruger")])
    order = Order.objects.get()
    by: dict[str, Any] = {"source": "police", "serial": "S1", "by": None, "now": NOW}

    with pytest.raises(InvalidFact) as refused:
        list_firearm(order, make="RUG", **by)
    assert refused.value.code == "duplicate_serial"
    with pytest.raises(DoubtfulFact) as asked:
        list_firearm(order, make="Colt", **by)
    assert asked.value.code == "same_serial"
    second = list_firearm(order, make="Colt", confirm="Both were seen.", **by)
    # It stays a firearm of its own when something else of it is corrected.
    correct(second, {"caliber": ".45"}, by=None, now=NOW, reason="Read again.")
    assert makes() == ["Ruger", "Colt"]


def test_a_receipt_by_hand_of_another_maker_does_not_take_the_listed_one(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], [firearm_row(make="Ruger")])
    order = Order.objects.get()
    receipt: dict[str, Any] = {
        "kind": "police",
        "agency": make.agency(),
        "received_at": NOW - timedelta(hours=1),
        "firearms": [],
        "found": [FoundItem(serial="S1", make="Colt")],
        "by": None,
        "now": NOW,
    }
    with pytest.raises(DoubtfulFact) as asked:
        record_receipt(order, **receipt)
    assert (asked.value.field, asked.value.code) == ("found", "same_serial")

    record_receipt(order, confirm="Colt is on the receipt.", **receipt)
    assert surrender() != DeadlineState.MET
    assert makes() == ["Ruger", "Colt"]


def test_the_form_shows_both_and_decides(tmp_path: Path) -> None:
    take(tmp_path, [order_row()], ROWS)
    item = ReviewItem.objects.get()
    desk = signed_in(make.person(Role.CLERK, item.order.case.court))
    address = f"/admin/orders/reviewitem/{item.public_id}/"

    page = desk.get(address).content.decode()
    assert "<dt>Firearm of the row</dt><dd>S1, COL, M1, 9MM, PI, Police</dd>" in page
    assert "<dt>On the list</dt><dd>S1, RUG, M1, 9MM, PI, Police</dd>" in page
    assert "These are two firearms with one number: list both" in page
    desk.post(address, {"decision": "rejected", "reason": "One gun."})
    assert makes() == ["RUG"]


@pytest.mark.parametrize(("decision", "hour"), [("confirmed", 15), ("rejected", 16)])
def test_the_form_asks_which_time_is_right(decision: str, hour: int, tmp_path: Path) -> None:
    take(tmp_path / "1", [order_row()], [firearm_row()], [receipt_row()])
    take(tmp_path / "2", [order_row()], [firearm_row()], [receipt_row(at="2026-10-03T11:00-04:00")])
    item = ReviewItem.objects.get()
    assert item.code == "other_time"
    desk = signed_in(make.person(Role.CLERK, item.order.case.court))
    address = f"/admin/orders/reviewitem/{item.public_id}/"

    page = desk.get(address).content.decode()
    assert "The time of the row is right: correct the recorded one" in page
    assert "The recorded time is right: keep it" in page
    assert "<dt>Recorded time</dt><dd>Sat, Oct 3, 2026, 12:00 p.m.</dd>" in page
    desk.post(address, {"decision": decision, "reason": "Read on the receipt."})
    assert Receipt.objects.get().received_at.hour == hour
    desk.post(address, {"reason": "Read again."})
    assert Receipt.objects.get().received_at.hour == 16
