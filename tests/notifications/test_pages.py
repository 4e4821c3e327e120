"""The page of an alert: who sees it, what it shows and leaves out, and who may acknowledge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import format_instant
from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from notifications.models import Alert, Via
from notifications.services.firing.fire import Firer
from orders.models import Capacity, FollowUp, HistoryEntry, Order, OrderAgency, Transfer
from orders.services.firearms import inventory, receipts
from orders.services.follow_ups.transfers import answer_transfer, offer_transfer
from orders.services.parties.agencies import add_agency
from tests import make

pytestmark = pytest.mark.django_db


@dataclass
class Place:
    """A court, police, and the people who are notified there."""

    court: Agency
    police: Agency
    town: Town
    clerk: User
    liaison: User


@pytest.fixture
def place(db: None) -> Place:
    """A court and a police department with one person each."""
    court, police = make.agency(AgencyKind.COURT), make.agency(name="Elm Police")
    return Place(
        court=court,
        police=police,
        town=make.town(police),
        clerk=make.person(Role.CLERK, court),
        liaison=make.person(Role.LIAISON, police),
    )


def overdue(place: Place, count: int = 1) -> Order:
    """Orders whose surrender deadline has just been found overdue; the last of them."""
    now = timezone.now()
    for _ in range(count):
        order = make.served_order(
            now=now,
            ago=timedelta(hours=24, minutes=1),
            issued_at=now - timedelta(days=2),
            court=place.court,
            respondent_town=place.town,
            respondent_name="Ash Birch",
            protected_person="Robin Elm",
        )
        inventory.list_firearm(
            order, source="application", make="Ruger", serial=f"S-{order.pk}", by=None, now=now
        )
    Firer("test").fire(now=now)
    return order


def browser(person: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(person)
    return client


def notice_of(order: Order, person: User) -> str:
    """The address of the person's notice about the order."""
    return f"/notices/{Alert.objects.get(order=order, recipient=person).public_id}/"


def test_a_notice_shows_what_is_due_since_when_and_the_firearms(place: Place) -> None:
    order = overdue(place)

    page = browser(place.liaison).get(notice_of(order, place.liaison)).content.decode()

    for said in (
        "Firearms and ammunition are surrendered",
        "Overdue since",
        "Ash Birch",
        place.town.name,
        order.case.docket_number,
        f"Ruger, serial S-{order.pk}",
        "Believed held",
        "Application",
        "C.G.S. § 29-36k(b)",
        f"Elm Police, {place.liaison.name}",
        "Acknowledge",
    ):
        assert said in page


def test_the_licensing_unit_reads_of_the_permit_and_not_what_is_held(place: Place) -> None:
    order = overdue(place)
    Order.objects.update(permit_indicated=True)
    unit = make.agency(AgencyKind.LICENSING)
    officer = make.person(Role.LICENSING, unit)
    add_agency(order, agency=unit, by=None, now=timezone.now())
    alert = Alert.objects.get(order=order, recipient=place.liaison)
    own = Alert.objects.get(pk=alert.pk)
    own.pk, own.public_id, own.idem_key = None, uuid4(), "licensing"
    own.agency, own.recipient, own.capacity = unit, officer, "licensing"
    own.save()

    for reader, shown, is_listed in ((officer, own, False), (place.liaison, alert, True)):
        page = browser(reader).get(f"/notices/{shown.public_id}/").content.decode()
        assert "The respondent holds a permit" in page
        assert ("Ruger" in page) == is_listed


def test_the_protected_person_is_on_no_page_that_police_read(place: Place) -> None:
    order = overdue(place)
    liaison = browser(place.liaison)

    for address in ("/", notice_of(order, place.liaison)):
        assert "Robin Elm" not in liaison.get(address).content.decode()


def test_an_acknowledgment_is_stored_shown_and_part_of_the_history(place: Place) -> None:
    order = overdue(place)
    address = notice_of(order, place.liaison)
    liaison = browser(place.liaison)

    response = liaison.post(f"{address}acknowledge/")

    # Who is sent out goes straight on to the case.
    assert response.headers["Location"] == f"/cases/{order.public_id}/"
    assert "Acknowledged. It is in the history" in liaison.get(response.headers["Location"]).content.decode()
    assert f"Acknowledged by {place.liaison.name}" in liaison.get(address).content.decode()
    assert HistoryEntry.objects.filter(order=order, kind="acknowledged", actor=place.liaison).count() == 1
    assert "Acknowledge and open" not in liaison.get("/").content.decode()


def test_a_second_acknowledgment_changes_nothing(place: Place) -> None:
    order = overdue(place)
    address = notice_of(order, place.liaison)
    colleague = make.person(Role.LIAISON, place.police)

    browser(place.liaison).post(f"{address}acknowledge/")
    page = browser(colleague).post(f"{address}acknowledge/", follow=True).content.decode()

    assert f"Acknowledged by {place.liaison.name}" in page
    assert HistoryEntry.objects.filter(kind="acknowledged").count() == 1


