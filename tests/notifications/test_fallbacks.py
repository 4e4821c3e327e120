"""The court hears that no one at an agency could be notified, once for a case, an agency and a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from accounts.models import AgencyKind, Role, User
from notifications.models import Alert, AlertState, FollowUpNote, PendingAcknowledgment, Via
from notifications.services import fallbacks
from notifications.services.delivery import sending
from notifications.services.escalation.escalation import escalate
from notifications.services.fallbacks import notify_courts
from orders.models import Capacity, OrderAgency
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import DUE, OrderFixture, set_up

pytestmark = pytest.mark.django_db

COURT, UNREACHED = Capacity.COURT.value, FollowUpNote.UNREACHED.value


@pytest.fixture
def fixture() -> OrderFixture:
    """An order whose police have no one, and an administrator."""
    found = set_up()
    found.liaison.memberships.update(receives_alerts=False)
    make.person(Role.ADMINISTRATOR)
    return found


def noted() -> list[Alert]:
    return list(Alert.objects.exclude(note="").order_by("id"))


def test_the_clerk_hears_of_an_alert_that_fell_back(fixture: OrderFixture) -> None:
    (fell_back,) = fixture.fire_alone(["respondent_police"])
    assert fell_back.via == Via.FALLBACK

    notify_courts()

    (alert,) = noted()
    assert (alert.recipient, alert.agency, alert.capacity) == (fixture.clerk, fixture.court, COURT)
    assert (alert.note, alert.checkpoint, alert.state) == (UNREACHED, fell_back.checkpoint, AlertState.READY)
    assert notify_courts() == 0


def test_once_for_a_case_an_agency_and_a_day(fixture: OrderFixture) -> None:
    fixture.fire(["respondent_police"], now=DUE)
    notify_courts()
    fixture.fire(now=DUE + timedelta(hours=24))
    assert Alert.objects.filter(via=Via.FALLBACK, court_notified_at=None).exists()
    notify_courts()
    assert len(noted()) == 1

    office = make.agency(AgencyKind.MARSHAL)
    OrderAgency.objects.create(order=fixture.order, agency=office, capacity=Capacity.MARSHAL)
    Alert.objects.filter(note="").delete()
    fixture_check = fixture.order.deadlines.get(rule_id="CT-SUR-01").checkpoints.get(name="escalate-24h")
    Alert.objects.create(
        checkpoint=fixture_check,
        order=fixture.order,
        agency=office,
        capacity=Capacity.MARSHAL,
        recipient=make.person(Role.ADMINISTRATOR),
        via=Via.FALLBACK,
        idem_key="another agency",
    )
    notify_courts()
    assert len(noted()) == 2


def test_the_message_names_no_one_and_the_page_names_the_agency(
    fixture: OrderFixture, ledger: Ledger
) -> None:
    fixture.fire_alone(["respondent_police"])
    notify_courts()
    sending.drain(worker="w")
    (alert,) = noted()

    (line,) = [one for one in ledger.lines() if one["to"] == [fixture.clerk.email]]
    assert "A notice is waiting for you" in str(line)
    assert fixture.police.name not in str(line)
    page = _page(fixture.clerk, alert)
    assert "No one at an agency could be notified" in page
    assert fixture.police.name in page
    assert "Call the agency" in page


def test_what_no_step_of_the_ladder_reaches_is_known_to_the_court(fixture: OrderFixture) -> None:
    fixture.fire(["respondent_police"])
    Alert.objects.all().delete()
    PendingAcknowledgment.objects.update(next_step_at=F("asked_at"))
    escalate()
    assert Alert.objects.filter(via=Via.FALLBACK).exists()

    notify_courts()

    assert [one.recipient for one in noted()] == [fixture.clerk]


def test_the_court_does_not_hear_whose_client_a_person_is(fixture: OrderFixture) -> None:
    fixture.release()

    found = fixture.fire_alone(["advocate"])

    assert {one.via for one in found} == {Via.FALLBACK}
    assert notify_courts() == 1
    assert noted() == []


def test_a_court_without_anyone_is_not_notified_of_itself(fixture: OrderFixture) -> None:
    fixture.clerk.memberships.update(receives_alerts=False)
    fixture.fire(["respondent_police", "court"])

    notify_courts()

    assert noted() == []


def test_only_the_court_sees_that_a_school_was_not_reached(fixture: OrderFixture) -> None:
    school = make.agency(AgencyKind.SCHOOL)
    OrderAgency.objects.create(order=fixture.order, agency=school, capacity=Capacity.SCHOOL)
    fixture.fire_alone(["school"])

    notify_courts()

    (alert,) = noted()
    assert alert.note == FollowUpNote.NO_SCHOOL
    assert alert in Alert.objects.visible_to(fixture.clerk)
    assert alert not in Alert.objects.visible_to(fixture.liaison)
    assert alert.for_history["capacity"] == Capacity.SCHOOL
    assert school.name in _page(fixture.clerk, alert)


def test_of_what_fell_back_long_ago_no_court_is_notified(fixture: OrderFixture) -> None:
    fixture.fire_alone(["respondent_police"])
    Alert.objects.update(created_at=Now() - timedelta(days=2))

    assert notify_courts() == 1
    assert noted() == []


def test_the_page_of_an_order_without_the_agency_shows_the_lack(fixture: OrderFixture) -> None:
    fixture.fire_alone(["prosecutor"])

    notify_courts()

    (alert,) = noted()
    assert "no agency is named for it" in _page(fixture.clerk, alert)


def test_one_that_fails_stops_no_other(fixture: OrderFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    other = set_up()
    other.liaison.memberships.update(receives_alerts=False)
    fixture.fire(["respondent_police"])
    other.fire(["respondent_police"])
    Alert.objects.exclude(checkpoint__name="check").delete()
    usual = fallbacks._notify

    def fails(alert: Alert, now: object) -> None:
        if alert.order == fixture.order:
            raise ValueError("cannot")
        usual(alert, NOW)

    monkeypatch.setattr(fallbacks, "_notify", fails)
    notify_courts()

    assert [one.recipient for one in noted()] == [other.clerk]
    assert Alert.objects.filter(via=Via.FALLBACK, court_notified_at=None).get().order == fixture.order


def _page(user: User, alert: Alert) -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/notices/{alert.public_id}/").content.decode()
