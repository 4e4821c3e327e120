"""Email through Resend, over real HTTP: each answer means what it says, and a repeated key is one message."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from notifications.channels import posting, turns
from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Answer, Message, Sent
from tests.ledger import free_port
from tests.provider import Act, Provider


def message(address: str = "officer@orders.example", key: str = "") -> Message:
    return Message(key=key or str(uuid4()), address=address, subject="A notice", body="A notice is waiting.")


def sent(*messages: Message) -> list[Sent]:
    return list(ResendChannel().send(messages))


def test_an_email_is_sent_with_its_key_and_nothing_else_of_ours(provider: Provider) -> None:
    one = message()

    [answer] = sent(one)

    (call,) = provider.calls()
    (effect,) = provider.effects()
    assert answer == Sent(answer=Answer.ACCEPTED, ref=effect["ref"])
    assert call["headers"]["idempotency-key"] == one.key
    assert call["headers"]["authorization"] == "Bearer re_test"
    assert call["body"] == {
        "from": "notices@ctcompliance.example",
        "to": ["officer@orders.example"],
        "subject": "A notice",
        "text": "A notice is waiting.",
        "headers": {"Auto-Submitted": "auto-generated", "X-Metadata": f'{{"key": "{one.key}"}}'},
    }


def test_what_the_channel_says_of_itself() -> None:
    channel = ResendChannel()

    assert (channel.name, channel.keeps_keys, channel.tells) == ("resend", timedelta(hours=24), True)


def test_the_same_key_again_is_the_same_email(provider: Provider) -> None:
    one = message()

    first, second = sent(one)[0], sent(one)[0]

    assert first == second
    assert (len(provider.calls()), len(provider.effects())) == (2, 1)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(
            Act(status=422, body={"name": "validation_error", "message": "officer@orders.example"}),
            Sent(answer=Answer.REFUSED, error="Resend answered 422, validation_error"),
            id="the message",
        ),
        pytest.param(
            Act(status=429, headers={"Retry-After": "7"}, body={"name": "rate_limit_exceeded"}),
            Sent(
                answer=Answer.DEFERRED,
                error="Resend answered 429, rate_limit_exceeded",
                retry_after=7,
                is_fault=True,
            ),
            id="the rate",
        ),
        pytest.param(
            Act(status=429, headers={"Retry-After": "99999"}),
            Sent(answer=Answer.DEFERRED, error="Resend answered 429", retry_after=3600, is_fault=True),
            id="a day's rate",
        ),
        pytest.param(
            Act(status=401, body={"name": "invalid_api_key"}),
            Sent(answer=Answer.DEFERRED, error="Resend answered 401, invalid_api_key", is_fault=True),
            id="our key",
        ),
        pytest.param(
            Act(status=500, body={"name": "internal_server_error"}),
            Sent(answer=Answer.DEFERRED, error="Resend answered 500, internal_server_error", is_fault=True),
            id="its own error",
        ),
        pytest.param(
            Act(status=502, body="<html>officer@orders.example</html>"),
            Sent(answer=Answer.DEFERRED, error="Resend answered 502", is_fault=True, sticks=True),
            id="a gateway's error",
        ),
        pytest.param(
            Act(status=200, body="[]"),
            Sent(answer=Answer.DEFERRED, error="Resend answered 200", is_fault=True, sticks=True),
            id="no answer in an answer",
        ),
        pytest.param(
            Act(status=302, headers={"Location": "http://127.0.0.1:1/"}),
            Sent(answer=Answer.DEFERRED, error="Resend answered 302", is_fault=True, sticks=True),
            id="elsewhere",
        ),
        pytest.param(
            Act(status=409, body={"name": "concurrent_idempotent_requests"}),
            Sent(
                answer=Answer.DEFERRED,
                error="Resend answered 409, concurrent_idempotent_requests",
                sticks=True,
            ),
            id="under way",
        ),
    ],
)
def test_each_answer_means_what_it_says_and_repeats_no_address(
    act: Act, expected: Sent, provider: Provider
) -> None:
    provider.acts = [act]

    assert sent(message()) == [expected]


def test_a_line_that_breaks_after_the_email_went_out_leads_to_the_same_key_again(provider: Provider) -> None:
    one = message()
    provider.acts = [Act(reset=True)]

    [broken] = sent(one)
    [again] = sent(one)

    assert (broken.answer, broken.is_fault, broken.sticks) == (Answer.DEFERRED, True, True)
    assert again.answer is Answer.ACCEPTED
    assert provider.keys() == {one.key: 1}


@pytest.mark.parametrize("act", [Act(hang=2), Act(drip=0.05)], ids=["hangs", "drips"])
def test_a_call_is_cut_in_all(act: Act, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.3)
    provider.acts = [act]
    began = time.monotonic()

    [answer] = sent(message())

    assert time.monotonic() - began < 1
    assert answer == Sent(answer=Answer.DEFERRED, error="no answer in time", is_fault=True, sticks=True)


def test_other_words_under_a_key_are_a_doubt(provider: Provider) -> None:
    one = message()
    sent(one)

    [answer] = sent(Message(key=one.key, address=one.address, subject="A notice", body="Other words."))

    assert answer.answer is Answer.IN_DOUBT


def test_nobody_at_home_is_unreachable_and_the_rest_untried(settings: Settings, provider: Provider) -> None:
    settings.RESEND = settings.RESEND | {"URL": f"http://127.0.0.1:{free_port()}"}

    first, second = sent(message(), message())

    assert (first.answer, first.is_fault) == (Answer.UNREACHABLE, True)
    assert second == Sent(answer=Answer.UNTRIED)


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://127.0.0.1:port", "ftp://127.0.0.1"])
def test_an_address_that_leads_nowhere_is_unreachable(
    url: str, settings: Settings, provider: Provider
) -> None:
    settings.RESEND = settings.RESEND | {"URL": url}

    assert sent(message())[0].answer is Answer.UNREACHABLE


def test_one_refused_address_does_not_stop_the_others_but_a_fault_does(provider: Provider) -> None:
    provider.acts = [
        Act(status=422, body={"name": "validation_error"}),
        Act(),
        Act(status=503, body={"name": "x"}),
    ]

    answers = [one.answer for one in sent(*[message() for _ in range(4)])]

    assert answers == [Answer.REFUSED, Answer.ACCEPTED, Answer.DEFERRED, Answer.UNTRIED]


def test_what_is_no_address_is_refused_without_a_call(provider: Provider) -> None:
    assert [one.answer for one in sent(message("no address"), message())] == [Answer.REFUSED, Answer.ACCEPTED]
    assert len(provider.calls()) == 1


def test_a_slow_provider_does_not_outlast_the_lease(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "BEGIN_WITHIN", 0.2)
    provider.always = Act(hang=0.3)

    answers = [one.answer for one in sent(message(), message())]

    assert answers == [Answer.ACCEPTED, Answer.UNTRIED]
