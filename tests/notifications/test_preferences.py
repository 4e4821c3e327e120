"""Notification preferences: encrypted where needed, and errors with a remedy."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.crypto import decrypt
from accounts.models import Role, User
from notifications.models import Preference
from notifications.services.contacts import preferences
from notifications.services.contacts.preferences import LOCAL_SERVICES, PreferenceSettings, save
from notifications.services.delivery import sms_opt_out
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


def test_saved_preferences_are_shown_again(person: User, browser: Client) -> None:
    given = {
        "language": "es",
        "zone": "America/Chicago",
        "phone": "(860) 555-0100",
        "by_sms": "on",
        "quiet_from": "9pm",
        "quiet_until": "0730",
        "digest_at": "8:15 a.m.",
    }

    page = text(browser.post(PAGE, given, follow=True))

    assert "Saved." in page
    for shown in (
        'value="+1 860-555-0100"',
        'value="9:00 p.m."',
        'value="7:30 a.m."',
        'value="8:15 a.m."',
        "checked",
    ):
        assert shown in page
    kept = Preference.objects.get(user=person)
    assert (kept.language, kept.zone, kept.phone, kept.by_sms) == ("es", "America/Chicago", NUMBER, True)
    assert (kept.quiet_from, kept.quiet_until, kept.digest_at) == (time(21), time(7, 30), time(8, 15))


def test_the_page_explains_what_quiet_hours_do_not_hold_back(browser: Client) -> None:
    page = text(browser.get(PAGE))

    assert "Two are never held back. The first: the time to hand in guns is over" in page
    assert "others get it, at any hour" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phone": "12"}, "+1 860 555 0100"),
        ({"phone": "555-0100 ext. 5"}, "do not reach an extension"),
        ({"phone": "860 555 O1OO"}, "The number has letters in it"),
        ({"by_sms": "on"}, "Enter the number for text messages."),
        ({"quiet_from": "22:00"}, "Enter both times of the quiet hours, or neither."),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "Both times are the same."),
        ({"quiet_from": "night"}, "is not a time of day."),
        ({"zone": "Europe/Paris"}, "not one of the available choices"),
        ({"language": "tlh"}, "not one of the available choices"),
        ({"service": "heron"}, "This service is not used here."),
        ({"service": "mailto://a:b@mail.example"}, "This service is not used here."),
        ({"service": "slack://"}, "The address of this service is incomplete."),
        ({"service": "json://10.0.0.8/hook"}, "on a private network"),
        ({"service": "x" * 501}, "at most 500"),
    ],
)
def test_an_error_is_shown_at_its_field(wrong: dict[str, str], said: str, browser: Client) -> None:
    page = text(browser.post(PAGE, BLANK | wrong))

    assert "<title>Error: " in page
    assert said in page
    assert not Preference.objects.exists()


@pytest.mark.parametrize("name", sorted(LOCAL_SERVICES))
def test_no_address_reaches_into_the_machine(name: str, person: User, settings: Settings) -> None:
    settings.SERVICES = sorted(LOCAL_SERVICES)

    for address in (f"{name}://", f"{name.upper()}://localhost/x"):
        with pytest.raises(InvalidFact) as refused:
            save(person, PreferenceSettings(service=address))
        assert (refused.value.field, refused.value.code) == ("service", "unknown_service")


def test_another_service_is_encrypted_never_shown_and_can_be_removed(person: User, browser: Client) -> None:
    browser.post(PAGE, BLANK | {"service": SERVICE})

    assert decrypt(Preference.objects.get(user=person).encrypted_service) == SERVICE
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM notifications_preference p")
        assert "TokenBBBB" not in cursor.fetchone()[0]
    page = text(browser.get(PAGE))
    assert "A service is saved. Its address is not shown." in page
    assert "TokenBBBB" not in page
    # Left empty it stays.
    browser.post(PAGE, BLANK | {"language": "es"})
    assert Preference.objects.get(user=person).encrypted_service
    both = text(browser.post(PAGE, BLANK | {"service": SERVICE, "forgets_service": "on"}))
    assert "or clear the check box below" in both

    browser.post(PAGE, BLANK | {"forgets_service": "on"})

    assert Preference.objects.get(user=person).encrypted_service == ""
    assert "No service is saved." in text(browser.get(PAGE))


def test_without_services_the_form_has_no_field_for_one(browser: Client, settings: Settings) -> None:
    settings.SERVICES = []

    assert "Another service" not in text(browser.get(PAGE))


def test_a_number_is_one_persons(person: User, browser: Client) -> None:
    other = make.person(Role.LIAISON, make.agency())
    save(other, PreferenceSettings(phone=NUMBER))

    page = text(browser.post(PAGE, BLANK | {"phone": NUMBER}))

    assert "Another person uses this number. Enter your own." in page
    assert not Preference.objects.filter(user=person).exists()
    assert save(other, PreferenceSettings(phone=NUMBER, by_sms=True)).by_sms, "one's own is"


def test_a_number_that_answered_stop_is_shown_as_stopped(person: User, browser: Client) -> None:
    save(person, PreferenceSettings(phone=NUMBER, by_sms=True))
    assert "answered STOP" not in text(browser.get(PAGE))

    sms_opt_out.opt_out(NUMBER, timezone.now())

    assert "answered STOP" in text(browser.get(PAGE))
    assert preferences.has_opted_out(Preference.objects.get(user=person))


def test_without_a_provider_text_messages_are_not_offered(
    person: User, browser: Client, settings: Settings
) -> None:
    settings.SMS_PROVIDERS = []

    assert "text message" not in text(browser.get(PAGE)).lower()
    with pytest.raises(InvalidFact) as refused:
        save(person, PreferenceSettings(phone=NUMBER, by_sms=True))
    assert (refused.value.field, refused.value.code) == ("by_sms", "no_provider")
    assert browser.post(PAGE, {"language": "es", "zone": "America/New_York"}).status_code == 302
    assert Preference.objects.get(user=person).language == "es"
