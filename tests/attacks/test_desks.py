"""No desk of a marshal, a prosecutor, the licensing unit or a school reveals the protected side of a case."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from accounts.narrowing import present
from notifications.services.firing.fire import Firer
from orders.models import FollowUp, Order
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.referrals import refer
from orders.services.parties.agencies import add_agency
from tests import make
from tests.attacks.test_police_desk import CANARIES, marked, reveals
from tests.orders.cases.places import Place, browser, make_place, page_of

pytestmark = pytest.mark.django_db

#: What a marshal, the licensing unit and a school must not see either: the firearms.
FIREARMS = ("Ruger", "Z-1", "Garage")


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def member(order: Order, kind: AgencyKind, role: Role) -> User:
    """A person of an agency of this kind that was added to the order."""
    agency = make.agency(kind)
    add_agency(order, agency=agency, by=None, now=timezone.now())
    return make.person(role, agency)


def test_no_desk_reveals_the_protected_side(place: Place) -> None:
    order, unserved = marked(place), marked_unserved(place)
    marshal = member(order, AgencyKind.MARSHAL, Role.MARSHAL)
    add_agency(unserved, agency=present(marshal.memberships.get().agency), by=None, now=timezone.now())
    officer = member(order, AgencyKind.LICENSING, Role.LICENSING)
    Firer("test").fire(now=timezone.now())
    task = FollowUp.objects.get(order=order, deadline__rule_id__in=surrender_rules())
    prosecutor = make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR))
    refer(
        task,
        agency=present(prosecutor.memberships.get().agency),
        reason="Refused",
        by=place.liaison,
        now=timezone.now(),
    )

    pages = {
        marshal: (
            *("/", "/service/", "/service/pay/", page_of(order), page_of(order, "return-of-service")),
            *(page_of(unserved), page_of(unserved, "pick-up"), page_of(unserved, "serve")),
            f"/documents/orders/{order.public_id}/",
        ),
        officer: ("/", "/licensing/", f"/licensing/{order.public_id}/"),
        prosecutor: ("/", "/referrals/", page_of(order), f"/follow-ups/{task.public_id}/"),
    }
    for person, addresses in pages.items():
        client = browser(person)
        for address in addresses:
            assert reveals(client, address) == [], address
            if person is not prosecutor:
                text = client.get(address).content.decode()
                assert not any(one in text for one in FIREARMS), address


def marked_unserved(place: Place) -> Order:
    """An order that is not served, with a school that no one else may know of."""
    order = place.order("Una Unserved", hours=None)
    add_agency(
        order, agency=make.agency(AgencyKind.SCHOOL, name="Aspen College"), by=None, now=timezone.now()
    )
    return order


def test_a_school_sees_its_notices_and_no_desk_of_others(place: Place) -> None:
    order = marked(place)
    official = member(order, AgencyKind.SCHOOL, Role.SCHOOL)
    Firer("test").fire(now=timezone.now())
    client = browser(official)

    text = client.get("/school/").content.decode()

    assert "Ash Birch" in text
    assert not any(one in text for one in (*CANARIES, *FIREARMS, "7 Elm Lane"))
    for address in (
        "/service/",
        "/service/pay/",
        "/referrals/",
        "/licensing/",
        page_of(order, "return-of-service"),
    ):
        assert client.get(address).status_code == 404, address
