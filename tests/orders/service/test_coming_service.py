"""A coming service: announced by who serves, answered by police, shown to both on board and case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import ComingService
from orders.services.coming_service import answer_presence, plan_service
from orders.services.parties.agencies import add_agency
from orders.services.service import record_service
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
