"""The receipt at the door: what police take is recorded at once, by one call, and once."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import AgencyKind, Role
from orders.models import (
    AttachmentKind,
    CustodyStep,
    Firearm,
    FirearmStatus,
    Order,
    OrderAgency,
    Receipt,
    StoragePlace,
)
from orders.services.firearms.custody import add_place
from orders.services.firearms.inventory import record_permit
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def sheet(here: Place, **given: Any) -> dict[str, Any]:
    """What an officer sends who ticks nothing."""
    return {
        **instant("received_at", timezone.now() - timedelta(minutes=5)),
        "officer": "Ofc. Reed",
        "agency": here.police.pk,
        "items": "1",
        **given,
    }


def ticked(order: Order, count: int = 1) -> list[int]:
    return [one.pk for one in Firearm.objects.filter(order=order).order_by("id")[:count]]


def test_what_is_ticked_and_added_is_taken_tagged_and_stored(place: Place) -> None:
    order = place.order(firearms=2)
    room = add_place(place.police, name="Property room", capacity=40, by=place.liaison)
    permit = record_permit(order, kind="Pistol permit", number="77", by=None, now=timezone.now())
    (first,) = ticked(order)
    client = browser(place.liaison)

    answer = client.post(
        page_of(order, "receipt"),
        sheet(
            place,
            firearms=[first],
            permits=[permit.pk],
            **{f"tag-{first}": "T-1"},
            **{
                "item0-what": "ammunition",
                "item0-quantity": "3",
                "item0-caliber": "9 mm",
                "item0-tag": "T-2",
            },
            place=room.pk,
            shelf="B4",
        ),
    )

    receipt = Receipt.objects.get(order=order)
    assert answer["Location"] == f"{page_of(order, 'receipt')}{receipt.public_id}/"
    assert re.fullmatch(r"R-\w{4}-\w{4}", receipt.receipt_number)
    steps = CustodyStep.objects.filter(receipt=receipt)
    assert {(one.tag, one.place, one.shelf, one.taken_by) for one in steps} == {
        ("T-1", room, "B4", "Ofc. Reed"),
        ("T-2", room, "B4", "Ofc. Reed"),
    }
    permit.refresh_from_db()
    assert permit.receipt == receipt
    text = client.get(answer["Location"]).content.decode()
    assert "1 of 2 accounted for" in text
    assert "The case stays open." in text
    assert "Property room, shelf B4" in text
    assert PROTECTED not in text


def test_the_same_form_sent_twice_is_one_receipt(place: Place) -> None:
    order = place.order()
    client = browser(place.liaison)
    page = client.get(page_of(order, "receipt")).content.decode()
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found is not None
    sent = sheet(place, firearms=ticked(order), form_key=found[1])

    first = client.post(page_of(order, "receipt"), sent)
    second = client.post(page_of(order, "receipt"), sent)

    assert first["Location"] == second["Location"]
    assert Receipt.objects.filter(order=order).count() == 1


def test_signatures_and_photographs_are_stored_with_the_receipt_or_not_at_all(
    place: Place, settings: Any, tmp_path: Path
) -> None:
    settings.ATTACHMENTS_DIR = tmp_path
    order = place.order()
    client = browser(place.liaison)
    signed = {"giver_method": "refused", "taker_method": "screen", "taker_drawing": "M10 20L30 40"}
    picture = BytesIO()
    Image.new("RGB", (40, 30), "gray").save(picture, "JPEG")

    def photo(content: bytes) -> SimpleUploadedFile:
        return SimpleUploadedFile("Robin Elm.jpg", content, "image/jpeg")

    wrong = sheet(place, firearms=ticked(order), photos=[photo(b"no picture")], **signed)
    refused = client.post(page_of(order, "receipt"), wrong).content.decode()
    assert "Nothing is saved yet" in refused
    assert not Receipt.objects.exists()

    right = sheet(place, firearms=ticked(order), photos=[photo(picture.getvalue())], **signed)
    page = client.post(page_of(order, "receipt"), right, follow=True).content.decode()

    receipt = Receipt.objects.get()
    assert {(one.party, one.method) for one in receipt.signatures.all()} == {
        ("giver", "refused"),
        ("taker", "screen"),
    }
    assert receipt.attachments.get().kind == AttachmentKind.FIREARM_PHOTO
    assert "1 photograph kept." in page
    assert "The person who handed them over: did not sign." in page


def test_a_paper_that_was_signed_is_asked_for_until_it_is_kept(
    place: Place, settings: Any, tmp_path: Path
) -> None:
    settings.ATTACHMENTS_DIR = tmp_path
    order = place.order()
    client = browser(place.liaison)
    clerk = browser(make.person(Role.CLERK, place.court))
    typed = sheet(
        place,
        firearms=ticked(order),
        giver_method="paper",
        taker_method="paper",
        town=place.town.pk,
        handed_over_at="Front desk",
    )

    page = client.post(page_of(order, "receipt"), typed, follow=True).content.decode()

    receipt = Receipt.objects.get()
    files = f"/documents/orders/{order.public_id}/?kind=receipt&amp;receipt={receipt.public_id}"
    assert "It was signed on paper." in page
    assert files in page
    desk = f"/admin/orders/order/{order.public_id}/"
    for reader, address in ((client, page_of(order)), (clerk, desk)):
        text = reader.get(address).content.decode()
        assert f"Front desk, {place.town}" in text
        assert "Signed on paper: add a photograph or scan" in text
    form = client.get(files.replace("&amp;", "&")).content.decode()
    assert re.search(r'value="receipt" selected', form)
    assert re.search(rf'value="{receipt.public_id}" selected', form)
    assert "Front desk" not in str(list(order.history.values_list("data", flat=True)))
    assert "Front desk" not in Pdf(client.get(f"/documents/receipts/{receipt.public_id}/").content).everything

    picture = BytesIO()
    Image.new("RGB", (40, 30), "gray").save(picture, "PNG")
    scan = SimpleUploadedFile("scan.png", picture.getvalue(), "image/png")
    sent = {"kind": "receipt", "receipt": str(receipt.public_id), "uploads": [scan]}
    client.post(files.replace("&amp;", "&"), sent)
    kept = receipt.attachments.get(kind=AttachmentKind.RECEIPT)
    for reader, address in ((client, page_of(order)), (clerk, desk)):
        text = reader.get(address).content.decode()
        assert f'href="/files/{kept.public_id}/">Signed paper</a>' in text
        assert "add a photograph or scan" not in text


def test_a_signature_on_the_screen_needs_the_pen(place: Place) -> None:
    order = place.order()
    sent = sheet(place, firearms=ticked(order), giver_method="screen")

    text = browser(place.liaison).post(page_of(order, "receipt"), sent).content.decode()

    assert "Sign in the field, or choose another answer." in text
    assert not Receipt.objects.exists()


def test_a_serial_like_a_listed_one_is_asked_about_before_it_is_saved(place: Place) -> None:
    order = place.order()
    firearm = Firearm.objects.get(order=order)
    near = firearm.serial.replace("S", "5", 1)
    typed = {"item0-what": "Pistol", "item0-make": "Ruger", "item0-serial": near}
    client = browser(place.liaison)

    asked = client.post(page_of(order, "receipt"), sheet(place, **typed)).content.decode()

    assert "Is it the one on the list?" in asked
    assert near in asked
    assert not Receipt.objects.exists()
    client.post(page_of(order, "receipt"), sheet(place, **typed, **{"item0-same": "same"}))
    receipt = Receipt.objects.get()
    assert list(receipt.firearms.all()) == [firearm]
    assert Firearm.objects.filter(order=order).count() == 1


def test_another_firearm_with_a_similar_serial_is_added(place: Place) -> None:
    order = place.order()
    near = Firearm.objects.get(order=order).serial.replace("S", "5", 1)
    typed = {"item0-what": "Pistol", "item0-serial": near, "item0-same": "another"}

    browser(place.liaison).post(page_of(order, "receipt"), sheet(place, **typed))

    assert Receipt.objects.get().firearms.get().serial == near
    assert Firearm.objects.filter(order=order).count() == 2


def test_one_more_item_keeps_what_was_typed_and_saves_nothing(place: Place) -> None:
    order = place.order()
    sent = sheet(place, **{"item0-make": "Colt", "more": "1", "officer": ""})

    text = browser(place.liaison).post(page_of(order, "receipt"), sent).content.decode()

    assert 'value="Colt"' in text
    assert 'name="item1-make"' in text
    assert 'role="alert"' not in text
    assert not Receipt.objects.exists()


def test_an_empty_receipt_and_a_place_of_others_are_refused(place: Place) -> None:
    order = place.order()
    other = StoragePlace.objects.create(agency=make.agency(), name="Their room")
    client = browser(place.liaison)

    empty = client.post(page_of(order, "receipt"), sheet(place)).content.decode()
    strange = client.post(page_of(order, "receipt"), sheet(place, firearms=ticked(order), place=other.pk))

    assert "Tick what you took, or add an item below." in empty
    assert "Select a valid choice" in strange.content.decode()
    assert "Their room" not in strange.content.decode()
    assert not Receipt.objects.exists()


def test_a_withdrawn_receipt_takes_its_custody_along(place: Place) -> None:
    order = place.order()
    client = browser(place.liaison)
    client.post(page_of(order, "receipt"), sheet(place, firearms=ticked(order)))
    receipt = Receipt.objects.get()
    assert CustodyStep.objects.count() == 1

    client.post(f"{page_of(order, 'withdraw-receipt')}?item={receipt.public_id}", {"reason": "Wrong case"})

    assert not CustodyStep.objects.exists()
    assert Firearm.objects.get(order=order).status == FirearmStatus.ALLEGED


def test_a_telephone_that_sends_later_gets_the_address_of_the_receipt(place: Place) -> None:
    order = place.order()

    answer = browser(place.liaison).post(
        page_of(order, "receipt"),
        sheet(place, firearms=ticked(order)),
        headers={"Accept": "application/json"},
    )

    receipt = Receipt.objects.get()
    assert answer.json() == {"page": f"{page_of(order, 'receipt')}{receipt.public_id}/"}


@pytest.mark.parametrize("role", [Role.MARSHAL, Role.PROSECUTOR])
def test_only_police_write_receipts(place: Place, role: Role) -> None:
    order = place.order()
    office = make.agency({Role.MARSHAL: AgencyKind.MARSHAL, Role.PROSECUTOR: AgencyKind.PROSECUTOR}[role])
    person = make.person(role, office)
    OrderAgency.objects.create(order=order, agency=office, capacity=role)

    assert browser(person).get(page_of(order, "receipt")).status_code == 403
    assert browser(place.elsewhere).get(page_of(order, "receipt")).status_code == 404


def test_the_page_shows_the_duty_and_hides_the_protected_person(place: Place) -> None:
    order = place.order(firearms=3)

    text = read(place.liaison, page_of(order, "receipt"))

    assert "0 of 3" in text
    assert PROTECTED not in text
    assert "<script>" not in text
    assert "style=" not in text


def test_a_tag_beside_what_is_not_ticked_is_asked_about(place: Place) -> None:
    order = place.order(firearms=2)
    first, second = ticked(order, 2)
    client, page = browser(place.liaison), page_of(order, "receipt")

    left = client.post(page, sheet(place, firearms=[first], **{f"tag-{second}": "T-2"}))
    long = client.post(page, sheet(place, firearms=[first], **{f"tag-{first}": "T" * 41}))

    assert "has the tag T-2 and is not ticked" in left.content.decode()
    assert "the tag has more than 40 characters" in long.content.decode()
    assert not Receipt.objects.exists()


def test_ammunition_with_a_serial_number_is_asked_about(place: Place) -> None:
    order = place.order(firearms=1)
    row = {"item0-what": "ammunition", "item0-quantity": "3", "item0-serial": "LOT 7"}

    answer = browser(place.liaison).post(page_of(order, "receipt"), sheet(place, **row))

    assert "Ammunition and magazines have no serial number. Clear this." in answer.content.decode()
    assert not Receipt.objects.exists()


def test_what_is_typed_about_a_listed_firearm_goes_on_the_list_or_is_asked_about(place: Place) -> None:
    order = place.order(firearms=1)
    listed = Firearm.objects.get(order=order)
    row = {"item0-serial": listed.serial.replace("-", " "), "item0-same": "same", "item0-caliber": "9 mm"}
    client, page = browser(place.liaison), page_of(order, "receipt")

    wrong = client.post(page, sheet(place, **row, **{"item0-make": "Glock"}))
    done = client.post(page, sheet(place, **row, **{"item0-make": "ruger"}))

    assert "The list has Ruger." in wrong.content.decode()
    assert done.status_code == 302
    listed.refresh_from_db()
    assert (listed.make, listed.caliber, listed.status) == ("Ruger", "9 mm", FirearmStatus.SURRENDERED)
    assert order.history.get(kind="firearm_corrected").actor == place.liaison


def test_a_receipt_of_other_police_of_the_order_needs_the_reason(place: Place) -> None:
    order, helping = place.order(firearms=1), make.agency(name="Oak Police")
    order.order_agencies.create(agency=helping, capacity="assisting_police")
    client, page = browser(place.liaison), page_of(order, "receipt")
    sent = sheet(place, agency=helping.pk, firearms=ticked(order))
    assert client.get(page).context["form"]["agency"].value() == place.police.pk

    asked = client.post(page, sent)
    assert list(asked.context["form"].errors) == ["agency"]
    assert "You do not act for Oak Police." in asked.content.decode()
    client.post(page, sent | {"confirm": "Mutual aid."})

    receipt = Receipt.objects.get()
    assert receipt.agency == helping
    assert order.history.get(kind="receipt_recorded").reason == "Mutual aid."
    assert CustodyStep.objects.get().agency == helping
