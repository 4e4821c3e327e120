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

from accounts.models import Role
from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.models import Alert, Channel
from notifications.models import Provider as Circuit
from notifications.services.delivery import providers
from notifications.services.delivery.providers import available_senders, record_health
from notifications.services.watch import audits
from notifications.services.watch.findings import open_findings
from tests import make
from tests.ledger import Ledger, free_port
from tests.provider import Behavior, Provider

pytestmark = pytest.mark.django_db

DOWN = Behavior(status=500, body={"name": "internal_server_error"})


@pytest.fixture(autouse=True)
def both(provider: Provider, ledger: Ledger, settings: Settings) -> None:
    """Email goes through Resend, and over SMTP when that is down."""
    settings.EMAIL_PROVIDERS = ["resend", "smtp"]


def message(address: str = "officer@orders.example") -> Message:
    return Message(key=str(uuid4()), address=address, subject="A notice", body="A notice is waiting.")


def all_of_them(_provider: str, places: Sequence[int]) -> Sequence[int]:
    return places


def send(*messages: Message, only_provider: str = "") -> list[tuple[str, SendStatus]]:
    answers = providers.send(Channel.EMAIL, messages, begin=all_of_them, only_provider=only_provider)
    return [(name, sent.status) for name, sent in answers]


def test_what_may_not_be_begun_is_not_handed_over(provider: Provider, ledger: Ledger) -> None:
    first, second = message(), message()

    answers = list(providers.send(Channel.EMAIL, [first, second], begin=lambda _name, places: places[1:]))

    assert [sent.status for _, sent in answers] == [SendStatus.UNTRIED, SendStatus.ACCEPTED]
    assert provider.keys().keys() == {second.key}


def names(channel: str = Channel.EMAIL) -> list[str]:
    return [one.name for one in available_senders(channel)]


def let_the_minute_pass(name: str = "resend") -> None:
    Circuit.objects.filter(name=name).update(open_until=F("open_until") - timedelta(seconds=61))


def test_the_first_provider_sends_and_no_other(provider: Provider, ledger: Ledger) -> None:
    assert send(message(), message()) == [("resend", SendStatus.ACCEPTED)] * 2
    assert (len(provider.effects()), ledger.lines()) == (2, [])
    assert not Circuit.objects.exists()


@pytest.mark.parametrize(
    "behavior",
    [DOWN, Behavior(status=429), Behavior(status=401, body={"name": "invalid_api_key"})],
    ids=["its error", "the rate", "our key"],
)
def test_what_a_provider_certainly_did_not_take_goes_to_the_next_at_once(
    behavior: Behavior, provider: Provider, ledger: Ledger
) -> None:
    provider.next = [Behavior(), behavior]
    first, second, third = message(), message(), message()

    assert send(first, second, third) == [
        ("resend", SendStatus.ACCEPTED),
        ("smtp", SendStatus.ACCEPTED),
        ("smtp", SendStatus.ACCEPTED),
    ]
    assert [one["key"] for one in provider.effects()] == [first.key]
    assert [str(line["key"])[1:37] for line in ledger.lines()] == [second.key, third.key]


def test_a_provider_that_cannot_be_reached_is_replaced(settings: Settings, ledger: Ledger) -> None:
    settings.RESEND = settings.RESEND | {"URL": f"http://127.0.0.1:{free_port()}"}

    assert send(message(), message()) == [("smtp", SendStatus.ACCEPTED)] * 2
    assert len(ledger.lines()) == 2


