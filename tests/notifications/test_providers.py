"""The next provider takes over, a provider that is down is left alone, and nothing is doubled by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Answer, Message, Sent
from notifications.models import Channel
from notifications.models import Provider as Circuit
from notifications.services import providers
from notifications.services.providers import note, usable
from tests.ledger import Ledger, free_port
from tests.provider import Act, Provider

pytestmark = pytest.mark.django_db

DOWN = Act(status=500, body={"name": "internal_server_error"})


@pytest.fixture(autouse=True)
def both(provider: Provider, ledger: Ledger, settings: Settings) -> None:
    """Email goes through Resend, and over SMTP when that is down."""
    settings.EMAIL_PROVIDERS = ["resend", "smtp"]


def message(address: str = "officer@orders.example") -> Message:
    return Message(key=str(uuid4()), address=address, subject="A notice", body="A notice is waiting.")


def all_of_them(_provider: str, places: Sequence[int]) -> Sequence[int]:
    return places


def send(*messages: Message, stick_to: str = "") -> list[tuple[str, Answer]]:
    answers = providers.send(Channel.EMAIL, messages, begin=all_of_them, stick_to=stick_to)
    return [(name, sent.answer) for name, sent in answers]


def test_what_may_not_be_begun_is_not_handed_over(provider: Provider, ledger: Ledger) -> None:
    first, second = message(), message()

    answers = list(providers.send(Channel.EMAIL, [first, second], begin=lambda _name, places: places[1:]))

    assert [sent.answer for _, sent in answers] == [Answer.UNTRIED, Answer.ACCEPTED]
    assert provider.keys().keys() == {second.key}


def names(channel: str = Channel.EMAIL) -> list[str]:
    return [one.name for one in usable(channel)]


def let_the_minute_pass(name: str = "resend") -> None:
    Circuit.objects.filter(name=name).update(open_until=F("open_until") - timedelta(seconds=61))


def test_the_first_choice_has_it_and_nobody_else(provider: Provider, ledger: Ledger) -> None:
    assert send(message(), message()) == [("resend", Answer.ACCEPTED)] * 2
    assert (len(provider.effects()), ledger.lines()) == (2, [])
    assert not Circuit.objects.exists()


@pytest.mark.parametrize(
    "act",
    [DOWN, Act(status=429), Act(status=401, body={"name": "invalid_api_key"})],
    ids=["its error", "the rate", "our key"],
)
def test_what_a_provider_certainly_did_not_take_goes_to_the_next_at_once(
    act: Act, provider: Provider, ledger: Ledger
) -> None:
    provider.acts = [Act(), act]
    first, second, third = message(), message(), message()

    assert send(first, second, third) == [
        ("resend", Answer.ACCEPTED),
        ("smtp", Answer.ACCEPTED),
        ("smtp", Answer.ACCEPTED),
    ]
    assert [one["key"] for one in provider.effects()] == [first.key]
    assert [str(line["key"])[1:37] for line in ledger.lines()] == [second.key, third.key]


def test_a_provider_that_cannot_be_reached_is_replaced(settings: Settings, ledger: Ledger) -> None:
    settings.RESEND = settings.RESEND | {"URL": f"http://127.0.0.1:{free_port()}"}

    assert send(message(), message()) == [("smtp", Answer.ACCEPTED)] * 2
    assert len(ledger.lines()) == 2


@pytest.mark.parametrize("act", [Act(reset=True), Act(status=502)], ids=["reset", "gateway"])
def test_what_a_provider_may_have_taken_goes_to_nobody_else(
    act: Act, provider: Provider, ledger: Ledger
) -> None:
    provider.acts = [act]
    doubted, other = message(), message()

    (name, sent), (next_name, next_sent) = providers.send(Channel.EMAIL, [doubted, other], begin=all_of_them)

    assert (name, sent.answer, sent.sticks) == ("resend", Answer.DEFERRED, True)
    assert (next_name, next_sent.answer) == ("smtp", Answer.ACCEPTED)
    assert send(doubted, stick_to="resend") == [("resend", Answer.ACCEPTED)]
    assert provider.keys()[doubted.key] == 1
    assert [str(line["key"])[1:37] for line in ledger.lines()] == [other.key]


def test_a_doubt_over_smtp_goes_to_nobody_else(
    settings: Settings, provider: Provider, ledger: Ledger
) -> None:
    settings.EMAIL_PROVIDERS = ["smtp", "resend"]
    ledger.break_after_taking = 1

    assert send(message(), message()) == [("smtp", Answer.IN_DOUBT), ("resend", Answer.ACCEPTED)]
    assert len(ledger.lines()) == len(provider.effects()) == 1


@pytest.mark.parametrize("act", [DOWN, Act(status=429), Act(hang=0, reset=True)])
def test_what_stuck_once_sticks_until_the_matter_ends(act: Act, provider: Provider, ledger: Ledger) -> None:
    provider.acts = [act]
    one = message()

    ((name, sent),) = providers.send(Channel.EMAIL, [one], stick_to="resend", begin=all_of_them)

    assert (name, sent.answer, sent.sticks) == ("resend", Answer.DEFERRED, True)
    ((name, sent),) = providers.send(Channel.EMAIL, [one], stick_to="resend", begin=all_of_them)
    assert (name, sent.answer, sent.sticks) == ("resend", Answer.ACCEPTED, False)
    assert ledger.lines() == []


def test_who_sticks_waits_for_the_provider_and_is_in_doubt_when_it_is_gone(
    settings: Settings, provider: Provider, ledger: Ledger
) -> None:
    Circuit.objects.create(name="resend", failures=5, open_until=Now() + timedelta(seconds=60))

    assert send(message(), stick_to="resend") == [("", Answer.UNREACHABLE)]

    settings.EMAIL_PROVIDERS = ["smtp"]
    assert send(message(), stick_to="resend") == [("", Answer.IN_DOUBT)]
    assert (provider.calls(), ledger.lines()) == ([], [])


def test_a_refused_address_is_no_fault_and_goes_to_nobody_else(provider: Provider, ledger: Ledger) -> None:
    provider.always = Act(status=422, body={"name": "validation_error"})

    for _ in range(providers.FAULTS + 1):
        assert send(message()) == [("resend", Answer.REFUSED)]

    assert names() == ["resend", "smtp"]
    assert ledger.lines() == []


def test_five_faults_in_a_row_open_the_circuit_for_a_minute(provider: Provider) -> None:
    provider.always = DOWN

    for _ in range(providers.FAULTS):
        assert names() == ["resend", "smtp"]
        send(message())

    assert names() == ["smtp"]
    assert len(provider.calls()) == providers.FAULTS
    assert send(message()) == [("smtp", Answer.ACCEPTED)]
    assert len(provider.calls()) == providers.FAULTS
    left = Circuit.objects.annotate(left=F("open_until") - Now()).get(name="resend").left
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


def test_four_faults_and_an_answer_do_not(provider: Provider) -> None:
    provider.acts = [DOWN] * 4 + [Act()] + [DOWN] * 4

    for _ in range(9):
        send(message())

    assert names() == ["resend", "smtp"]


def test_after_the_minute_one_batch_tries_and_no_other_meanwhile(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(providers.FAULTS):
        note("resend", failed=True)
    let_the_minute_pass()
    assert names() == ["resend", "smtp"]
    meanwhile: list[list[tuple[str, Answer]]] = []
    told = ResendChannel.send

    def asked_in_between(self: ResendChannel, messages: list[Message]) -> Iterator[Sent]:
        monkeypatch.setattr(ResendChannel, "send", told)
        meanwhile.append(send(message()))
        return told(self, messages)

    monkeypatch.setattr(ResendChannel, "send", asked_in_between)

    assert send(message()) == [("resend", Answer.ACCEPTED)]
    assert meanwhile == [[("smtp", Answer.ACCEPTED)]]
    assert Circuit.objects.values_list("failures", "open_until").get() == (0, None)
    assert send(message()) == [("resend", Answer.ACCEPTED)]


def test_a_trial_that_fails_opens_the_circuit_again(provider: Provider) -> None:
    for _ in range(providers.FAULTS):
        note("resend", failed=True)
    let_the_minute_pass()
    provider.always = DOWN

    send(message())

    assert names() == ["smtp"]


def test_a_spare_that_is_not_needed_keeps_its_trial(provider: Provider, ledger: Ledger) -> None:
    for _ in range(providers.FAULTS):
        note("smtp", failed=True)
    let_the_minute_pass("smtp")
    send(message())
    provider.acts = [DOWN]

    assert send(message()) == [("smtp", Answer.ACCEPTED)]


def test_all_down_is_unreachable_and_the_last_answer_is_kept(settings: Settings, provider: Provider) -> None:
    settings.EMAIL_PORT = free_port()
    provider.always = Act(status=429, headers={"Retry-After": "9"})

    ((name, sent),) = providers.send(Channel.EMAIL, [message()], begin=all_of_them)
    assert (name, sent.answer) == ("smtp", Answer.UNREACHABLE)

    Circuit.objects.update(open_until=Now() + timedelta(seconds=60))
    assert send(message()) == [("", Answer.UNREACHABLE)]


def test_a_channel_without_a_provider_says_so(settings: Settings) -> None:
    ((name, sent),) = providers.send(Channel.SMS, [message("+18605550100")], begin=all_of_them)

    assert (name, sent) == ("", Sent(answer=Answer.UNREACHABLE, error="no provider of sms is named"))
    assert names(Channel.SERVICE) == []
    settings.SERVICES = ["json"]
    assert names(Channel.SERVICE) == ["apprise"]


def test_nothing_to_send_asks_nobody(provider: Provider, tmp_path: Path) -> None:
    assert send() == []
    assert provider.calls() == []
