"""Near serial numbers on two dockets of one person: a clerk decides whether they are one firearm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import Deadline, DeadlineState, Firearm, Order, ReviewItem
from orders.services.corrections import correct, withdraw
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.parties.persons import join_persons, keep_apart
from orders.services.registry.reviews import confirm_review, reject_review, reopen_review
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row
from tests.orders.registry.test_wrong_inputs import take
from tests.orders.test_admin.conftest import signed_in

pytestmark = pytest.mark.django_db

LICENSE = "6-06-014-01-7M-12345"
BORN = date(1990, 1, 2)


@dataclass
class Dockets:
    """Two dockets of one court, each with a served order against Ash Birch."""

    first: Order
    later: Order
    by: dict[str, Any]

    def list_both(self, later: str = "SO1O1") -> tuple[Firearm, Firearm]:
        """List one firearm on each, and a receipt of a dealer for that of the later docket."""
        one, other = (
            list_firearm(order, serial=serial, source="police", by=None, now=NOW)
            for order, serial in ((self.first, "S0101"), (self.later, later))
        )
        record_receipt(
            self.later,
            kind="dealer",
            dealer_license=LICENSE,
            received_at=NOW - timedelta(minutes=20),
            firearms=[other],
            by=None,
            now=NOW,
        )
        return one, other

    @property
    def is_met(self) -> bool:
        """True if the duty of the first docket looks met."""
        return Deadline.objects.get(order=self.first, rule_id="CT-SUR-01").state == DeadlineState.MET


def two_dockets(**other: Any) -> Dockets:
    court = make.agency(AgencyKind.COURT)
    first, later = (
        make.served_order(court=court, respondent_town=make.town(), **{"respondent_dob": BORN, **given})
        for given in ({}, other)
    )
    by = {"by": make.person(Role.CLERK, court), "now": NOW, "reason": "As on the paper."}
    return Dockets(first, later, by)


def asked() -> list[tuple[str, str]]:
    rows = ReviewItem.objects.waiting().order_by("id")
    return [(one.order.case.docket_number, one.detail) for one in rows.select_related("order__case")]


def test_a_number_written_otherwise_on_the_later_docket_is_one_question_of_the_court() -> None:
    dockets = two_dockets()
    dockets.list_both()

    ((docket, detail),) = asked()
    assert docket == dockets.later.case.docket_number
    assert f"SO1O1 may be S0101 on docket {dockets.first.case.docket_number} of the same person" in detail
    assert not dockets.is_met
    item = ReviewItem.objects.get()
    reject_review(item, **dockets.by)
    assert (dockets.is_met, asked()) == (True, [])
    assert set(Firearm.objects.values_list("serial", "status")) == {("S0101", "sold")}
    reopen_review(item, **dockets.by)
    assert (dockets.is_met, len(asked())) == (False, 1)
    assert set(Firearm.objects.values_list("serial", "status")) == {("S0101", "alleged"), ("SO1O1", "sold")}
    item.refresh_from_db()
    confirm_review(item, **dockets.by)
    assert (dockets.is_met, asked()) == (False, [])
    # Nothing asks again until someone takes the decision back.
    correct(dockets.first.firearms.get(), {"make": "Ruger"}, **dockets.by)
    assert (ReviewItem.objects.count(), asked()) == (1, [])
    reopen_review(item, **dockets.by)
    assert len(asked()) == 1


@pytest.mark.parametrize("door", ["corrected", "withdrawn", "apart"])
def test_what_is_no_question_any_more_leaves_the_list(door: str) -> None:
    dockets = two_dockets()
    one, other = dockets.list_both()
    assert len(asked()) == 1

    if door == "corrected":
        correct(other, {"serial": "S0101"}, confirm="Read again.", **dockets.by)
    elif door == "withdrawn":
        withdraw(one, **dockets.by)
    else:
        keep_apart(dockets.first, other=dockets.later.case.respondent, **dockets.by)

    assert asked() == []
    assert dockets.is_met == (door == "corrected") or door == "withdrawn"


@pytest.mark.parametrize("is_imported", [False, True])
def test_a_number_that_is_listed_late_has_the_facts_of_the_other_docket(
    tmp_path: Path, *, is_imported: bool
) -> None:
    if is_imported:
        Town.objects.create(name="Hamden", police=make.agency())
        Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")
        orders = [order_row(), order_row(2)]
        take(tmp_path / "1", orders, [], [receipt_row(2, serials="S0101")])
        take(tmp_path / "2", orders, [firearm_row(serial="S0101")], [receipt_row(2, serials="S0101")])
    else:
        dockets = two_dockets()
        _, other = dockets.list_both("X77")
        correct(other, {"serial": "S0101"}, **dockets.by)
        assert set(Firearm.objects.values_list("status", flat=True)) == {"sold"}
        correct(other, {"serial": "X77"}, **dockets.by)
        assert list(Firearm.objects.order_by("id").values_list("status", flat=True)) == ["alleged", "sold"]
        late = list_firearm(dockets.first, serial="X77", source="police", by=None, now=NOW)
        assert late.status == "sold"
        return

    assert list(Firearm.objects.values_list("serial", "status")) == [("S0101", "sold")] * 2


def test_people_who_are_joined_later_are_asked_about() -> None:
    dockets = two_dockets(respondent_dob=None)
    dockets.list_both()
    assert asked() == []

    join_persons(dockets.first, other=dockets.later.case.respondent, **dockets.by)

    assert len(asked()) == 1


@pytest.mark.parametrize("later", ["S0101", "X77", "UNK"])
def test_equal_and_different_numbers_are_no_question(later: str) -> None:
    two_dockets().list_both(later)

    assert asked() == []


def test_two_numbers_of_one_docket_are_asked_about_there_only() -> None:
    dockets = two_dockets()
    dockets.list_both()
    list_firearm(dockets.first, serial="SO1O1", source="police", confirm="Two.", by=None, now=NOW)

    assert asked() == []


def test_an_import_asks_once(tmp_path: Path) -> None:
    Town.objects.create(name="Hamden", police=make.agency())
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")
    rows = (
        [order_row(), order_row(2)],
        [firearm_row(serial="SA 123-45")],
        [receipt_row(2, serials="SA12345")],
    )

    found = take(tmp_path / "1", *rows)
    again = take(tmp_path / "2", *rows)

    assert [(one["file"], one["line"], one["code"]) for one in found["doubtful"]] == [
        ("", 0, "near_on_other_docket")
    ]
    assert (found["rejected"], again["doubtful"], len(asked())) == ({}, [], 1)


def test_the_form_shows_both_and_writes_the_number_of_the_first(tmp_path: Path) -> None:
    dockets = two_dockets()
    dockets.list_both()
    desk = signed_in(dockets.by["by"])
    address = f"/admin/orders/reviewitem/{ReviewItem.objects.get().public_id}/"

    page = desk.get(address).content.decode()
    for order, serial in ((dockets.first, "S0101"), (dockets.later, "SO1O1")):
        assert f"<dt>On docket {order.case.docket_number}</dt><dd>{serial}, Police</dd>" in page
    assert "These are two firearms: keep both" in page
    desk.post(address, {"decision": "rejected", "reason": "One gun."})

    assert dockets.is_met