@pytest.mark.parametrize("behavior", [Behavior(reset=True), Behavior(status=502)], ids=["reset", "gateway"])
def test_a_message_that_may_be_accepted_goes_to_no_other_provider(
    behavior: Behavior, provider: Provider, ledger: Ledger
) -> None:
    provider.next = [behavior]
    doubted, other = message(), message()

    (name, sent), (next_name, next_sent) = providers.send(Channel.EMAIL, [doubted, other], begin=all_of_them)

    assert (name, sent.status, sent.keep_provider) == ("resend", SendStatus.DEFERRED, True)
    assert (next_name, next_sent.status) == ("smtp", SendStatus.ACCEPTED)
    assert send(doubted, only_provider="resend") == [("resend", SendStatus.ACCEPTED)]
    assert provider.keys()[doubted.key] == 1
    assert [str(line["key"])[1:37] for line in ledger.lines()] == [other.key]


def test_a_doubt_over_smtp_goes_to_no_other_provider(
    settings: Settings, provider: Provider, ledger: Ledger
) -> None:
    settings.EMAIL_PROVIDERS = ["smtp", "resend"]
    ledger.break_after_taking = 1

    assert send(message(), message()) == [("smtp", SendStatus.IN_DOUBT), ("resend", SendStatus.ACCEPTED)]
    assert len(ledger.lines()) == len(provider.effects()) == 1


@pytest.mark.parametrize("behavior", [DOWN, Behavior(status=429), Behavior(hang=0, reset=True)])
def test_keep_provider_stays_until_the_message_is_final(
    behavior: Behavior, provider: Provider, ledger: Ledger
) -> None:
    provider.next = [behavior]
    one = message()

    ((name, sent),) = providers.send(Channel.EMAIL, [one], only_provider="resend", begin=all_of_them)

    assert (name, sent.status, sent.keep_provider) == ("resend", SendStatus.DEFERRED, True)
    ((name, sent),) = providers.send(Channel.EMAIL, [one], only_provider="resend", begin=all_of_them)
    assert (name, sent.status, sent.keep_provider) == ("resend", SendStatus.ACCEPTED, False)
    assert ledger.lines() == []


def test_a_kept_provider_is_waited_for_and_in_doubt_if_removed(
    settings: Settings, provider: Provider, ledger: Ledger
) -> None:
    Circuit.objects.create(name="resend", failures=5, open_until=Now() + timedelta(seconds=60))

    assert send(message(), only_provider="resend") == [("", SendStatus.UNREACHABLE)]

    settings.EMAIL_PROVIDERS = ["smtp"]
    assert send(message(), only_provider="resend") == [("", SendStatus.IN_DOUBT)]
    assert (provider.calls(), ledger.lines()) == ([], [])


def test_a_refused_address_is_not_a_fault_and_goes_to_no_other_provider(
    provider: Provider, ledger: Ledger
) -> None:
    provider.always = Behavior(status=422, body={"name": "validation_error"})

    for _ in range(providers.FAULTS + 1):
        assert send(message()) == [("resend", SendStatus.REFUSED)]

    assert names() == ["resend", "smtp"]
    assert ledger.lines() == []


def test_a_provider_that_refuses_us_is_a_finding_at_once_until_it_accepts(
    settings: Settings, ledger: Ledger
) -> None:
    settings.EMAIL_PROVIDERS = ["smtp"]
    make.person(Role.ADMINISTRATOR)
    ledger.refuses = {"MAIL": "530 5.7.0 Authentication required"}

    assert send(message(), message()) == [("smtp", SendStatus.DEFERRED), ("smtp", SendStatus.UNTRIED)]
    send(message())

    found = open_findings().get()
    assert (found.code, found.subject) == ("provider", "smtp")
    assert "530 5.7.0 to the sender" in found.detail
    assert Alert.objects.filter(finding=found).count() == 1
    audits.audit()
    assert open_findings().filter(code="provider").exists()

    ledger.refuses = {}
    send(message())
    audits.audit()
    assert not open_findings().filter(code="provider").exists()


def test_what_one_provider_refuses_the_next_sends(
    settings: Settings, provider: Provider, ledger: Ledger
) -> None:
    settings.EMAIL_PROVIDERS = ["smtp", "resend"]
    ledger.refuses = {"MESSAGE": "554 5.7.1 spam message rejected"}

    assert send(message(), message()) == [("resend", SendStatus.ACCEPTED)] * 2
    assert open_findings().get().code == "refused"


