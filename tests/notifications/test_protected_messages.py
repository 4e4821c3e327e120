"""Messages to protected persons: their sender, a test, and what happens when one does not arrive."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.dates import COURT_TIME
from accounts.models import AgencyKind, Role, User
from notifications.models import Alert, AlertState, Channel, FollowUpNote, SafeContact, Via
from notifications.services.contacts import answers
from notifications.services.contacts.answers import answer_by_pin, repeat_unanswered
from notifications.services.contacts.unreached import notify_advocates
from notifications.services.delivery import providers
from notifications.services.delivery.sending import drain
from notifications.services.firing.fire import Firer
from orders.models import ConfidentialityRelease
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.test_release_pages import CONTACT, browser, path_of, text

pytestmark = pytest.mark.django_db

ANY_HOUR = CONTACT | {"hours_from": "", "hours_until": ""}


@pytest.fixture
def stage(settings: Settings) -> Fixtures:
    settings.PROTECTED_FROM_EMAIL = "Neighborhood News <news@mail.example>"
    cache.clear()
    return set_up()


@pytest.fixture
def person(stage: Fixtures) -> User:
    return make.person(Role.ADVOCATE, stage.organization)


@pytest.fixture
def advocate(person: User) -> Client:
    return browser(person)


def to_the_person() -> Any:
    """The mails to the safe contact."""
    return [one for one in mail.outbox if one.to == [CONTACT["address"]]]


def test_a_test_message_has_the_neutral_sender_and_the_words_of_each_message(
    stage: Fixtures, advocate: Client
) -> None:
    advocate.post(path_of(stage), ANY_HOUR)

    page = text(advocate.post(path_of(stage), {"action": "test"}, follow=True))

    assert "The test went out." in page
    (sent,) = to_the_person()
    assert sent.from_email == "Neighborhood News <news@mail.example>"
    assert CONTACT["phrase"] in sent.body
    assert "://" not in sent.body
    page = text(advocate.post(path_of(stage), {"action": "test"}, follow=True))
    assert "Wait ten minutes." in page
    assert len(to_the_person()) == 1


def test_the_last_test_is_among_what_was_sent(
    stage: Fixtures, advocate: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    advocate.post(path_of(stage), ANY_HOUR)
    assert "What was sent" not in text(advocate.get(path_of(stage)))

    page = text(advocate.post(path_of(stage), {"action": "test"}, follow=True))
    sent = page[page.index("What was sent") :]
    assert "A test message. It went out. Nothing shows yet that it arrived." in sent

    cache.clear()
    monkeypatch.setattr(providers, "send", lambda *_, **__: [])
    page = text(advocate.post(path_of(stage), {"action": "test"}, follow=True))
    sent = page[page.index("What was sent") :]
    assert "The test did not go out." in page
    assert "A test message. It did not arrive. Reach the person in another safe way." in sent
    assert sent.count("A test message.") == 1


def test_no_test_goes_out_outside_the_hours_or_without_an_address(stage: Fixtures, advocate: Client) -> None:
    clock = timezone.localtime(timezone.now(), COURT_TIME)
    begins, ends = (clock.hour + 2) % 24, (clock.hour + 3) % 24
    hours = {"hours_from": f"{begins:02}:00", "hours_until": f"{ends:02}:00"}
    advocate.post(path_of(stage), CONTACT | hours)
    assert "outside the hours" in text(advocate.post(path_of(stage), {"action": "test"}, follow=True))
    advocate.post(path_of(stage), ANY_HOUR | {"channel": "relay", "address": "", "phrase": ""})
    assert "nothing to test" in text(advocate.post(path_of(stage), {"action": "test"}, follow=True))

    assert to_the_person() == []


def test_news_has_the_neutral_sender_and_no_other_mail_has(stage: Fixtures, advocate: Client) -> None:
    advocate.post(path_of(stage), ANY_HOUR)
    Firer("test").fire()
    drain(worker="test")

    senders = {one.from_email for one in to_the_person()}
    others = {one.from_email for one in mail.outbox if one not in to_the_person()}
    assert senders == {"Neighborhood News <news@mail.example>"}
    assert others
    assert senders.isdisjoint(others)


def test_a_message_that_fails_leads_to_the_advocate_at_once(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    # Also under a release that covers only a part.
    ConfidentialityRelease.objects.filter(pk=stage.release.pk).update(covers_hearings=False)
    advocate.post(path_of(stage), ANY_HOUR)
    Firer("test").fire()
    failed = Alert.objects.filter(via=Via.PROTECTED).first()
    assert failed is not None
    Alert.objects.filter(pk=failed.pk).update(state=AlertState.FAILED)

    assert notify_advocates(timezone.now()) == 1
    assert notify_advocates(timezone.now()) == 0

    alert = Alert.objects.get(note=FollowUpNote.NO_CLIENT)
    assert (alert.recipient, alert.channel, alert.release) == (person, Channel.EMAIL, stage.release)
    drain(worker="test")
    (sent,) = [one for one in mail.outbox if one.to == [person.email]]
    # The link leads to a page with what the release covers, and to nothing for another organization.
    (link,) = re.findall(r"https?://[^/]+(/n/\S+)", str(sent.body))
    other = browser(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))
    page = text(advocate.get(link, follow=True))
    assert "Reach your client in another safe way." in page
    assert "Next date" not in page
    assert other.get(link, follow=True).status_code == 404
    acknowledge = f"/notices/{alert.public_id}/acknowledge/"
    assert other.post(acknowledge).status_code == 404
    assert "You have read this." in text(advocate.post(acknowledge, follow=True))
    page = text(advocate.get("/"))
    assert "A message to your client did not arrive." in page
    assert CONTACT["address"] not in page
    # Another contact answers it.
    advocate.post(path_of(stage), ANY_HOUR | {"address": "red.kite@mail.example"})
    assert "did not arrive." not in text(advocate.get("/"))
    assert SafeContact.objects.filter(ended_at=None).count() == 1


def test_an_unanswered_message_comes_again_until_the_person_answers_by_pin(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    advocate.post(path_of(stage), ANY_HOUR | {"pin": "4711"})
    Firer("test").fire()
    drain(worker="test")
    first = len(to_the_person())
    (link,) = re.findall(r"https?://[^/]+(/p/\S+)", str(to_the_person()[0].body))
    Alert.objects.filter(via=Via.PROTECTED).update(state=AlertState.ACCEPTED)
    sent_at = Alert.objects.filter(via=Via.PROTECTED).latest("first_sent_at").first_sent_at
    assert sent_at is not None

    assert repeat_unanswered(sent_at + timedelta(hours=11)) == 0
    assert repeat_unanswered(sent_at + timedelta(hours=13)) == 1
    # What waits to be sent is not written twice.
    assert repeat_unanswered(sent_at + timedelta(hours=14)) == 0
    Alert.objects.filter(state=AlertState.READY).update(next_attempt_at=timezone.now())
    drain(worker="test")
    assert len(to_the_person()) == first + 1

    stranger = Client()
    page = stranger.get(link)
    assert not page.cookies
    assert "ctcompliance</" not in text(page)
    for name in (stage.order.case.docket_number, CONTACT["phrase"], CONTACT["address"]):
        assert name not in text(page)
    assert text(stranger.get("/p/nothing")) == text(page)
    wrong = stranger.post(link, {"pin": "0000"})
    assert wrong.status_code == 400
    assert "This PIN does not fit." in wrong.content.decode()
    assert wrong.content == stranger.post("/p/nothing", {"pin": "4711"}).content
    ConfidentialityRelease.objects.filter(pk=stage.release.pk).update(covers_ending=False)
    opened = stranger.post(link, {"pin": " 4711 "})
    assert not opened.cookies
    assert "Thank you." in text(opened)
    # With the PIN the person reads what the release covers, and no name.
    assert "Are the guns handed in?" in text(opened)
    assert "Has the other side been served?" in text(opened)
    assert "When does the order end?" not in text(opened)
    named = (stage.order.case.docket_number, str(stage.court), str(stage.organization), str(stage.police))
    for name in (*named, "Ash Birch", "Sky Linden", CONTACT["phrase"]):
        assert name not in text(opened)
    assert repeat_unanswered(timezone.now() + timedelta(hours=30)) == 0
    assert repeat_unanswered(timezone.now() + timedelta(hours=50)) == 0
    assert not Alert.objects.filter(note=FollowUpNote.NO_ANSWER).exists()
    for _ in range(5):
        stranger.post(link, {"pin": "0000"})
    assert stranger.post(link, {"pin": "4711"}).status_code == 400


def test_without_an_answer_the_advocate_is_asked_once(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    advocate.post(path_of(stage), ANY_HOUR | {"pin": "4711"})
    Firer("test").fire()
    drain(worker="test")
    sent_at = Alert.objects.filter(via=Via.PROTECTED).latest("first_sent_at").first_sent_at
    assert sent_at is not None

    assert repeat_unanswered(sent_at + timedelta(hours=49)) == 1
    assert repeat_unanswered(sent_at + timedelta(hours=50)) == 0

    asked = Alert.objects.get(note=FollowUpNote.NO_ANSWER)
    assert (asked.recipient, asked.channel, asked.release) == (person, Channel.EMAIL, stage.release)
    assert "Your client did not answer a message." in text(advocate.get("/"))
    assert "Your client did not answer a message." in text(advocate.get(f"/notices/{asked.public_id}/"))
    SafeContact.objects.update(asked_at=timezone.now())
    advocate.post(path_of(stage), {"action": "confirm"})
    assert "did not answer" not in text(advocate.get("/"))


def sent_by_pin(stage: Fixtures, advocate: Client) -> UUID:
    """The id of a message to a person with the PIN 4711."""
    advocate.post(path_of(stage), ANY_HOUR | {"pin": "4711"})
    Firer("test").fire()
    drain(worker="test")
    found: UUID = Alert.objects.filter(via=Via.PROTECTED).latest("pk").public_id
    return found


def test_five_wrong_pins_count_for_an_hour_after_the_last(stage: Fixtures, advocate: Client) -> None:
    message, now = sent_by_pin(stage, advocate), timezone.now()
    for _ in range(5):
        assert not answer_by_pin(message, "0000", now=now)

    for minutes, opens in ((59, False), (1, True)):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE cache SET expires = expires - make_interval(mins => %s)", [minutes])
        assert answer_by_pin(message, "4711", now=now) is opens


@pytest.mark.django_db(transaction=True)
def test_pins_that_are_tried_at_once_are_counted_one_by_one(
    stage: Fixtures, advocate: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    advocate.post(path_of(stage), ANY_HOUR | {"pin": "4711"})
    now = timezone.now()
    sent = Alert.objects.filter(release=stage.release).first()
    assert sent is not None
    Alert.objects.filter(pk=sent.pk).update(via=Via.PROTECTED, created_at=now)
    compared: list[bytes] = []

    def compare(_kept: bytes, typed: bytes) -> bool:
        compared.append(typed)
        time.sleep(0.02)
        return False

    monkeypatch.setattr("hmac.compare_digest", compare)

    def guess(number: int) -> None:
        answer_by_pin(sent.public_id, f"{number:04}", now=now)
        connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(guess, range(24)))

    assert len(compared) == answers.MOST_WRONG


def test_without_a_pin_nothing_asks_for_an_answer(stage: Fixtures, advocate: Client) -> None:
    assert "Enter 4 to 8 digits" in text(advocate.post(path_of(stage), ANY_HOUR | {"pin": "heron"}))
    advocate.post(path_of(stage), ANY_HOUR)
    Firer("test").fire()
    drain(worker="test")

    assert all("://" not in one.body for one in to_the_person())
    assert repeat_unanswered(timezone.now() + timedelta(hours=49)) == 0
