"""The forms of police show everything that is wrong in one round: their own errors, refusals and doubts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from orders.models import Attachment, CustodyStep, Firearm, Order, Receipt, ServiceAttempt, StoragePlace
from tests.orders.cases.places import Place, browser, instant, make_place, page_of
from tests.orders.cases.test_custody import moved, taken
from tests.orders.cases.test_taken import sheet, ticked

pytestmark = pytest.mark.django_db

FUTURE = "is in the future"


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def post(here: Place, address: str, sent: dict[str, object]) -> str:
    """Send a form that is refused, and return the page."""
    answer = browser(here.liaison).post(address, sent)
    assert answer.status_code == 200
    return answer.content.decode()


def in_the_future(here: Place, order: Order, **more: object) -> dict[str, object]:
    """What is sent for a receipt of all firearms, three hours from now."""
    later = instant("received_at", timezone.now() + timedelta(hours=3))
    return sheet(here, **later, firearms=ticked(order), **more)


def test_a_receipt_shows_a_wrong_time_an_empty_officer_and_a_missing_signature(place: Place) -> None:
    order = place.order()

    text = post(
        place,
        page_of(order, "receipt"),
        in_the_future(
            place,
            order,
            officer=" ",
            giver_method="screen",
        ),
    )

    assert FUTURE in text
    assert "Sign in the field, or choose another answer." in text
    assert 'href="#id_officer"' in text
    assert not Receipt.objects.exists()


def test_a_receipt_shows_what_services_refuse_of_time_drawing_and_photograph(place: Place) -> None:
    order = place.order()

    text = post(
        place,
        page_of(order, "receipt"),
        in_the_future(
            place,
            order,
            taker_method="screen",
            taker_drawing="M not a path",
            photos=[SimpleUploadedFile("a.png", b"no picture", content_type="image/png")],
        ),
    )

    assert FUTURE in text
    assert "The drawing cannot be read." in text
    assert "This is no PDF file" in text
    assert not Receipt.objects.exists()
    assert not Attachment.objects.exists()


def test_a_receipt_shows_a_wrong_row_beside_a_wrong_time(place: Place) -> None:
    order = place.order()

    text = post(
        place,
        page_of(order, "receipt"),
        in_the_future(
            place,
            order,
            **{"item0-what": "ammunition", "item0-caliber": "9 mm"},
        ),
    )

    assert "Enter how many there are." in text
    assert FUTURE in text


def test_a_wrong_row_alone_brings_no_refusal_that_follows_from_it(place: Place) -> None:
    order = place.order()

    text = post(
        place,
        page_of(order, "receipt"),
        sheet(place, **{"item0-what": "ammunition", "item0-caliber": "9 mm"}),
    )

    assert "Enter how many there are." in text
    assert "Choose at least one firearm" not in text
    assert "Tick what you took" in text


def test_a_visit_shows_a_wrong_time_and_a_missing_reason(place: Place) -> None:
    order = place.order(hours=None)

    text = post(
        place,
        page_of(order, "serve"),
        {
            **instant("served_at", timezone.now() + timedelta(hours=3)),
            "service_method": "not_served",
            "service_officer": "Ofc. Reed",
        },
    )

    assert "Choose why the order was not served." in text
    assert FUTURE in text
    assert not ServiceAttempt.objects.exists()


def test_a_step_of_custody_shows_a_wrong_time_and_an_empty_officer(place: Place) -> None:
    order, firearm = taken(place)
    before = CustodyStep.objects.count()
    sent = (
        moved(place, firearm) | instant("moved_at", timezone.now() + timedelta(hours=3)) | {"taken_by": " "}
    )

    text = post(place, page_of(order, "custody"), sent)

    assert FUTURE in text
    assert 'id="id_taken_by"' in text
    assert text.count("errorlist") >= 2
    assert CustodyStep.objects.count() == before
    assert Firearm.objects.get(pk=firearm.pk).status == "surrendered"


def test_a_storage_place_shows_a_used_name_beside_a_wrong_number(place: Place) -> None:
    sent = {"agency": place.police.pk, "name": "Property room", "capacity": ""}
    here = browser(place.liaison)
    assert here.post("/custody/", sent).status_code == 302

    text = post(place, "/custody/", sent | {"capacity": "0"})

    assert "Property room is a place of" in text
    assert "greater than or equal to 1" in text
    assert StoragePlace.objects.count() == 1


def test_a_return_of_service_shows_missing_papers_and_signature(place: Place) -> None:
    order = place.order(hours=None)
    browser(place.liaison).post(
        page_of(order, "serve"),
        {
            **instant("served_at", timezone.now() - timedelta(hours=1)),
            "service_method": "in_hand",
            "service_officer": "Ofc. Reed",
        },
    )

    text = post(
        place, page_of(order, "return-of-service"), {"name": "Ofc. Reed", "method": "screen", "drawing": ""}
    )

    assert "Tick the papers that you served." in text
    assert "Sign in the field" in text
