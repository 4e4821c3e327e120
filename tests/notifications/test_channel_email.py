"""Email through Resend, over real HTTP: the status of each response, and one message for a repeated key."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from notifications.channels import http_client, sequential
from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Message, SendResult, SendStatus
from tests.ledger import free_port
from tests.provider import Behavior, Provider


def message(address: str = "officer@orders.example", key: str = "") -> Message:
    return Message(key=key or str(uuid4()), address=address, subject="A notice", body="A notice is waiting.")


def sent(*messages: Message) -> list[SendResult]:
    return list(ResendChannel().send(messages))


def test_an_email_is_sent_with_its_key_and_nothing_else_of_ours(provider: Provider) -> None:
    one = message()

    [answer] = sent(one)

    (call,) = provider.calls()
    (effect,) = provider.effects()
    assert answer == SendResult(status=SendStatus.ACCEPTED, ref=effect["ref"])
    assert call["headers"]["idempotency-key"] == one.key
    assert call["headers"]["authorization"] == "Bearer re_test"
    assert call["body"] == {
        "from": "notices@ctcompliance.example",
        "to": ["officer@orders.example"],
        "subject": "A notice",
        "text": "A notice is waiting.",
        "headers": {
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "AutoReply, OOF",
            "X-Metadata": f'{{"key": "{one.key}"}}',
        },
    }


def test_the_properties_of_the_channel() -> None:
    channel = ResendChannel()

    assert (channel.name, channel.idempotency_window, channel.receipts_carry_key) == (
        "resend",
        timedelta(hours=24),
        True,
    )


def test_the_same_key_again_is_the_same_email(provider: Provider) -> None:
    one = message()

    first, second = sent(one)[0], sent(one)[0]

    assert first == second
    assert (len(provider.calls()), len(provider.effects())) == (2, 1)


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        pytest.param(
            Behavior(status=422, body={"name": "validation_error", "message": "officer@orders.example"}),
            SendResult(status=SendStatus.REFUSED, error="Resend answered 422, validation_error"),
            id="the message",
        ),
        *(
            pytest.param(
                Behavior(status=status, body={"name": name, "message": text}),
                SendResult(status=SendStatus.DEFERRED, error=f"Resend answered {status}, {name}"),
                id=f"our sender: {text}",
            )
            for status, name, text in (
                (422, "invalid_from_address", "Invalid `from` field."),
                (422, "validation_error", "Invalid `from` field. officer@orders.example"),
                (400, "validation_error", "The domain is not verified."),
                (422, "missing_required_field", "Missing `subject` field."),
                (422, "invalid_access", "Access must be full."),
                (451, "security_error", "We may have found a security issue."),
            )
        ),
        pytest.param(
            Behavior(status=422, body={"name": "validation_error", "message": "Invalid `to` field."}),
            SendResult(status=SendStatus.REFUSED, error="Resend answered 422, validation_error"),
            id="the recipient",
        ),
        pytest.param(
            Behavior(status=429, headers={"Retry-After": "7"}, body={"name": "rate_limit_exceeded"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 429, rate_limit_exceeded",
                retry_after=7,
                is_provider_fault=True,
            ),
            id="the rate",
        ),
        pytest.param(
            Behavior(status=429, headers={"Retry-After": "99999"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 429",
                retry_after=3600,
                is_provider_fault=True,
            ),
            id="a day's rate",
        ),
        pytest.param(
            Behavior(status=401, body={"name": "invalid_api_key"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 401, invalid_api_key",
                is_provider_fault=True,
            ),
            id="our key",
        ),
        pytest.param(
            Behavior(status=500, body={"name": "internal_server_error"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 500, internal_server_error",
                is_provider_fault=True,
            ),
            id="its own error",
        ),
        pytest.param(
            Behavior(status=502, body="<html>officer@orders.example</html>"),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 502",
                is_provider_fault=True,
                keep_provider=True,
            ),
            id="a gateway's error",
        ),
        pytest.param(
            Behavior(status=200, body="[]"),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 200",
                is_provider_fault=True,
                keep_provider=True,
            ),
            id="no answer in an answer",
        ),
        pytest.param(
            Behavior(status=302, headers={"Location": "http://127.0.0.1:1/"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 302",
                is_provider_fault=True,
                keep_provider=True,
            ),
            id="elsewhere",
        ),
        pytest.param(
            Behavior(status=409, body={"name": "concurrent_idempotent_requests"}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Resend answered 409, concurrent_idempotent_requests",
                keep_provider=True,
            ),
            id="under way",
        ),
    ],
)
def test_each_response_has_its_status_and_no_address(
    behavior: Behavior, expected: SendResult, provider: Provider
) -> None:
    provider.next = [behavior]

    assert sent(message()) == [expected]


def test_a_setting_at_the_provider_is_its_fault_after_three(provider: Provider) -> None:
    provider.always = Behavior(status=422, body={"name": "invalid_from_address"})

    answers = sent(*[message() for _ in range(5)])

    assert [one.is_provider_fault for one in answers] == [False, False, True, False, False]
    assert [one.status for one in answers[3:]] == [SendStatus.UNTRIED] * 2
    assert all(one.refuses_us for one in answers[:3])


def test_a_line_that_breaks_after_the_email_went_out_leads_to_the_same_key_again(provider: Provider) -> None:
    one = message()
    provider.next = [Behavior(reset=True)]

    [broken] = sent(one)
    [again] = sent(one)

    assert (broken.status, broken.is_provider_fault, broken.keep_provider) == (
        SendStatus.DEFERRED,
        True,
        True,
    )
    assert again.status is SendStatus.ACCEPTED
    assert provider.keys() == {one.key: 1}


@pytest.mark.parametrize("behavior", [Behavior(hang=30), Behavior(drip=0.2)], ids=["hangs", "drips"])
def test_a_call_is_cut_in_all(
    behavior: Behavior, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.3)
    provider.next = [behavior]
    began = time.monotonic()

    [answer] = sent(message())

    # It would take half a minute.
    assert time.monotonic() - began < 10
    assert answer == SendResult(
        status=SendStatus.DEFERRED, error="no answer in time", is_provider_fault=True, keep_provider=True
    )


def test_other_words_under_a_key_are_a_doubt(provider: Provider) -> None:
    one = message()
    sent(one)

    [answer] = sent(Message(key=one.key, address=one.address, subject="A notice", body="Other words."))

    assert answer.status is SendStatus.IN_DOUBT


def test_without_a_connection_it_is_unreachable_and_the_rest_untried(
    settings: Settings, provider: Provider
) -> None:
    settings.RESEND = settings.RESEND | {"URL": f"http://127.0.0.1:{free_port()}"}

    first, second = sent(message(), message())

    assert (first.status, first.is_provider_fault) == (SendStatus.UNREACHABLE, True)
    assert second == SendResult(status=SendStatus.UNTRIED)


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://127.0.0.1:port", "ftp://127.0.0.1"])
def test_an_address_that_leads_nowhere_is_unreachable(
    url: str, settings: Settings, provider: Provider
) -> None:
    settings.RESEND = settings.RESEND | {"URL": url}

    assert sent(message())[0].status is SendStatus.UNREACHABLE


def test_one_refused_address_does_not_stop_the_others_but_a_fault_does(provider: Provider) -> None:
    provider.next = [
        Behavior(status=422, body={"name": "validation_error"}),
        Behavior(),
        Behavior(status=503, body={"name": "x"}),
    ]

    answers = [one.status for one in sent(*[message() for _ in range(4)])]

    assert answers == [SendStatus.REFUSED, SendStatus.ACCEPTED, SendStatus.DEFERRED, SendStatus.UNTRIED]


def test_what_is_no_address_is_refused_without_a_call(provider: Provider) -> None:
    assert [one.status for one in sent(message("no address"), message())] == [
        SendStatus.REFUSED,
        SendStatus.ACCEPTED,
    ]
    assert len(provider.calls()) == 1


def test_a_slow_provider_does_not_outlast_the_lease(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequential, "BEGIN_WITHIN", 0.2)
    provider.always = Behavior(hang=0.3)

    answers = [one.status for one in sent(message(), message())]

    assert answers == [SendStatus.ACCEPTED, SendStatus.UNTRIED]