def test_an_acknowledgment_needs_a_post(place: Place) -> None:
    address = notice_of(overdue(place), place.liaison)

    answer = browser(place.liaison).get(f"{address}acknowledge/")

    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert not HistoryEntry.objects.filter(kind="acknowledged").exists()


def test_an_alert_to_another_agency_cannot_be_acknowledged(place: Place) -> None:
    order = overdue(place)
    address = notice_of(order, place.liaison)
    clerk, judge = browser(place.clerk), browser(make.person(Role.JUDGE, place.court))

    for reader in (clerk, judge):
        page = reader.get(address).content.decode()
        assert "Not acknowledged yet by Elm Police." in page
        assert '<button type="submit" class="primary">' not in page
        assert reader.post(f"{address}acknowledge/").status_code == 404
    assert not HistoryEntry.objects.filter(kind="acknowledged").exists()


def test_who_may_not_see_the_order_gets_what_does_not_exist(place: Place) -> None:
    address = notice_of(overdue(place), place.liaison)
    strangers = [
        make.person(Role.LIAISON, make.agency()),
        make.person(Role.CLERK, make.agency(AgencyKind.COURT)),
        make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)),
        make.person(Role.ADMINISTRATOR),
    ]
    absent = browser(strangers[0]).get("/notices/00000000-0000-4000-8000-000000000000/").content

    for stranger in strangers:
        reader = browser(stranger)
        assert reader.get(address).status_code == 404
        assert reader.post(f"{address}acknowledge/").status_code == 404
    assert browser(strangers[0]).get(address).content == absent


def test_an_alert_without_a_recipient_shows_the_administrator_only_the_agency(place: Place) -> None:
    place.liaison.memberships.get().delete()
    administrator = make.person(Role.ADMINISTRATOR)
    order = overdue(place)
    alert = Alert.objects.get(recipient=administrator)
    reader = browser(administrator)
    address = f"/notices/{alert.public_id}/"

    pages = [reader.get(address).content.decode(), reader.get("/").content.decode()]

    assert alert.via == Via.FALLBACK
    for page in pages:
        assert "Elm Police" in page
        assert f"/admin/accounts/agency/{place.police.pk}/change/" in page
        for secret in ("Ash Birch", "Robin Elm", order.case.docket_number, place.town.name, "Firearms"):
            assert secret not in page
    assert "No one at this agency receives alerts" in pages[0]
    assert reader.post(f"{address}acknowledge/").status_code == 404


def test_another_administrator_does_not_read_it(place: Place) -> None:
    place.liaison.memberships.get().delete()
    administrator = make.person(Role.ADMINISTRATOR)
    overdue(place)
    alert = Alert.objects.get(recipient=administrator)

    later = make.person(Role.ADMINISTRATOR)

    assert browser(later).get(f"/notices/{alert.public_id}/").status_code == 404


def test_an_agency_that_has_somebody_again_is_no_longer_missed(place: Place) -> None:
    place.liaison.memberships.get().delete()
    administrator = make.person(Role.ADMINISTRATOR)
    overdue(place)
    alert = Alert.objects.get(recipient=administrator)

    Membership.objects.create(user=place.liaison, agency=place.police, role=Role.LIAISON)

    reader = browser(administrator)
    assert "Elm Police" not in reader.get("/").content.decode()
    assert "Alerts reach this agency again" in reader.get(f"/notices/{alert.public_id}/").content.decode()


@pytest.mark.parametrize(
    ("role", "kind", "said"),
    [
        (Role.CLERK, AgencyKind.COURT, "/admin/orders/order/"),
        (Role.JUDGE, AgencyKind.COURT, "/admin/orders/order/"),
        (Role.ADVOCATE, AgencyKind.ADVOCACY, "after your client signs a release"),
        (Role.LIAISON, AgencyKind.POLICE, "You have no alerts to acknowledge."),
        (Role.ADMINISTRATOR, None, "/admin/accounts/user/"),
    ],
)
def test_home_shows_the_cards_of_each_role(role: Role, kind: AgencyKind | None, said: str) -> None:
    page = browser(make.person(role, make.agency(kind) if kind else None)).get("/").content.decode()

    assert said in page
    assert ("/admin/" in page) == (role in (Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR))
    assert ('href="/follow-ups/"' in page) == (role in (Role.CLERK, Role.JUDGE, Role.LIAISON))
    assert ('<a href="/releases/">Your clients&#x27; orders</a>' in page) == (role == Role.ADVOCATE)


def test_a_deadline_met_since_is_shown_as_met(place: Place) -> None:
    order = overdue(place)
    now = timezone.now()
    receipts.record_receipt(
        order,
        kind="police",
        received_at=now,
        firearms=list(order.firearms.all()),
        agency=place.police,
        by=None,
        now=now,
    )

    page = browser(place.liaison).get(notice_of(order, place.liaison)).content.decode()

    assert "Overdue since" not in page
    assert ", after it was due" in page
    assert f"Accounted for: Ruger, serial S-{order.pk} (in police custody)" in page