def test_five_faults_in_a_row_open_the_circuit_for_a_while(provider: Provider) -> None:
    provider.always = DOWN

    for _ in range(providers.FAULTS):
        assert names() == ["resend", "smtp"]
        send(message())

    assert names() == ["smtp"]
    assert len(provider.calls()) == providers.FAULTS
    assert send(message()) == [("smtp", SendStatus.ACCEPTED)]
    assert len(provider.calls()) == providers.FAULTS
    left = Circuit.objects.annotate(left=F("open_until") - Now()).get(name="resend").left
    assert timedelta(seconds=5) < left <= timedelta(seconds=providers.OPEN_FOR)


def test_four_faults_and_an_answer_do_not(provider: Provider) -> None:
    provider.next = [DOWN] * 4 + [Behavior()] + [DOWN] * 4

    for _ in range(9):
        send(message())

    assert names() == ["resend", "smtp"]


def test_after_the_minute_only_one_batch_tries_at_a_time(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(providers.FAULTS):
        record_health("resend", failed=True)
    let_the_minute_pass()
    assert names() == ["resend", "smtp"]
    meanwhile: list[list[tuple[str, SendStatus]]] = []
    told = ResendChannel.send

    def asked_in_between(self: ResendChannel, messages: list[Message]) -> Iterator[SendResult]:
        monkeypatch.setattr(ResendChannel, "send", told)
        meanwhile.append(send(message()))
        return told(self, messages)

    monkeypatch.setattr(ResendChannel, "send", asked_in_between)

    assert send(message()) == [("resend", SendStatus.ACCEPTED)]
    assert meanwhile == [[("smtp", SendStatus.ACCEPTED)]]
    assert Circuit.objects.values_list("failures", "open_until").get() == (0, None)
    assert send(message()) == [("resend", SendStatus.ACCEPTED)]


def test_a_trial_that_fails_opens_the_circuit_again(provider: Provider) -> None:
    for _ in range(providers.FAULTS):
        record_health("resend", failed=True)
    let_the_minute_pass()
    provider.always = DOWN

    send(message())

    assert names() == ["smtp"]


def test_a_spare_that_is_not_needed_keeps_its_trial(provider: Provider, ledger: Ledger) -> None:
    for _ in range(providers.FAULTS):
        record_health("smtp", failed=True)
    let_the_minute_pass("smtp")
    send(message())
    provider.next = [DOWN]

    assert send(message()) == [("smtp", SendStatus.ACCEPTED)]


def test_all_down_is_unreachable_and_the_last_answer_is_kept(settings: Settings, provider: Provider) -> None:
    settings.EMAIL_PORT = free_port()
    provider.always = Behavior(status=429, headers={"Retry-After": "9"})

    ((name, sent),) = providers.send(Channel.EMAIL, [message()], begin=all_of_them)
    assert (name, sent.status) == ("smtp", SendStatus.UNREACHABLE)

    Circuit.objects.update(open_until=Now() + timedelta(seconds=60))
    assert send(message()) == [("", SendStatus.UNREACHABLE)]


def test_a_channel_without_a_provider_reports_it(settings: Settings) -> None:
    ((name, sent),) = providers.send(Channel.SMS, [message("+18605550100")], begin=all_of_them)

    assert (name, sent) == (
        "",
        SendResult(status=SendStatus.UNREACHABLE, error="no provider is configured for sms"),
    )
    assert names(Channel.SERVICE) == []
    settings.SERVICES = ["json"]
    assert names(Channel.SERVICE) == ["apprise"]


def test_no_messages_means_no_calls(provider: Provider, tmp_path: Path) -> None:
    assert send() == []
    assert provider.calls() == []
