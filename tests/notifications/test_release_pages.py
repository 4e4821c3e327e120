"""What advocates read on pages: how orders stand while a release does, no names, and the safe contact."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AgencyKind, AuditEntry, Role, User
from notifications.models import Alert, SafeContact, Via
from notifications.services import stops
from notifications.services.firing import Firer
from orders.models import Deadline, DeadlineState, Event, Release
from orders.services import releases
from tests import make
from tests.accounts.test_second_factor import settings_with
from tests.api.stage import Stage, add_more, set_up

pytestmark = pytest.mark.django_db

SECRETS = ("Ash Birch", "Sky Linden")
CONTACT = {
    "act": "set",
    "channel": "email",
    "address": "quiet.heron@mail.example",
    "phrase": "The herons are back",
    "language": "en",
    "hours_from": "10:00",
    "hours_until": "12:30",
    "confirm_every_days": "30",
}


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def person(stage: Stage) -> User:
    return make.person(Role.ADVOCATE, stage.organization)


@pytest.fixture
def advocate(person: User) -> Client:
    return browser(person)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def path_of(stage: Stage) -> str:
    return f"/releases/{stage.release.public_id}/"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_list_and_the_page_say_how_an_order_stands_and_name_nobody(
    stage: Stage, advocate: Client
) -> None:
    pages = [text(advocate.get("/releases/")), text(advocate.get(path_of(stage)))]

    for page in pages:
        for said in (
            stage.order.case.docket_number,
            stage.court.name,
            "Ex parte restraining order",
            "Firearms and ammunition are surrendered",
            "Overdue",
            "Compliance, ",
        ):
            assert said in page
        for secret in (*SECRETS, stage.town.name, stage.police.name, "S-1"):
            assert secret not in page
        assert "Exit this page" in page
        assert 'href="https://www.weather.gov"' in page
    assert "nobody has recorded here that it was done" in pages[1]
    assert [one.cases for one in AuditEntry.objects.all()] == [[stage.order.case.public_id]] * 2


def test_the_way_out_is_a_setting_and_for_advocates(
    stage: Stage, advocate: Client, settings: Settings
) -> None:
    settings.EXIT_URL = "https://news.example"

    assert 'href="https://news.example"' in text(advocate.get("/"))
    assert "Exit this page" not in text(browser(make.person(Role.LIAISON, stage.police)).get("/"))


def test_no_page_stays_in_the_browser(stage: Stage, advocate: Client) -> None:
    assert advocate.get(path_of(stage)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", [one for one in Role if one != Role.ADVOCATE])
def test_who_is_no_advocate_finds_nothing(role: Role, stage: Stage) -> None:
    places = {
        Role.CLERK: stage.court,
        Role.JUDGE: stage.court,
        Role.LIAISON: stage.police,
        Role.SUPERVISOR: stage.police,
    }
    if role.value in AgencyKind.values:
        places[role] = make.agency(AgencyKind(role.value))
    reader = browser(make.person(role, places.get(role)))

    assert [reader.get(one).status_code for one in ("/releases/", path_of(stage))] == [404, 404]
    assert reader.post(path_of(stage), CONTACT).status_code == 404


def test_a_release_to_another_organization_is_as_one_that_is_not_there(stage: Stage) -> None:
    stranger = browser(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))

    answers = [stranger.get(one) for one in (path_of(stage), f"/releases/{uuid.uuid4()}/")]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    for act in ("set", "confirm", "end", "revoke"):
        assert stranger.post(path_of(stage), CONTACT | {"act": act}).status_code == 404
    assert not SafeContact.objects.exists()
    assert "No release to your organization stands." in text(stranger.get("/releases/"))


def test_many_orders_take_as_many_queries_as_few_and_a_page_is_bounded(
    stage: Stage, advocate: Client
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            text(advocate.get(path))
        return len(captured)

    few = queries("/releases/"), queries(path_of(stage))
    Release.objects.bulk_create(
        Release(
            order=make.order(now=stage.now, issued_at=stage.now - timedelta(days=1), court=stage.court),
            agency=stage.organization,
            signed_on=stage.now.date(),
            begins_at=stage.now - timedelta(hours=1),
            ends_at=stage.now + timedelta(days=1),
        )
        for _ in range(27)
    )
    add_more(stage, 2, make.person(Role.LIAISON, stage.police))

    # On the page whole, the count is asked for apart.
    assert queries("/releases/") <= few[0]
    assert queries(path_of(stage)) == few[1]
    page = text(advocate.get("/releases/"))
    assert page.count('scope="row"') == 25
    assert "Older" in page
    assert stage.order.case.docket_number in text(advocate.get("/releases/?page=2"))


def test_a_safe_way_is_set_confirmed_and_ended_and_never_shown(stage: Stage, advocate: Client) -> None:
    before = Event.objects.count()

    page = text(advocate.post(path_of(stage), CONTACT, follow=True))

    assert "The person is told in this way and in no other." in page
    assert "Set, and not shown again" in page
    assert "heron" not in page
    assert "10:00 to 12:30, court time" in page
    SafeContact.objects.update(confirmed_at=timezone.now() - timedelta(days=31))
    for path in ("/", "/releases/", path_of(stage)):
        assert "onfirm" in text(advocate.get(path))
        assert "othing is sent" in text(advocate.get(path))
    page = text(advocate.post(path_of(stage), {"act": "confirm"}, follow=True))
    assert "Confirmed again." in page
    assert "Confirm again" not in text(advocate.get("/releases/"))
    page = text(advocate.post(path_of(stage), {"act": "end"}, follow=True))
    assert "No safe way is set, so nothing is sent to the person." in page
    page = text(advocate.post(path_of(stage), {"act": "confirm"}, follow=True))
    assert "There is no safe contact any more." in page
    assert SafeContact.objects.get().sealed_address == ""
    assert Event.objects.count() == before
    assert {one.what for one in AuditEntry.objects.all()} == {"releases", "advocate-release"}


def test_a_number_that_said_stop_is_said_to_be_silent(stage: Stage, advocate: Client) -> None:
    advocate.post(path_of(stage), CONTACT | {"channel": "sms", "address": "+1 860 555 0100"})
    assert "answered STOP" not in text(advocate.get(path_of(stage)))

    stops.stop("+18605550100", timezone.now())

    assert "Nothing is sent: this number answered STOP." in text(advocate.get(path_of(stage)))


def test_what_is_set_for_a_day_ahead_is_not_called_done(stage: Stage, advocate: Client) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    Deadline.objects.filter(order=stage.order).update(
        state=DeadlineState.MET, met_at=tomorrow, met_in_time=True
    )

    page = text(advocate.get(path_of(stage)))

    assert "It is set for" in page
    assert "recorded as done" not in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"channel": "pigeon"}, "not one of the available choices"),
        ({"address": "heron"}, "Not an email address."),
        ({"channel": "sms", "address": "12"}, "+1 860 555 0100"),
        ({"phrase": "your court"}, "tells what this is about"),
        ({"phrase": "{link}"}, "without braces"),
        ({"hours_until": ""}, "Give both ends of the hours, or neither."),
        ({"hours_until": "late"}, "Enter a valid time."),
        ({"confirm_every_days": "400"}, "less than or equal to 180"),
        ({"confirm_every_days": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    wrong: dict[str, str], said: str, stage: Stage, advocate: Client
) -> None:
    page = text(advocate.post(path_of(stage), CONTACT | wrong))

    assert "<title>Error: " in page
    assert said in page
    assert not SafeContact.objects.exists()


def test_an_act_that_there_is_not_is_not_there(stage: Stage, advocate: Client) -> None:
    assert advocate.post(path_of(stage), {"act": "fly"}).status_code == 404


def test_a_release_is_taken_back_only_by_who_says_so(stage: Stage, advocate: Client) -> None:
    advocate.post(path_of(stage), CONTACT)
    page = text(advocate.post(path_of(stage), {"act": "revoke"}, follow=True))
    assert "Tick that the person takes the release back" in page

    page = text(advocate.post(path_of(stage), {"act": "revoke", "sure": "yes"}, follow=True))

    assert "Your organization sees the order no more." in page
    assert stage.order.case.docket_number not in page
    assert advocate.get(path_of(stage)).status_code == 404
    contact = SafeContact.objects.get()
    assert (contact.sealed_address, contact.ended_at is not None) == ("", True)


def test_an_advocate_who_is_told_reads_no_name_and_leaves_none(
    stage: Stage, person: User, advocate: Client
) -> None:
    advocate.post(
        path_of(stage), {"act": "set", "channel": "relay", "language": "en", "confirm_every_days": "9"}
    )
    Firer("test").fire()
    told = Alert.objects.filter(recipient=person)
    assert set(told.values_list("via", flat=True)) == {Via.PERSON, Via.RELAY}
    relay = told.get(via=Via.RELAY, checkpoint__deadline__rule_id="CT-SUR-01")

    home = text(advocate.get("/"))
    notice = text(advocate.get(f"/notices/{relay.public_id}/"))

    assert stage.order.case.docket_number in home
    assert "asked to hear through you" in notice
    for secret in (*SECRETS, stage.town.name, "S-1"):
        assert secret not in home + notice
    said = text(advocate.post(f"/notices/{relay.public_id}/acknowledge/", follow=True))
    assert "Acknowledged." in said
    assert "The record of the order says so." not in said
    assert not Event.objects.filter(actor=person).exists()
    liaison = browser(make.person(Role.LIAISON, stage.police))
    assert liaison.get(f"/notices/{relay.public_id}/").status_code == 404


def test_a_release_that_ended_leads_nowhere(stage: Stage, person: User, advocate: Client) -> None:
    Firer("test").fire()
    alert = Alert.objects.filter(recipient=person).first()
    assert alert is not None
    releases.revoke_release(stage.release, by=None, now=timezone.now())

    assert advocate.get(f"/notices/{alert.public_id}/").status_code == 404
    assert "Nothing waits for your answer." in text(advocate.get("/"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"CTC_EXIT_URL": "javascript:history.back()"},
        {"CTC_EXIT_URL": "http://news.example"},
        {"CTC_SAFE_CONTACT_DAYS": "6"},
        {"CTC_SAFE_CONTACT_DAYS": "181"},
    ],
)
def test_a_setting_that_cannot_be_does_not_start(wrong: dict[str, str]) -> None:
    (name,) = wrong

    with pytest.raises(ImproperlyConfigured, match=name):
        settings_with(wrong)
