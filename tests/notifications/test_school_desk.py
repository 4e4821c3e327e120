"""The desk of a school: the notices that the law sends it, acknowledged or not, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, User
from notifications.models import Alert, Channel
from notifications.pages import school as page
from notifications.services.firing.fire import Firer
from orders.models import Order
from orders.services.parties.agencies import add_agency
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def school(db: None) -> Agency:
    return make.agency(AgencyKind.SCHOOL)


@pytest.fixture
def official(school: Agency) -> User:
    return make.person(Role.SCHOOL, school)


def copied(place: Place, school: Agency, name: str = "Ash Birch") -> Order:
    """An order whose copy went to the school."""
    order = place.order(name, hours=None)
    add_agency(order, agency=school, by=None, now=timezone.now() - timedelta(minutes=1))
    Firer("test").fire(now=timezone.now())
    return order


def test_a_notice_waits_until_it_is_acknowledged(place: Place, school: Agency, official: User) -> None:
    assert "Every notice is acknowledged." in read(official, "/school/")
    order = copied(place, school)
    notice = Alert.objects.get(recipient=official, channel=Channel.EMAIL)
    Agency.objects.filter(pk=order.case.court_id).update(telephone="860-555-0142")

    waiting = read(official, "/school/").split("Acknowledged</h2>")[0]
    page = read(official, f"/notices/{notice.public_id}/")

    assert "A copy of the order was requested for your school" in waiting
    assert "Ash Birch" in waiting
    assert 'href="/school/"' in page
    # “Call the clerk if the copy has not arrived.”
    assert '<a href="tel:860-555-0142">860-555-0142</a>' in page
    # What the law does not send the school does not exist for it.
    for words in (PROTECTED, "7 Elm Lane", "Ruger"):
        assert words not in waiting + page
    assert browser(official).get(page_of(order)).status_code == 404
    browser(official).post(f"/notices/{notice.public_id}/acknowledge/")
    assert "acknowledged by" in read(official, "/school/").split("Acknowledged</h2>")[1]


def test_no_one_else_has_the_desk_or_its_rows(place: Place, school: Agency, official: User) -> None:
    copied(place, school)
    other = make.person(Role.SCHOOL, make.agency(AgencyKind.SCHOOL))

    assert "Ash Birch" not in read(other, "/school/")
    for person in (place.liaison, make.person(Role.CLERK, place.court)):
        assert browser(person).get("/school/").status_code == 404


def test_the_page_asks_as_often_for_many_notices_as_for_one(
    place: Place, school: Agency, official: User
) -> None:
    client = browser(official)
    copied(place, school)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/school/").status_code == 200
        return len(found)

    queries()
    one = queries()
    for number in range(3):
        copied(place, school, f"Person {number}")
    assert queries() == one


def test_what_was_read_does_not_push_out_what_waits(
    place: Place, school: Agency, official: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST", 1)
    copied(place, school, "Ash Birch")
    copied(place, school, "Lee Other")
    newest = Alert.objects.filter(recipient=official, channel=Channel.EMAIL).latest("id")
    browser(official).post(f"/notices/{newest.public_id}/acknowledge/")

    assert "Ash Birch" in read(official, "/school/").split("Acknowledged</h2>")[0]
