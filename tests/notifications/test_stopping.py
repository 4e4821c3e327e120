"""A protected person ends the messages alone, and what happens when the first way fails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Role
from notifications.models import Alert, AlertState, Channel, FollowUpNote, SafeContact, Via
from notifications.services.contacts.stopping import is_stopped
from notifications.services.contacts.unreached import notify_advocates, unreached
from notifications.services.delivery.links import alert_of_reply, reply_address
from notifications.services.delivery.sending import drain
from notifications.services.firing.fire import Firer
from orders.services.parties.releases import revoke_release
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.conftest import RESEND_SECRET
from tests.notifications.test_callbacks import sms
from tests.notifications.test_protected_messages import ANY_HOUR
from tests.notifications.test_release_pages import browser, path_of, text
from tests.provider import resend_event

pytestmark = pytest.mark.django_db

FIRST, SECOND = "quiet.heron@mail.example", "other.heron@mail.example"


@pytest.fixture
def stage(settings: Settings) -> Fixtures:
    settings.REPLY_ADDRESS = "note@replies.example"
    settings.RESEND = {**settings.RESEND, "SIGNING_SECRET": RESEND_SECRET}
    cache.clear()
    return set_up()


@pytest.fixture
def advocate(stage: Fixtures) -> Client:
    return browser(make.person(Role.ADVOCATE, stage.organization))


def sent_to(stage: Fixtures, advocate: Client, **other: str) -> Alert:
    """Set the contact, and send a message to it."""
    page = text(advocate.post(path_of(stage), ANY_HOUR | other, follow=True))
    assert "Saved. The person is notified only in this way." in page
    Firer("test").fire()
    drain(worker="test")
    found = Alert.objects.filter(via=Via.PROTECTED).first()
    assert found is not None
    return found


def mails(address: str = FIRST) -> Any:
    return [one for one in mail.outbox if one.to == [address]]


def reply(address: str) -> int:
    body, headers = resend_event("email.received", ref=str(uuid4()), secret=RESEND_SECRET, to=[address])
    kind = headers.pop("Content-Type")
    return Client().post("/callbacks/email/", body, content_type=kind, headers=headers).status_code


def test_a_reply_stops_the_messages_and_a_second_one_ends_the_contact(
    stage: Fixtures,
    advocate: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent = sent_to(stage, advocate)
    (first, *_) = mails()
    (address,) = first.reply_to
    assert "reply to this one" in first.body
    assert str(sent.public_id) not in address

    with django_capture_on_commit_callbacks(execute=True):
        assert reply(address.upper()) == 200

    contact = SafeContact.objects.get(ended_at=None)
    assert is_stopped(contact, timezone.now())
    assert Alert.objects.get(note=FollowUpNote.STOPPED).release == stage.release
    asked = mails()[-1]
    assert "To end them for good, reply to this one too." in asked.body
    page = text(advocate.get(path_of(stage)))
    assert "The person asked to stop the messages" in page
    assert "Your client asked to stop the messages." in text(
        advocate.get(f"/notices/{Alert.objects.get(note=FollowUpNote.STOPPED).public_id}/")
    )

    # What comes within two minutes may be a machine's answer to the question.
    assert reply(asked.reply_to[0]) == 200
    contact.refresh_from_db()
    assert contact.ended_at is None

    earlier = timezone.now() - timedelta(minutes=3)
    Alert.objects.filter(note=FollowUpNote.STOPPED).update(created_at=earlier)
    SafeContact.objects.update(set_at=earlier)
    assert reply(asked.reply_to[0]) == 200
    contact.refresh_from_db()
    assert contact.ended_at is not None
    assert not contact.encrypted_address


def test_a_stopped_contact_that_is_confirmed_again_is_asked_twice_again(
    stage: Fixtures, advocate: Client
) -> None:
    address = reply_address(sent_to(stage, advocate).public_id)
    reply(address)
    advocate.post(path_of(stage), {"action": "confirm"})

    reply(address)

    assert SafeContact.objects.filter(ended_at=None).exists()


def test_nothing_more_is_sent_after_a_reply(stage: Fixtures, advocate: Client) -> None:
    sent = sent_to(stage, advocate)
    waiting = Alert.objects.get(pk=sent.pk)
    waiting.pk, waiting.public_id, waiting.idem_key = None, uuid4(), "later"
    waiting.state, waiting.message_key, waiting.provider = AlertState.READY, None, ""
    waiting.save()
    reply(reply_address(sent.public_id))
    count = len(mails())

    drain(worker="test")

    assert len(mails()) == count
    assert Alert.objects.get(idem_key="later").state == AlertState.WITHDRAWN


@pytest.mark.parametrize("kind", ["forged", "other name", "no token", "ended"])
def test_other_addresses_stop_nothing(kind: str, stage: Fixtures, advocate: Client) -> None:
    address = reply_address(sent_to(stage, advocate).public_id)
    name, domain = address.split("@")
    if kind == "ended":
        revoke_release(stage.release, by=None, now=timezone.now())
    given = {
        "forged": f"{name[:-1]}{'a' if name[-1] != 'a' else 'b'}@{domain}",
        "other name": f"other{name[4:]}@{domain}",
        "no token": "note@replies.example",
        "ended": address,
    }[kind]

    assert reply(given) == 200

    assert not Alert.objects.filter(note=FollowUpNote.STOPPED).exists()
    assert kind == "ended" or alert_of_reply(given) is None


def test_without_an_address_for_replies_the_page_states_it(
    stage: Fixtures, advocate: Client, settings: Settings
) -> None:
    settings.REPLY_ADDRESS = ""
    sent_to(stage, advocate)

    assert mails()[0].reply_to == []
    assert "reply" not in mails()[0].body
    assert "Not by a reply to a mail" in text(advocate.get(path_of(stage)))


def test_the_pin_ends_the_contact_after_it_asked_twice(stage: Fixtures, advocate: Client) -> None:
    sent_to(stage, advocate, pin="4711")
    (link,) = re.findall(r"https?://[^/]+(/p/\S+)", str(mails()[0].body))
    person = Client()

    assert person.post(link, {"pin": "0000", "stop": "sure"}).status_code == 400
    asked = person.post(link, {"pin": "4711", "stop": "ask"})
    assert "Enter your PIN once more." in text(asked)
    assert SafeContact.objects.filter(ended_at=None).exists()
    assert "Thank you." in text(person.post(link, {"pin": "4711", "stop": "sure"}))

    assert not SafeContact.objects.filter(ended_at=None).exists()
    assert Alert.objects.filter(note=FollowUpNote.STOPPED).count() == 1
    assert person.post(link, {"pin": "4711", "stop": "sure"}).status_code == 400


@pytest.mark.usefixtures("provider")
def test_the_word_stop_asks_the_advocate(stage: Fixtures, advocate: Client, settings: Settings) -> None:
    settings.SMS_PROVIDERS = ["twilio"]
    sent_to(stage, advocate, channel="sms", address="860 555 0142")

    sms(Client(), "/callbacks/sms/", From="+18605550142", Body="Stop", MessageSid="SM1")
    sms(Client(), "/callbacks/sms/", From="+18605550199", Body="Stop", MessageSid="SM2")

    assert Alert.objects.filter(note=FollowUpNote.STOPPED).count() == 1


def test_what_fails_goes_out_by_the_second_way_and_then_to_the_advocate(
    stage: Fixtures, advocate: Client
) -> None:
    first = sent_to(stage, advocate, second_channel="email", second_address=SECOND)
    user = advocate.get("/").context["user"]
    everything = Alert.objects.filter(via=Via.PROTECTED)
    everything.exclude(pk=first.pk).update(state=AlertState.DELIVERED)
    Alert.objects.filter(pk=first.pk).update(state=AlertState.FAILED)

    assert (notify_advocates(timezone.now()), notify_advocates(timezone.now())) == (1, 0)

    second = Alert.objects.get(note=FollowUpNote.SECOND)
    assert not Alert.objects.filter(note=FollowUpNote.NO_CLIENT).exists()
    assert not unreached(user, timezone.now()).exists()
    drain(worker="test")
    assert len(mails(SECOND)) == 1
    assert "By the second way:" in text(advocate.get(path_of(stage)))

    Alert.objects.filter(pk=second.pk).update(state=AlertState.FAILED)
    assert (notify_advocates(timezone.now()), notify_advocates(timezone.now())) == (1, 0)
    assert Alert.objects.get(note=FollowUpNote.NO_CLIENT).channel == Channel.EMAIL
    assert unreached(user, timezone.now()).exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"second_channel": "email", "second_address": FIRST}, "This is the first way."),
        ({"second_channel": "email", "second_address": ""}, "Enter the email address."),
        ({"second_channel": "", "second_address": SECOND}, "Choose the second way"),
        ({"second_channel": "email", "second_address": "nothing"}, "address"),
        (
            {"channel": "relay", "address": "", "phrase": "", "second_channel": "email"},
            "leave the second way empty",
        ),
    ],
)
def test_a_second_way_is_checked(
    given: dict[str, str], words: str, stage: Fixtures, advocate: Client
) -> None:
    page = text(advocate.post(path_of(stage), ANY_HOUR | given))

    assert words in page[page.index('class="errorlist"') :]
    assert not SafeContact.objects.exists()


def test_the_second_address_is_erased_with_the_release(stage: Fixtures, advocate: Client) -> None:
    sent_to(stage, advocate, second_channel="email", second_address=SECOND)
    assert SafeContact.objects.get().encrypted_second_address

    revoke_release(stage.release, by=None, now=timezone.now())

    assert not SafeContact.objects.get().encrypted_second_address
