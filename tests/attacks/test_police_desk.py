"""No page, file or code of the police desk reveals the protected person, an advocate or a school."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import AgencyKind, Role, User
from notifications.models import Alert
from notifications.pages.figures import last_month
from notifications.services.firing.fire import Firer
from orders.models import FollowUp, Order, Receipt, StatementVerification
from orders.services.coming_service import plan_service
from orders.services.firearms.custody import Storage
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.statements import record_statement, verify_statement
from orders.services.firearms.surrender import surrender_rules
from orders.services.parties.agencies import add_agency
from orders.services.parties.releases import record_release
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, page_of
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db

#: What no page of the desk may hold.
CANARIES = (PROTECTED, "Robin", "Willow House", "Aspen School", "Ada Advocate")


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def marked(place: Place, *, hours: float | None = 55, **facts: Any) -> Order:
    """An order with everything that police must not see, and one of two firearms in custody."""
    now = timezone.now()
    order = place.order(hours=hours, firearms=2, **facts)
    house = make.agency(AgencyKind.ADVOCACY, name="Willow House")
    advocate = make.person(Role.ADVOCATE, house)
    User.objects.filter(pk=advocate.pk).update(name="Ada Advocate")
    record_release(
        order,
        agency=house,
        signed_on=court_date(now),
        begins_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=9),
        by=None,
        now=now,
    )
    school = make.agency(AgencyKind.SCHOOL, name="Aspen School")
    add_agency(order, agency=school, by=None, now=now)
    list_firearm(order, source="police", serial="Z-1", believed_place="Garage", by=None, now=now)
    if hours is not None:
        record_receipt(
            order,
            kind="police",
            received_at=now - timedelta(hours=2),
            agency=place.police,
            firearms=list(order.firearms.order_by("id")[:1]),
            storage=Storage(officer="Ofc. Reed"),
            by=None,
            now=now,
        )
    return order


def reveals(client: Client, address: str) -> list[str]:
    """The canaries in the response to a page: in its text, its headers, and every object of a file."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    parts: Any = getattr(answer, "streaming_content", None)
    raw = b"".join(parts) if parts else answer.content
    text = Pdf(raw).everything if raw.startswith(b"%PDF") else raw.decode()
    everything = unquote(f"{text} {dict(answer.headers)} {dict(client.cookies)}")
    return [one for one in CANARIES if one in everything]


def test_no_page_of_the_desk_reveals_the_protected_side(place: Place) -> None:
    order = marked(place)
    Firer("test").fire(now=timezone.now())
    receipt = Receipt.objects.get(order=order)
    follow_up = FollowUp.objects.get(deadline__rule_id__in=surrender_rules())
    client = browser(place.liaison)

    for address in (
        "/",
        "/board/",
        "/custody/",
        "/follow-ups/",
        f"/follow-ups/{follow_up.public_id}/",
        page_of(order),
        page_of(order, "receipt"),
        f"{page_of(order, 'receipt')}{receipt.public_id}/",
        page_of(order, "paper"),
        page_of(order, "custody"),
        page_of(order, "custody/labels"),
        f"/documents/receipts/{receipt.public_id}/",
        f"/documents/receipts/{receipt.public_id}/?language=es",
    ):
        assert reveals(client, address) == [], address


@pytest.mark.parametrize("role", [Role.LIAISON, Role.MARSHAL])
def test_the_page_of_a_visit_reveals_nothing_of_the_protected_side(place: Place, role: Role) -> None:
    order = marked(place, hours=None)
    person = place.liaison
    if role is Role.MARSHAL:
        office = make.agency(AgencyKind.MARSHAL)
        add_agency(order, agency=office, by=None, now=timezone.now())
        person = make.person(Role.MARSHAL, office)
    client = browser(person)

    for address in ("/", "/board/", page_of(order), page_of(order, "serve")):
        assert reveals(client, address) == [], address
        if role is Role.MARSHAL:
            for words in ("Z-1", "Garage", "Ruger"):
                assert words not in client.get(address).content.decode(), address


@pytest.mark.parametrize("kind", ["school", "licensing", "advocacy"])
def test_other_desks_see_no_page_of_police(place: Place, kind: str) -> None:
    order = marked(place)
    receipt = Receipt.objects.get(order=order)
    role = {"school": Role.SCHOOL, "licensing": Role.LICENSING, "advocacy": Role.ADVOCATE}[kind]
    office = make.agency(AgencyKind(kind))
    if kind != "advocacy":
        add_agency(order, agency=office, by=None, now=timezone.now())
    client = browser(make.person(role, office))

    for address in (
        "/board/",
        "/custody/",
        f"/custody/{order.firearms.earliest('id').public_id}/",
        page_of(order),
        page_of(order, "receipt"),
        f"{page_of(order, 'receipt')}{receipt.public_id}/",
        page_of(order, "serve"),
        page_of(order, "custody"),
        page_of(order, "custody/labels"),
    ):
        assert client.get(address).status_code == 404, address


