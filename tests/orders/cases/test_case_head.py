"""What an officer reads first on the page of a case: cautions, the court's number, a photograph, a map."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.dates import court_date
from accounts.models import AgencyKind, AuditEntry, Role, User
from orders.models import Attachment, AttachmentKind, Caution, Order
from orders.services.attachments.attaching import attach_file
from orders.services.cautions import add_caution
from orders.services.court_days import court_day
from orders.services.firearms.surrender import surrender_rules
from orders.services.hearings import schedule_hearing
from orders.services.parties.agencies import add_agency
from orders.views.state_titles import state_title
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, page_of, read

pytestmark = pytest.mark.django_db

SOMEWHERE = "openstreetmap.org/search?query=7+Elm+Lane"


@pytest.fixture
def place(db: None, settings: Settings, tmp_path: Path) -> Place:
    settings.ATTACHMENTS_DIR = tmp_path / "files"
    return make_place()


def of_office(order: Order, kind: AgencyKind, role: Role) -> User:
    """Someone of an office that the order is shared with."""
    office = make.agency(kind)
    add_agency(order, agency=office, by=None, now=timezone.now())
    return make.person(role, office)


def photographed(order: Order) -> Attachment:
    """A photograph of the respondent, larger than a telephone needs."""
    out = BytesIO()
    Image.effect_noise((1200, 900), 90).convert("RGB").save(out, "JPEG")
    file = out.getvalue()
    return attach_file(order, kind="respondent_photo", file=file, by=None, now=timezone.now())


def test_each_firearm_is_listed_once(place: Place) -> None:
    order = place.order(firearms=2)

    text = read(place.liaison, page_of(order)).split("<h2>Firearms</h2>")[1].split("</section>")[0]

    for number in range(2):
        assert text.count(f"<strong>Ruger, serial S{order.pk}-{number}</strong>") == 1
        assert text.count(f"serial S{order.pk}-{number}</strong>") == 1
    assert "0 of 2 accounted for" in text
    assert "is not accounted for" not in text


def test_titles_are_states_and_not_rules(place: Place) -> None:
    order = place.order(hours=24 * 8, issued_at=timezone.now() - timedelta(days=9))
    (deadline,) = order.deadlines.filter(rule_id="CT-SUR-01")

    text = read(place.liaison, page_of(order))

    assert deadline.rule_id in surrender_rules()
    assert state_title(deadline, timezone.now()) == "Firearms not surrendered, 7 days late"
    assert text.count("Firearms not surrendered, 7 days late") >= 2
    assert "Firearms and ammunition are surrendered" not in text


def test_the_timeline_has_what_happened_and_what_comes(place: Place) -> None:
    order = place.order(hours=30)
    schedule_hearing(
        order,
        purpose="compliance",
        scheduled_on=court_day(order, timezone.now()) + timedelta(days=5),
        confirm="The court sits on this day.",
        by=None,
        now=timezone.now(),
    )

    text = read(place.liaison, page_of(order)).split("<h2>Timeline</h2>")[1].split("</section>")[0]

    steps = ("Order issued", "Served", "Time to surrender over", "Now", "Hearing: compliance")
    assert [text.index(one) for one in steps] == sorted(text.index(one) for one in steps)
    assert PROTECTED not in text


def test_a_caution_is_read_by_those_who_go_there_and_by_the_court_alone(place: Place) -> None:
    order = place.order(hours=None)
    add_caution(
        order, known_on=court_date(timezone.now()), words="Large dog-zinnia.", by=None, now=timezone.now()
    )
    clerk = make.person(Role.CLERK, place.court)
    marshal = of_office(order, AgencyKind.MARSHAL, Role.MARSHAL)

    for person in (place.liaison, marshal):
        head = read(person, page_of(order)).split('<nav class="case-acts"')[0]
        assert "Large dog-zinnia." in head
    assert "dog-zinnia" in read(clerk, f"/admin/orders/order/{order.public_id}/")
    office = make.agency(AgencyKind.PROSECUTOR)
    prosecutor = make.person(Role.PROSECUTOR, office)
    order.order_agencies.create(agency=office, capacity="prosecutor")
    assert "dog-zinnia" not in read(prosecutor, page_of(order))
    history = browser(prosecutor).get(f"/api/v1/orders/{order.public_id}/history")
    assert history.status_code == 200
    assert "caution" not in history.content.decode()
    assert (
        "caution" in browser(place.liaison).get(f"/api/v1/orders/{order.public_id}/history").content.decode()
    )


def test_a_caution_of_another_order_of_the_case_is_shown_too(place: Place) -> None:
    order = place.order()
    other = place.order(
        docket_number=order.case.docket_number, kind="restraining_order", hours=None, firearms=0
    )
    assert other.case == order.case
    Caution.objects.create(order=other, known_on=court_date(timezone.now()), words="Dog-zinnia.")

    assert "Dog-zinnia." in read(place.liaison, page_of(order))


def test_the_number_of_the_court_is_one_press_away(place: Place) -> None:
    order = place.order()
    assert "tel:" not in read(place.liaison, page_of(order))
    place.court.telephone = "860-555-0142"
    place.court.save()

    head = read(place.liaison, page_of(order)).split('<nav class="case-acts"')[0]

    assert '<a href="tel:860-555-0142">860-555-0142</a>' in head


def test_a_photograph_is_small_logged_and_for_those_who_go_there(place: Place) -> None:
    order = place.order(hours=None)
    photo = photographed(order)
    address = reverse("attachment-portrait", args=[photo.public_id])
    marshal = of_office(order, AgencyKind.MARSHAL, Role.MARSHAL)
    unit = of_office(order, AgencyKind.LICENSING, Role.LICENSING)

    assert f'src="{address}"' in read(place.liaison, page_of(order))
    logged = AuditEntry.objects.count()
    small = browser(place.liaison).get(address)
    assert small["Content-Type"] == "image/jpeg"
    assert len(small.content) < 20_000 < photo.size
    assert AuditEntry.objects.count() == logged + 1
    assert browser(marshal).get(address).status_code == 200
    for person in (unit, place.elsewhere):
        assert browser(person).get(address).status_code == 404, person


def test_only_a_photograph_of_the_respondent_is_a_portrait(place: Place) -> None:
    order = place.order()
    out = BytesIO()
    Image.new("RGB", (9, 9)).save(out, "JPEG")
    other = attach_file(
        order, kind=AttachmentKind.FIREARM_PHOTO, file=out.getvalue(), by=None, now=timezone.now()
    )

    assert (
        browser(place.liaison).get(reverse("attachment-portrait", args=[other.public_id])).status_code == 404
    )


def test_an_address_leads_to_a_map_only_for_who_asked_for_it(place: Place) -> None:
    order = place.order()
    client = browser(place.liaison)
    assert "openstreetmap" not in read(place.liaison, page_of(order))
    assert "Turn map links on" in client.get("/account/").content.decode()

    client.post("/account/map-links/", {"map": "on"})

    text = read(place.liaison, page_of(order))
    assert SOMEWHERE in text
    assert 'rel="noopener noreferrer"' in text
    colleague = make.person(Role.LIAISON, place.police)
    assert "openstreetmap" not in read(colleague, page_of(order))
    client.post("/account/map-links/", {"map": "off"})
    assert "openstreetmap" not in read(place.liaison, page_of(order))
    assert "map" not in read(make.person(Role.SCHOOL, make.agency(AgencyKind.SCHOOL)), "/account/").lower()
