"""The clerk's list of rows that an import set aside."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Agency, AgencyKind, Role
from orders.models import Firearm, Receipt, ReviewItem, ReviewKind, ReviewResolution
from orders.services.firearms import inventory, receipts
from tests import make
from tests.orders.test_admin.conftest import Enter, signed_in

LIST = "/admin/orders/reviewitem/"


@pytest.fixture
def item(enter: Enter, now: datetime) -> ReviewItem:
    """A receipt that names a number written another way than the list does."""
    order = enter(served_at=now - timedelta(days=1))
    listed = inventory.list_firearm(order, serial="SA 123-45", source="police", by=None, now=now)
    other = inventory.list_firearm(order, serial="Q7", source="police", by=None, now=now)
    receipt = receipts.record_receipt(
        order,
        kind="dealer",
        dealer_license="6-06-014-01-7M-12345",
        received_at=now - timedelta(hours=3),
        firearms=[other],
        by=None,
        now=now,
    )
    return ReviewItem.objects.create(
        order=order,
        kind=ReviewKind.NEAR_MATCH,
        code="near_match",
        file="receipts.csv",
        line=2,
        detail="serials: SA12345 may be SA 123-45 of the list.",
        payload={
            "receipt": str(receipt.public_id),
            "serial": "SA12345",
            "firearms": [str(listed.public_id)],
        },
        created_at=now,
    )


def test_a_clerk_finds_and_decides_it(item: ReviewItem, desk: Client) -> None:
    assert "SA12345 may be SA 123-45" in desk.get(LIST).content.decode()
    firearm = Firearm.objects.get(serial="SA 123-45")

    answer = desk.post(
        f"{LIST}{item.public_id}/",
        {"decision": "matched", "firearm": firearm.pk, "reason": "Read off the gun."},
        follow=True,
    )

    assert "The decision is recorded." in answer.content.decode()
    item.refresh_from_db()
    assert (item.resolution, item.reason) == (ReviewResolution.MATCHED, "Read off the gun.")
    assert firearm in Receipt.objects.get().firearms.all()
    assert item.order.history.filter(kind="review_matched").exists()
    assert "SA12345 may be SA 123-45" not in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"decision": "matched", "reason": "x"}, "Choose the firearm that the receipt names."),
        ({"decision": "rejected", "reason": ""}, "Fill in “"),
        ({"decision": "confirmed", "reason": "x"}, "Select a valid choice."),
    ],
)
def test_a_decision_needs_its_parts(typed: dict[str, str], said: str, item: ReviewItem, desk: Client) -> None:
    page = desk.post(f"{LIST}{item.public_id}/", typed).content.decode()

    assert said in page
    item.refresh_from_db()
    assert item.resolved_at is None


def test_the_form_shows_the_row_and_offers_the_likeliest_firearm(item: ReviewItem, desk: Client) -> None:
    page = desk.get(f"{LIST}{item.public_id}/").content.decode()

    firearm = Firearm.objects.get(serial="SA 123-45")
    assert "<dt>Serial number on the receipt</dt><dd>SA12345</dd>" in page
    assert "<dd>Federally licensed dealer: 6-06-014-01-7M-12345</dd>" in page
    assert "receipts.csv, line 2, imported" in page
    assert f'<option value="{firearm.pk}" selected>' in page


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (
            {
                "receipt_number": "R-9",
                "at": "2016-10-03T11:00:00-04:00",
                "kind": "dealer",
                "agency": None,
                "dealer_license": "6-06-014-01-7M-12345",
                "serials": ["S1", "S2"],
            },
            ["<dd>R-9</dd>", "<dd>Mon, Oct 3, 2016, 11:00 a.m.</dd>", "<dd>S1, S2</dd>"],
        ),
        (
            {"receipt_number": "", "at": "2016-10-03T11:00:00-04:00", "kind": "", "agency": None}
            | {"dealer_license": "", "serials": []},
            ["<dt>Sworn statement of no firearms</dt><dd>Without a number</dd>"],
        ),
        ({"date_of_birth": "2020-05-06"}, ["<dt>Date of birth in the row</dt><dd>May 6, 2020</dd>"]),
    ],
)
def test_the_form_shows_a_doubtful_row_in_words(
    payload: dict[str, object], shown: list[str], item: ReviewItem, desk: Client
) -> None:
    ReviewItem.objects.filter(pk=item.pk).update(kind=ReviewKind.DOUBTFUL, payload=payload)

    page = desk.get(f"{LIST}{item.public_id}/").content.decode()

    assert [words for words in shown if words not in page] == []


def test_the_form_names_both_respondents_of_a_docket(item: ReviewItem, enter: Enter, desk: Client) -> None:
    other = enter(respondent_name="Sam Rowan").case
    ReviewItem.objects.filter(pk=item.pk).update(
        kind=ReviewKind.OTHER_RESPONDENT, payload={"respondent": str(other.respondent.public_id)}
    )

    page = desk.get(f"{LIST}{item.public_id}/").content.decode()

    assert f"Sam Rowan; date of birth not known; {other.respondent.town}; {other.docket_number}" in page


def test_a_decision_is_taken_back_from_the_list(item: ReviewItem, desk: Client) -> None:
    address = f"{LIST}{item.public_id}/"
    desk.post(address, {"decision": "added", "reason": "Read off the gun."})
    page = desk.get(LIST, {"decided": "yes"}).content.decode()
    assert "Another firearm, added to the list: Read off the gun." in page
    assert f'<a href="{address}">Take back</a>' in page
    assert "Another firearm, added to the list: Read off the gun." in desk.get(address).content.decode()

    answer = desk.post(address, {"reason": "It was the listed one."}, follow=True)

    assert "The decision is taken back, with what it recorded." in answer.content.decode()
    item.refresh_from_db()
    assert (item.resolution, item.resolved_at) == ("", None)
    assert not Firearm.objects.filter(serial="SA12345").exists()
    assert item.order.history.filter(kind="review_reopened").exists()


def test_two_respondents_are_decided_again(item: ReviewItem, enter: Enter, desk: Client) -> None:
    other, mine = enter(respondent_name="Sam Rowan").case.respondent, item.order.case.respondent
    ReviewItem.objects.filter(pk=item.pk).update(
        kind=ReviewKind.OTHER_RESPONDENT, payload={"respondent": str(other.public_id)}
    )
    address = f"{LIST}{item.public_id}/"
    shown = []
    for decision, same in (("confirmed", True), ("confirmed", True), ("rejected", False)):
        desk.post(address, {"decision": decision, "reason": "Read on the papers."})
        item.refresh_from_db()
        for one in (mine, other):
            one.refresh_from_db(fields=["person"])
        assert (item.resolution, mine.person_id == other.person_id) == (decision, same)
        shown.append(desk.post(address, {"reason": "Read again."}, follow=True).content.decode())

    assert ["The two stay as they were recorded until you decide again." in page for page in shown] == [
        True
    ] * 3


def test_a_judge_reads_and_does_not_decide(item: ReviewItem, court: Agency) -> None:
    judge = signed_in(make.person(Role.JUDGE, court))

    page = judge.get(LIST).content.decode()
    assert "SA12345" in page
    assert "Not decided yet" in page
    assert str(item.public_id) not in page
    assert judge.get(f"{LIST}{item.public_id}/").status_code == 403


def test_another_courts_clerk_sees_nothing(item: ReviewItem) -> None:
    other = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    assert "SA12345" not in other.get(LIST).content.decode()
    assert other.get(f"{LIST}{item.public_id}/").status_code == 404


def test_a_doubtful_receipt_asks_for_a_reason_and_is_stored_with_it(
    enter: Enter, now: datetime, desk: Client
) -> None:
    order = enter(served_at=now - timedelta(days=1))
    firearm = inventory.list_firearm(order, serial="Q7", source="police", by=None, now=now)
    early = now - timedelta(days=4)
    sheet = {
        "firearms": [firearm.pk],
        "received_at_0": f"{early:%Y-%m-%d}",
        "received_at_1": "noon",
        "kind": "dealer",
        "dealer_license": "6-06-014-01-7M-12345",
    }
    address = f"/admin/orders/order/{order.public_id}/receipt/"

    asked = desk.post(address, sheet).content.decode()
    assert "is before the order was issued" in asked
    assert "Reason to continue" in asked
    assert not Receipt.objects.exists()

    desk.post(address, {**sheet, "confirm": "Handed in before; the receipt is on file."})
    assert Receipt.objects.count() == 1
    entry = order.history.get(kind="receipt_recorded")
    assert entry.reason == "Handed in before; the receipt is on file."