def sworn(place: Place, order: Order) -> StatementVerification:
    """A denial that the police found true last month, so that it is in the sample."""
    now = timezone.now()
    at = last_month(now)[1] - timedelta(days=2)
    statement = record_statement(
        order, kind="non_possession", sworn_at=at - timedelta(days=1), by=None, now=now
    )
    return verify_statement(
        statement,
        verified_at=at,
        agency=place.police,
        verified_by="Det. Reed",
        method="records",
        by=None,
        now=now,
    )


def test_figures_second_looks_and_papers_reveal_nothing_of_the_protected_side(place: Place) -> None:
    order = marked(place, hours=24 * 40, issued_at=timezone.now() - timedelta(days=60))
    check = sworn(place, order)
    chief = make.person(Role.SUPERVISOR, place.police)
    client = browser(chief)

    for address in (
        "/figures/",
        "/figures/export/",
        f"/figures/looks/{check.public_id}/",
        f"/documents/orders/{order.public_id}/police-notice/",
    ):
        assert reveals(client, address) == [], address


def test_the_notice_of_a_coming_service_shows_when_and_where_and_no_one_else(place: Place) -> None:
    order, now = marked(place, hours=None), timezone.now()
    plan_service(order, planned_at=now + timedelta(hours=8), place="9 Oak Road", by=None, now=now)
    Firer("test").fire(now=timezone.now())
    alert = Alert.objects.get(recipient=place.liaison, checkpoint__deadline__rule_id="ANN-SERVICE-COMING")
    client = browser(place.liaison)

    for address in (f"/notices/{alert.public_id}/", page_of(order)):
        assert reveals(client, address) == [], address
        assert "9 Oak Road" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("school", Role.SCHOOL),
        ("licensing", Role.LICENSING),
        ("marshal", Role.MARSHAL),
        ("prosecutor", Role.PROSECUTOR),
        ("advocacy", Role.ADVOCATE),
        ("court", Role.CLERK),
    ],
)
def test_figures_and_second_looks_are_for_police_alone(place: Place, kind: str, role: Role) -> None:
    order = marked(place, hours=24 * 40, issued_at=timezone.now() - timedelta(days=60))
    check = sworn(place, order)
    office = make.agency(AgencyKind(kind))
    if kind not in ("advocacy", "court", "prosecutor"):
        add_agency(order, agency=office, by=None, now=timezone.now())
    client = browser(make.person(role, office))
    key = place.police.pk

    for address in ("/figures/", "/figures/export/", f"/figures/looks/{check.public_id}/"):
        assert client.get(address).status_code == 404, address
    for address in (
        f"/figures/{key}/ceiling/",
        f"/figures/{key}/reassign/",
        f"/figures/looks/{check.public_id}/",
    ):
        assert client.post(address, {"result": "reopened", "note": "x"}).status_code == 404, address
    assert StatementVerification.objects.exists()


@pytest.mark.parametrize(
    ("kind", "role"),
    [("school", Role.SCHOOL), ("licensing", Role.LICENSING), ("marshal", Role.MARSHAL)],
)
def test_a_coming_service_is_no_news_for_who_may_not_know(place: Place, kind: str, role: Role) -> None:
    order = marked(place, hours=None)
    elsewhere = make.person(role, make.agency(AgencyKind(kind)))
    if kind != "marshal":
        office = make.agency(AgencyKind(kind))
        add_agency(order, agency=office, by=None, now=timezone.now())
        elsewhere = make.person(role, office)
    plan_service(
        order,
        planned_at=timezone.now() + timedelta(hours=8),
        place="9 Oak Road",
        by=None,
        now=timezone.now(),
    )
    Firer("test").fire(now=timezone.now() + timedelta(hours=7))

    heard = Alert.objects.filter(
        checkpoint__deadline__rule_id__in=("ANN-SERVICE-COMING", "ANN-NOT-PICKED-UP")
    )
    assert not heard.filter(recipient=elsewhere).exists()
    client = browser(elsewhere)
    assert client.get(page_of(order)).status_code == 404
    assert "9 Oak Road" not in client.get("/").content.decode()
    for alert in heard:
        assert client.get(f"/notices/{alert.public_id}/").status_code == 404
