"""The day of service: one page for what happened at the door, for police and marshals."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import AgencyKind, Role, User
from orders.models import Attachment, Order, ServiceAttempt
from orders.services.parties.agencies import add_agency
from orders.services.service import record_service, town_of_service
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def visited(**given: Any) -> dict[str, Any]:
    """What an officer sends about a visit an hour ago."""
    return {
        **instant("served_at", timezone.now() - timedelta(hours=1)),
        "service_method": "in_hand",
        "service_officer": "Ofc. Reed",
        **given,
    }


def marshal_of(order: Order) -> User:
    office = make.agency(AgencyKind.MARSHAL)
    add_agency(order, agency=office, by=None, now=timezone.now())
    return make.person(Role.MARSHAL, office)


def test_service_with_a_spoken_no_closes_nothing_and_leads_to_the_receipt(place: Place) -> None:
    order = place.order(hours=None)
    client = browser(place.liaison)

    answer = client.post(page_of(order, "serve"), visited(firearms_answer="no"), follow=True)

    order.refresh_from_db()
    assert (order.service_method, order.firearms_answer) == ("in_hand", "no")
    text = answer.content.decode()
    assert answer.redirect_chain == [(page_of(order, "receipt"), 302)]
    assert "Firearms must be surrendered by" in text
    assert "Read that aloud." in text
    assert ".." not in text.split("Firearms must be surrendered by")[1].split("Read that aloud")[0]
    assert "0 of 1" in text


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"reason": "moved", "note": ""}, "Moved away"),
        ({"reason": "not_home", "note": "Lights on"}, "Not at home: Lights on"),
        ({"reason": "other", "note": "Dog in the yard"}, "Dog in the yard"),
    ],
)
def test_a_failed_attempt_has_its_reason(place: Place, given: dict[str, str], stored: str) -> None:
    order = place.order(hours=None)

    answer = browser(place.liaison).post(
        page_of(order, "serve"), visited(service_method="not_served", place="7 Elm Lane", **given)
    )

    assert answer["Location"] == page_of(order)
    attempt = ServiceAttempt.objects.get(order=order)
    assert (attempt.reason, attempt.officer) == (stored, "Ofc. Reed")
    assert (attempt.code, attempt.place) == (given["reason"], "7 Elm Lane")
    order.refresh_from_db()
    assert order.served_at is None


def test_an_attempt_keeps_its_photograph_or_nothing_at_all(place: Place) -> None:
    order = place.order(hours=None)
    marshal = marshal_of(order)
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")

    def sent(content: bytes) -> Any:
        photo = SimpleUploadedFile("door.png", content, content_type="image/png")
        facts = visited(service_method="not_served", reason="not_home", photos=[photo])
        return browser(marshal).post(page_of(order, "serve"), facts)

    refused = sent(b"no picture").content.decode()
    assert "This is no PDF file" in refused
    assert not ServiceAttempt.objects.exists()

    assert sent(picture.getvalue())["Location"] == page_of(order)
    photo = Attachment.objects.get(order=order)
    assert (photo.kind, photo.uploaded_by) == ("service_photo", marshal)
    address = f"/files/{photo.public_id}/content/"
    assert browser(place.liaison).get(address).status_code == 200
    assert browser(place.elsewhere).get(address).status_code == 404


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"service_method": "not_served"}, "Choose why the order was not served."),
        ({"service_method": "not_served", "reason": "other"}, "Describe the other reason."),
    ],
)
def test_a_failed_attempt_without_its_reason_is_asked_about(
    place: Place, given: dict[str, str], message: str
) -> None:
    order = place.order(hours=None)

    text = browser(place.liaison).post(page_of(order, "serve"), visited(**given)).content.decode()

    assert "Nothing is saved yet" in text
    assert message in text
    assert "Ofc. Reed" in text
    assert not ServiceAttempt.objects.exists()


def test_a_marshal_records_the_spoken_answer_and_sees_no_firearm(place: Place) -> None:
    order = place.order(hours=None)
    marshal = marshal_of(order)

    text = read(marshal, page_of(order, "serve"))
    answer = browser(marshal).post(page_of(order, "serve"), visited(firearms_answer="yes"))

    assert "Do you have any firearms or ammunition?" in text
    for words in ("Ruger", "What is believed held", PROTECTED, "go to the receipt"):
        assert words not in text
    assert answer["Location"] == page_of(order)
    order.refresh_from_db()
    assert order.firearms_answer == "yes"


def test_service_that_is_recorded_is_not_recorded_again(place: Place) -> None:
    order = place.order()

    assert browser(place.liaison).get(page_of(order, "serve"))["Location"] == page_of(order)
    assert browser(place.elsewhere).get(page_of(order, "serve")).status_code == 404


def test_no_answer_about_service_is_chosen_in_advance(place: Place) -> None:
    order = place.order(hours=None)
    client = browser(place.liaison)

    page = client.get(page_of(order, "serve")).content.decode()
    sent = client.post(page_of(order, "serve"), visited(service_method="")).content.decode()

    assert "checked" not in page.split("Was the order served?")[1].split("if-not")[0]
    assert "Tap how the order was served" in sent
    order.refresh_from_db()
    assert order.served_at is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"firearms_answer": "yes"}, "Not at home; asked about firearms: yes, has firearms"),
        ({"served_in_custody": "on", "note": "Lights on"}, "Not at home: Lights on; in custody"),
    ],
)
def test_what_was_learned_without_service_is_kept_with_the_attempt(
    place: Place, given: dict[str, str], reason: str
) -> None:
    order, town = place.order(hours=None), make.town()
    sent = visited(service_method="not_served", reason="not_home", place="9 Ash Road", town=town.pk, **given)

    browser(place.liaison).post(page_of(order, "serve"), sent)

    attempt = ServiceAttempt.objects.get(order=order)
    assert (attempt.reason, attempt.place) == (reason, f"9 Ash Road, {town.name}")
    order.refresh_from_db()
    assert (order.firearms_answer, order.served_in_custody) == ("", False)


def test_the_town_is_typed_in_any_usual_form_with_a_list_beside_it(place: Place) -> None:
    order, town = place.order(hours=None), make.town()
    desk, address = browser(place.liaison), page_of(order, "serve")

    page = desk.get(address).content.decode()
    assert '<select name="town"' not in page
    assert f'<option value="{town.name}"></option>' in page

    wrong = desk.post(address, visited(town="Gotham")).context["form"]
    assert wrong.errors["town"] == [
        "“Gotham” is not a town or village in Connecticut. Name the town that it is part of."
    ]
    assert 'value="Gotham"' in str(wrong["town"])

    desk.post(address, visited(town=f" {town.name.upper()}, CT"))
    order.refresh_from_db()
    assert town_of_service(order) == town


def test_an_attempt_with_more_than_its_words_hold_is_asked_about(place: Place) -> None:
    order, town = place.order(hours=None), make.town()
    given = {"note": "n" * 160, "firearms_answer": "refused", "place": "p" * 200, "town": town.pk}
    sent = visited(service_method="not_served", reason="elsewhere", **given)

    form = browser(place.liaison).post(page_of(order, "serve"), sent).context["form"]

    assert set(form.errors) == {"note", "place"}
    assert not ServiceAttempt.objects.exists()


@pytest.mark.parametrize("given", [{"reason": "moved"}, {"note": "Dog in the yard"}, {"place": "9 Ash Road"}])
def test_what_service_has_no_place_for_is_refused_beside_its_field(
    place: Place, given: dict[str, str]
) -> None:
    order = place.order(hours=None)

    refused = browser(place.liaison).post(page_of(order, "serve"), visited(**given))
    served = browser(place.liaison).post(page_of(order, "serve"), visited(place="7 Elm Lane"))

    assert set(refused.context["form"].errors) == set(given)
    assert served.status_code == 302, "the address that the form begins with is not typed"


def test_a_photograph_of_service_is_kept(place: Place) -> None:
    order, picture = place.order(hours=None), BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    photo = SimpleUploadedFile("door.png", picture.getvalue(), content_type="image/png")

    browser(place.liaison).post(page_of(order, "serve"), visited(photos=[photo]))

    order.refresh_from_db()
    assert order.served_at is not None
    assert Attachment.objects.get(order=order).kind == "service_photo"


def test_what_is_typed_while_another_officer_records_service_is_not_lost(place: Place) -> None:
    order = place.order(hours=None)
    client, address = browser(place.liaison), page_of(order, "serve")
    client.get(address)
    record_service(
        order,
        served_at=timezone.now() - timedelta(hours=1),
        service_method="abode",
        by=marshal_of(order),
        now=timezone.now(),
    )

    second = client.post(address, visited())
    tried = instant("served_at", timezone.now() - timedelta(hours=3))
    attempt = client.post(address, visited(service_method="not_served", reason="not_home") | tried)

    assert list(second.context["form"].errors) == ["served_at"]
    assert "Service is already recorded" in second.content.decode()
    assert attempt["Location"] == page_of(order)
    assert ServiceAttempt.objects.get(order=order).code == "not_home"
    order.refresh_from_db()
    assert order.service_method == "abode"
    assert client.get(address)["Location"] == page_of(order)
