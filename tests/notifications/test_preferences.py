"""How people say how they want to be told: kept sealed where it must be, refused with what would be right."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.crypto import unseal
from accounts.models import Role, User
from notifications.models import Preference
from notifications.services import preferences, stops
from notifications.services.preferences import OF_THE_MACHINE, Wishes, keep
from orders.errors import InvalidFact
from tests import make

pytestmark = pytest.mark.django_db

PAGE = "/preferences/"
NUMBER = "+18605550100"
#: What the page sends when nothing was typed.
BLANK = {"language": "en", "zone": "America/New_York", "phone": "", "quiet_from": "", "quiet_until": ""}
SERVICE = "slack://TokenAAAA/TokenBBBB/TokenCCCCCCCCCCCCCCCCCCCC"


@pytest.fixture(autouse=True)
def _services(settings: Settings) -> None:
    settings.SERVICES = ["slack", "json", "exec", "syslog"]
    settings.SMS_PROVIDERS = ["twilio"]


@pytest.fixture
def person() -> User:
    return make.person(Role.LIAISON, make.agency())


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_it_needs_a_sign_in() -> None:
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_everybody_has_the_page_and_the_way_to_it(role: Role) -> None:
    client = Client()
    client.force_login(make.person(role))

    assert 'href="/preferences/"' in text(client.get(PAGE))


def test_what_is_kept_is_shown_again(person: User, browser: Client) -> None:
    given = {
        "language": "es",
        "zone": "America/Chicago",
        "phone": "(860) 555-0100",
        "by_sms": "on",
        "quiet_from": "21:00",
        "quiet_until": "07:30",
        "digest_at": "08:15",
    }

    page = text(browser.post(PAGE, given, follow=True))

    assert "Kept." in page
    for shown in ('value="+18605550100"', 'value="21:00"', 'value="07:30"', 'value="08:15"', "checked"):
        assert shown in page
    kept = Preference.objects.get(user=person)
    assert (kept.language, kept.zone, kept.phone, kept.by_sms) == ("es", "America/Chicago", NUMBER, True)
    assert (kept.quiet_from, kept.quiet_until, kept.digest_at) == (time(21), time(7, 30), time(8, 15))


def test_the_page_says_what_quiet_hours_do_not_hold_back(browser: Client) -> None:
    page = text(browser.get(PAGE))

    assert "Never held back: that the time to surrender firearms is over" in page
    assert "others are asked in the meantime" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phone": "12"}, "+1 860 555 0100"),
        ({"phone": "555-0100 ext. 5"}, "+1 860 555 0100"),
        ({"by_sms": "on"}, "Give the number that text messages go to."),
        ({"quiet_from": "22:00"}, "Give both ends of the quiet hours, or neither."),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "No time lies between them."),
        ({"quiet_from": "night"}, "Enter a valid time."),
        ({"zone": "Europe/Paris"}, "not one of the available choices"),
        ({"language": "tlh"}, "not one of the available choices"),
        ({"service": "heron"}, "Not a service that is used here."),
        ({"service": "mailto://a:b@mail.example"}, "Not a service that is used here."),
        ({"service": "slack://"}, "Not a whole address of this service."),
        ({"service": "json://10.0.0.8/hook"}, "a network that is not public"),
        ({"service": "x" * 501}, "at most 500"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(wrong: dict[str, str], said: str, browser: Client) -> None:
    page = text(browser.post(PAGE, BLANK | wrong))

    assert "<title>Error: " in page
    assert said in page
    assert not Preference.objects.exists()


@pytest.mark.parametrize("name", sorted(OF_THE_MACHINE))
def test_no_address_reaches_into_the_machine(name: str, person: User, settings: Settings) -> None:
    settings.SERVICES = sorted(OF_THE_MACHINE)

    for address in (f"{name}://", f"{name.upper()}://localhost/x"):
        with pytest.raises(InvalidFact) as refused:
            keep(person, Wishes(service=address))
        assert (refused.value.field, refused.value.code) == ("service", "unknown_service")


def test_another_service_lies_sealed_is_never_shown_and_is_removed(person: User, browser: Client) -> None:
    browser.post(PAGE, BLANK | {"service": SERVICE})

    assert unseal(Preference.objects.get(user=person).sealed_service) == SERVICE
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM notifications_preference p")
        assert "TokenBBBB" not in cursor.fetchone()[0]
    page = text(browser.get(PAGE))
    assert "One is set. Its address is not shown." in page
    assert "TokenBBBB" not in page
    # Left empty it stays.
    browser.post(PAGE, BLANK | {"language": "es"})
    assert Preference.objects.get(user=person).sealed_service
    both = text(browser.post(PAGE, BLANK | {"service": SERVICE, "forgets_service": "on"}))
    assert "or do not tick that" in both

    browser.post(PAGE, BLANK | {"forgets_service": "on"})

    assert Preference.objects.get(user=person).sealed_service == ""
    assert "None is set." in text(browser.get(PAGE))


def test_where_no_service_is_used_none_is_asked_for(browser: Client, settings: Settings) -> None:
    settings.SERVICES = []

    assert "Another service" not in text(browser.get(PAGE))


def test_a_number_is_one_persons(person: User, browser: Client) -> None:
    other = make.person(Role.LIAISON, make.agency())
    keep(other, Wishes(phone=NUMBER))

    page = text(browser.post(PAGE, BLANK | {"phone": NUMBER}))

    assert "Somebody else is told at this number." in page
    assert not Preference.objects.filter(user=person).exists()
    assert keep(other, Wishes(phone=NUMBER, by_sms=True)).by_sms, "one's own is"


def test_a_number_that_answered_stop_is_shown_as_stopped(person: User, browser: Client) -> None:
    keep(person, Wishes(phone=NUMBER, by_sms=True))
    assert "answered STOP" not in text(browser.get(PAGE))

    stops.stop(NUMBER, timezone.now())

    assert "answered STOP" in text(browser.get(PAGE))
    assert preferences.is_silent(Preference.objects.get(user=person))


def test_where_nobody_carries_text_messages_none_are_offered(
    person: User, browser: Client, settings: Settings
) -> None:
    settings.SMS_PROVIDERS = []

    assert "text message" not in text(browser.get(PAGE)).lower()
    with pytest.raises(InvalidFact) as refused:
        keep(person, Wishes(phone=NUMBER, by_sms=True))
    assert (refused.value.field, refused.value.code) == ("by_sms", "no_provider")
    assert browser.post(PAGE, {"language": "es", "zone": "America/New_York"}).status_code == 302
    assert Preference.objects.get(user=person).language == "es"
