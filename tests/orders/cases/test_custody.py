"""Custody: where each firearm is, hand-overs, storage places, and labels that name no person."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import COURT_TIME, format_day, format_instant
from accounts.models import AgencyKind, Role
from orders.models import CustodyStep, Firearm, FirearmStatus, Order, StoragePlace
from orders.services.firearms.custody import Storage, add_place
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.parties.agencies import add_agency
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def taken(place: Place, name: str = "Ash Birch") -> tuple[Order, Firearm]:
    """An order whose firearm police took two hours ago."""
    order = place.order(name)
    firearm = Firearm.objects.get(order=order)
    record_receipt(
        order,
        kind="police",
        received_at=timezone.now() - timedelta(hours=2),
        agency=place.police,
        firearms=[firearm],
        storage=Storage(officer="Ofc. Reed", tags={firearm.pk: "T-1"}),
        by=None,
        now=timezone.now(),
    )
    return order, firearm


def moved(place: Place, firearm: Firearm, **given: Any) -> dict[str, Any]:
    return {
        "firearms": [firearm.pk],
        "given_by": "Ofc. Reed",
        "taken_by": "Sgt. Moss",
        "agency": place.police.pk,
        **instant("moved_at", timezone.now() - timedelta(hours=1)),
        **given,
    }


def test_a_hand_over_shows_where_the_firearm_is_and_keeps_every_step(place: Place) -> None:
    order, firearm = taken(place)
    room = add_place(place.police, name="Property room", by=place.liaison)
    client = browser(place.liaison)
    assert "With Ofc. Reed" in read(place.liaison, page_of(order, "custody"))

    sent = moved(place, firearm, shelf="B4") | {"place": room.pk}
    answer = client.post(page_of(order, "custody"), sent, follow=True)

    text = answer.content.decode()
    assert "Property room, shelf B4" in text
    assert "Ofc. Reed gave it to Sgt. Moss" in text
    assert "Ofc. Reed took it" in text
    assert CustodyStep.objects.latest("id").tag == "T-1"
    assert order.history.filter(kind="firearms_moved").count() == 1
    assert PROTECTED not in text


def test_the_end_of_custody_names_the_day_of_each_receipt_if_there_are_several(place: Place) -> None:
    order, now = place.order(firearms=2), timezone.now()
    days = []
    for number, firearm in enumerate(Firearm.objects.filter(order=order).order_by("id"), start=1):
        at = now - timedelta(hours=number * 25 - 23)
        days.append(format_day(at.astimezone(COURT_TIME).date()))
        record_receipt(
            order, kind="police", received_at=at, agency=place.police, firearms=[firearm], by=None, now=now
        )
        text = read(place.liaison, page_of(order, "custody"))
        assert ("The law keeps them for the respondent until" in text) is (number == 1)

    for day in days:
        assert f"The law keeps what was taken on {day} for the respondent until" in text


def test_one_item_gets_a_tag_later_and_several_do_not(place: Place) -> None:
    order, firearm = taken(place)
    client, page = browser(place.liaison), page_of(order, "custody")
    client.post(page, moved(place, firearm, tag=" T-77 "))
    assert CustodyStep.objects.latest("id").tag == "T-77"

    found = list_firearm(order, serial="R 2", source="police", by=None, now=timezone.now())
    again = [firearm.pk, found.pk]
    Firearm.objects.filter(pk=found.pk).update(status=FirearmStatus.SURRENDERED)
    now = instant("moved_at", timezone.now())
    text = client.post(page, moved(place, firearm, tag="T-78") | {"firearms": again} | now).content.decode()
    assert "A tag is for one item." in text
    assert 'href="#id_tag"' in text

    client.post(page, moved(place, firearm) | {"firearms": again} | now)
    assert [one.tag for one in CustodyStep.objects.order_by("-id")[:2]] == ["", "T-77"]


def test_a_shelf_without_a_place_is_shown(place: Place) -> None:
    order, firearm = taken(place)

    browser(place.liaison).post(page_of(order, "custody"), moved(place, firearm, shelf="Locker 3"))

    text = read(place.liaison, page_of(order, "custody"))
    assert "With Sgt. Moss, shelf Locker 3" in text
    assert text.count("shelf Locker 3") == 2


@pytest.mark.parametrize(
    ("hours", "given", "message"),
    [
        (3, {}, "A later step is recorded."),
        (-1, {}, "is in the future"),
        (1, {"given_by": ""}, "Fill in “"),
    ],
)
def test_a_step_that_cannot_be_is_refused(
    place: Place, hours: int, given: dict[str, str], message: str
) -> None:
    order, firearm = taken(place)
    sent = moved(place, firearm, **given) | instant("moved_at", timezone.now() - timedelta(hours=hours))

    text = browser(place.liaison).post(page_of(order, "custody"), sent).content.decode()

    assert message in text
    assert CustodyStep.objects.count() == 1


def test_a_label_has_the_tag_and_a_code_and_names_no_person(place: Place) -> None:
    order, firearm = taken(place)

    text = read(place.liaison, page_of(order, "custody/labels"))

    main = text.split("<main")[1]
    assert "T-1" in main
    assert "data:image/svg+xml" in main
    for words in ("Ash Birch", "7 Elm Lane", PROTECTED):
        assert words not in main
        assert base64.b64encode(words.encode()).decode() not in main
    item = f"/custody/{firearm.public_id}/"
    assert browser(place.liaison).get(item)["Location"] == page_of(order, "custody")
    assert browser(place.elsewhere).get(item).status_code == 404
    assert Client().get(item)["Location"].startswith("/sign-in/")


def test_places_show_what_is_in_them_and_belong_to_their_agency(place: Place) -> None:
    taken(place)
    client = browser(place.liaison)
    sent = {"agency": place.police.pk, "name": "Vault 7", "capacity": "1"}

    assert client.post("/custody/", sent)["Location"] == "/custody/"

    room = StoragePlace.objects.get()
    CustodyStep.objects.update(place=room)
    text = read(place.liaison, "/custody/")
    assert "Vault 7" in text
    assert "1 <strong>Full</strong>" in text
    assert "Ash Birch" in text
    assert PROTECTED not in text
    there = read(place.elsewhere, "/custody/")
    assert "Ash Birch" not in there
    assert "Vault 7" not in there
    twice = client.post("/custody/", sent).content.decode()
    assert "Vault 7 is a place of Elm Police already." in twice


def test_what_a_receipt_took_without_a_place_is_on_the_list_of_the_agency(place: Place) -> None:
    order = place.order("Ash Birch")
    record_receipt(
        order,
        kind="police",
        received_at=timezone.now() - timedelta(hours=2),
        agency=place.police,
        firearms=list(Firearm.objects.filter(order=order)),
        by=None,
        now=timezone.now(),
    )

    text = read(place.liaison, "/custody/")

    assert "1 item without a recorded place or officer." in text
    assert "Ash Birch" in text
    assert PROTECTED not in text
    assert "Ash Birch" not in read(place.elsewhere, "/custody/")
    receipt = order.receipts.get()
    assert "Not recorded" in read(place.liaison, f"{page_of(order, 'receipt')}{receipt.public_id}/")
    since = format_instant(receipt.received_at, COURT_TIME)
    assert since in text
    of_case = read(place.liaison, page_of(order, "custody"))
    assert f"{since}: {place.police} took it" in of_case, "who has it, and since when, is known"


@pytest.mark.parametrize(("act", "at"), [("return", "returned_at"), ("dispose", "disposed_at")])
def test_what_ends_custody_begins_with_the_officer_and_the_agency(place: Place, act: str, at: str) -> None:
    order, _ = taken(place)

    form = browser(place.liaison).get(page_of(order, act)).context["form"]

    assert (form["agency"].initial, form["officer"].initial) == (place.police, place.liaison.name)
    assert timezone.now() - form[at].initial < timedelta(minutes=2)


def test_others_see_no_custody(place: Place) -> None:
    order, _ = taken(place)
    office = make.agency(AgencyKind.MARSHAL)
    add_agency(order, agency=office, by=None, now=timezone.now())
    marshal = make.person(Role.MARSHAL, office)

    assert browser(marshal).get("/custody/").status_code == 404
    assert browser(marshal).get(page_of(order, "custody")).status_code == 403
    assert browser(marshal).get(page_of(order, "custody/labels")).status_code == 403
    assert browser(place.elsewhere).get(page_of(order, "custody")).status_code == 404


def test_the_number_of_queries_does_not_grow(place: Place) -> None:
    def queries() -> int:
        client = browser(place.liaison)
        client.get("/custody/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/custody/").status_code == 200
        return len(captured)

    taken(place)
    few = queries()
    for number in range(4):
        taken(place, f"Birch {number}")

    assert queries() == few