def test_home_takes_as_many_queries_for_fifty_alerts_as_for_five(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.views.cases.board.MOST", 2)
    overdue(place, 5)
    few = queries(place.liaison)

    overdue(place, 45)

    assert queries(place.liaison) == few


def test_home_pages_through_more_alerts_than_fit(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.pages.home.PAGE", 2)
    monkeypatch.setattr("orders.views.cases.board.MOST", 0)
    overdue(place, 3)
    reader = browser(place.liaison)

    def listed(**query: str) -> int:
        _, table = reader.get("/", query).content.decode().split("To acknowledge")
        return table.count("/notices/")

    assert listed() == 2
    assert listed(page="2") == 1
    assert reader.get("/", {"page": "no"}).status_code == 200


def queries(person: User) -> int:
    """How many queries the person's home takes."""
    reader = browser(person)
    with CaptureQueriesContext(connection) as captured:
        assert reader.get("/").status_code == 200
    return len(captured)


def test_times_are_the_courts(place: Place) -> None:
    order = overdue(place)
    assert order.served_at
    served: datetime = order.served_at

    page = browser(place.liaison).get(notice_of(order, place.liaison)).content.decode()

    assert format_instant(served) in page
    assert f"{served:%H:%M:%S} UTC" not in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [("", "Who must act:"), ("?language=es", "Quién debe actuar:"), ("?language=xx", "Who must act:")],
)
def test_reasons_are_read_in_the_language_asked_for(place: Place, asked: str, said: str) -> None:
    order = overdue(place)

    page = browser(place.liaison).get(notice_of(order, place.liaison) + asked).content.decode()

    assert said in page


# ---- offers ------------------------------------------------------------------------------------------------


def offered(place: Place, other: Agency, count: int = 1) -> Transfer:
    """Follow-ups of so many orders, offered to other police; the last offer."""
    for _ in range(count):
        task = FollowUp.objects.get(order=overdue(place), deadline__rule_id="CT-SUR-01")
        offer = offer_transfer(
            task, to_agency=other, reason="The gun is with you", by=place.liaison, now=timezone.now()
        )
    return offer


def test_an_offer_shows_who_offered_it_and_why_and_links_to_its_page(place: Place) -> None:
    other = make.agency(name="Oak Police")
    elsewhere = make.person(Role.LIAISON, other)
    offer = offered(place, other)
    theirs = browser(elsewhere)
    address = notice_of(offer.order, elsewhere)

    home = theirs.get("/").content.decode()
    notice = theirs.get(address).content.decode()
    paper = theirs.get(f"{address}print/").content.decode()

    for page in (home, notice, paper):
        assert "Offered to Oak Police by Elm Police" in page
    assert address in home
    assert "The gun is with you" in notice
    assert "Accept or decline" in notice
    assert "your agency will act on it" not in notice, "to read an offer is not to accept it"
    assert f"/follow-ups/{offer.follow_up.public_id}/" in notice

    answer_transfer(offer, accepted=True, by=elsewhere, now=timezone.now())

    assert address not in theirs.get("/").content.decode()
    answered = theirs.get(address).content.decode()
    assert "Accept or decline" not in answered
    assert "Open the follow-up" in answered


def test_a_declined_offer_shows_who_declined_it_and_why(place: Place) -> None:
    other = make.agency(name="Oak Police")
    elsewhere = make.person(Role.LIAISON, other)
    offer = offered(place, other)
    answer_transfer(offer, accepted=False, reason="Moved on", by=elsewhere, now=timezone.now())
    refusal = Alert.objects.get(transfer=offer, recipient=place.liaison)

    home = browser(place.liaison).get("/").content.decode()
    notice = browser(place.liaison).get(f"/notices/{refusal.public_id}/").content.decode()

    assert "Declined by Oak Police" in home
    assert "Declined by Oak Police</strong>: Moved on" in notice
    assert f"/follow-ups/{offer.follow_up.public_id}/" in notice


def test_an_offer_is_nothing_to_a_marshal(place: Place) -> None:
    other = make.agency()
    elsewhere = make.person(Role.LIAISON, other)
    offer = offered(place, other)
    marshals = make.agency(AgencyKind.MARSHAL)
    marshal = make.person(Role.MARSHAL, marshals)
    OrderAgency.objects.create(order=offer.order, agency=marshals, capacity=Capacity.MARSHAL)

    # A marshal sees alerts to the own agency only, and no alert about a transfer.
    assert browser(marshal).get(notice_of(offer.order, place.liaison)).status_code == 404
    Alert.objects.filter(order=offer.order, recipient=elsewhere).update(agency=marshals)
    assert browser(marshal).get(notice_of(offer.order, elsewhere)).status_code == 404
    Alert.objects.filter(order=offer.order, recipient=place.liaison).update(agency=marshals)
    assert browser(marshal).get(notice_of(offer.order, place.liaison)).status_code == 200


def test_the_queries_of_home_do_not_grow_with_the_offers(place: Place) -> None:
    other = make.agency()
    theirs = browser(make.person(Role.LIAISON, other))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert theirs.get("/").status_code == 200
        return len(queries)

    offered(place, other)
    asked()
    for_one = asked()
    offered(place, other, 3)

    assert asked() == for_one
