"""A coming service: announced by who serves, answered by police, shown to both on board and case."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role, Town, User
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import ComingService, Order
from orders.services.coming_service import COMING_SERVICE, answer_presence, plan_service
from orders.services.parties.agencies import add_agency
from orders.services.service import record_service, town_of_service
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def test_a_marshal_announces_and_police_answer(place: Place) -> None:
    order, now = place.order(hours=None, firearms=0, firearms_indicated=False), timezone.now()
    office = make.agency(AgencyKind.MARSHAL)
    marshal = make.person(Role.MARSHAL, office)
    add_agency(order, agency=office, by=None, now=now)
    assert "Ash Birch" not in read(place.liaison, "/")
    sent = {
        **instant("planned_at", now + timedelta(hours=5)),
        "place": "9 Oak Street",
        "officer": "Marshal Ash",
        "asks_police": "on",
    }

    assert browser(marshal).post(page_of(order, "plan-service"), sent)["Location"] == page_of(order)

    coming = ComingService.objects.get()
    board = read(place.liaison, "/")
    assert "9 Oak Street. Police are asked to be present: no answer yet" in board
    assert page_of(order, "answer-presence") in read(place.liaison, page_of(order))
    assert page_of(order, "answer-presence") not in read(marshal, page_of(order))
    answer = {"coming": coming.pk, "agency": place.police.pk, "answer": "no"}
    client = browser(place.liaison)
    assert "Enter why not" in client.post(page_of(order, "answer-presence"), answer).content.decode()
    client.post(page_of(order, "answer-presence"), {**answer, "answer": "yes", "answer_note": "Car 12"})

    for person in (marshal, place.liaison):
        for address in ("/", page_of(order)):
            text = read(person, address)
            assert "Elm Police will be present: Car 12" in text, (person, address)
            assert PROTECTED not in text
    assert browser(place.elsewhere).get(page_of(order, "answer-presence")).status_code == 404
    history = str(list(order.history.values_list("kind", "data", "reason")))
    assert "service_planned" in history
    assert "Oak" not in history


def test_police_answer_for_their_own_agency_and_an_announcement_has_a_time_ahead(place: Place) -> None:
    order, now = place.order(hours=None), timezone.now()
    with pytest.raises(InvalidFact) as past:
        plan_service(order, planned_at=now - timedelta(minutes=1), place="9 Oak Street", by=None, now=now)
    coming = plan_service(order, planned_at=now + timedelta(hours=1), place="9 Oak Street", by=None, now=now)
    with pytest.raises(InvalidFact) as others:
        answer_presence(coming, answer="yes", agency=make.agency(), by=place.liaison, now=now, answer_note="")
    assert (past.value.code, others.value.code) == ("not_ahead", "not_yours")

    record_service(order, served_at=now, service_method="in_hand", by=None, now=now)

    with pytest.raises(InvalidFact) as served:
        plan_service(order, planned_at=now + timedelta(hours=2), place="9 Oak Street", by=None, now=now)
    assert served.value.code == "already_served"
    assert "Service is announced" not in read(place.liaison, page_of(order))


def elsewhere(order: Order, now: datetime) -> tuple[Town, User]:
    """Another town, where the order will be served in five hours, and the liaison of its police."""
    town = make.town()
    liaison = make.person(Role.LIAISON, town.police)
    plan_service(
        order, planned_at=now + timedelta(hours=5), place="9 Oak Street", town=town, by=None, now=now
    )
    return town, liaison


def heard(liaison: User) -> set[str]:
    """The rules that the person is alerted about once all that is due has fired."""
    Firer("test").fire(budget=60)
    found = Alert.objects.filter(recipient=liaison).values_list("checkpoint__deadline__rule_id", flat=True)
    assert len(set(found)) == len(found)
    return set(found)


def test_police_of_another_town_hear_of_the_service_before_it_and_of_what_follows(place: Place) -> None:
    order, now = place.order(hours=None), timezone.now()
    _, liaison = elsewhere(order, now)

    assert heard(liaison) == {"ANN-SERVICE-COMING"}
    assert "9 Oak Street" in read(liaison, "/")
    record_service(order, served_at=now, service_method="in_hand", by=None, now=timezone.now())
    assert "ANN-SERVED" in heard(liaison)


@pytest.mark.parametrize("is_known", [True, False])
def test_the_town_of_the_return_of_service_replaces_the_announced_one(place: Place, is_known: bool) -> None:
    order, now = place.order(hours=None), timezone.now()
    announced, _ = elsewhere(order, now)
    other = make.town() if is_known else None

    assert town_of_service(order) == announced
    record_service(order, served_at=now, service_method="in_hand", town=other, by=None, now=now)
    assert town_of_service(order) == other


def test_police_of_a_notice_that_was_withdrawn_are_taken_off_with_the_last_one(place: Place) -> None:
    order, now = place.order(hours=None), timezone.now()
    town, liaison = elsewhere(order, now)
    second = plan_service(order, planned_at=now + timedelta(hours=9), place="9 Oak Street", by=None, now=now)
    first = ComingService.objects.exclude(pk=second.pk).get()

    COMING_SERVICE.withdraw(first, by=None, now=now, reason="Another day.")
    assert town_of_service(order) == town
    COMING_SERVICE.withdraw(second, by=None, now=now, reason="Another day.")
    assert town_of_service(order) is None
    assert browser(liaison).get(page_of(order)).status_code == 404
