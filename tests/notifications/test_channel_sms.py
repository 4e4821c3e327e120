"""SMS through Twilio, over real HTTP: taken, refused, deferred, or in doubt."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from pytest_django import Settings

from notifications.channels import http_client
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.sms import TwilioChannel
from tests.ledger import free_port
from tests.notifications.conftest import ACCOUNT
from tests.provider import Behavior, Provider

NUMBER = "+18605550100"


def message() -> Message:
    return Message(key=str(uuid4()), address=NUMBER, subject="", body="A notice is waiting. Ñandú.")


def sent(*messages: Message) -> list[SendResult]:
    return list(TwilioChannel().send(messages))


def test_an_sms_is_sent_with_the_address_that_its_receipts_go_to(
    provider: Provider, settings: Settings
) -> None:
    one = message()

    [answer] = sent(one)

    (call,) = provider.calls()
    assert answer == SendResult(status=SendStatus.ACCEPTED, ref=provider.effects()[0]["ref"])
    assert call["headers"]["authorization"].startswith("Basic ")
    assert call["body"] == {
        "To": NUMBER,
        "From": "+18605550199",
        "Body": "A notice is waiting. Ñandú.",
        "StatusCallback": f"{settings.BASE_URL}/callbacks/sms/{one.key}/",
    }


def test_a_messaging_service_may_replace_the_number(provider: Provider, settings: Settings) -> None:
    settings.TWILIO = settings.TWILIO | {"FROM": f"MG{ACCOUNT[2:]}"}

    sent(message())

    (call,) = provider.calls()
    assert call["body"]["MessagingServiceSid"] == f"MG{ACCOUNT[2:]}"
    assert "From" not in call["body"]


def test_the_properties_of_the_channel() -> None:
    channel = TwilioChannel()

    assert (channel.name, channel.idempotency_window, channel.receipts_carry_key) == ("twilio", None, True)


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        pytest.param(
            Behavior(status=400, body={"code": 21211, "message": f"{NUMBER} is not valid"}),
            SendResult(status=SendStatus.REFUSED, error="Twilio answered 400, code 21211"),
            id="no such number",
        ),
        pytest.param(
            Behavior(status=400, body={"code": 21610}),
            SendResult(status=SendStatus.REFUSED, error="Twilio answered 400, code 21610"),
            id="unsubscribed",
        ),
        pytest.param(
            Behavior(status=400, body={"code": 21606}),
            SendResult(
                status=SendStatus.DEFERRED, error="Twilio answered 400, code 21606", is_provider_fault=True
            ),
            id="our number",
        ),
        *(
            pytest.param(
                Behavior(status=400, body={"code": code}),
                SendResult(status=SendStatus.DEFERRED, error=f"Twilio answered 400, code {code}"),
                id=why,
            )
            for code, why in ((21408, "a region that is off"), (21617, "our text"), (99999, "unknown"))
        ),
        pytest.param(
            Behavior(status=201, body={"sid": "SM1", "status": "failed", "error_code": 30001}),
            SendResult(status=SendStatus.DEFERRED, error="Twilio answered 201, code 30001"),
            id="its queue is full",
        ),
        pytest.param(
            Behavior(status=401, body={"code": 20003}),
            SendResult(
                status=SendStatus.DEFERRED, error="Twilio answered 401, code 20003", is_provider_fault=True
            ),
            id="our token",
        ),
        pytest.param(
            Behavior(status=429, headers={"Retry-After": "3"}, body={"code": 20429}),
            SendResult(
                status=SendStatus.DEFERRED,
                error="Twilio answered 429, code 20429",
                retry_after=3,
                is_provider_fault=True,
            ),
            id="the rate",
        ),
        pytest.param(
            Behavior(status=503, body={"code": 20503}),
            SendResult(
                status=SendStatus.IN_DOUBT, error="Twilio answered 503, code 20503", is_provider_fault=True
            ),
            id="its error",
        ),
        pytest.param(
            Behavior(status=201, body="no json"),
            SendResult(status=SendStatus.IN_DOUBT, error="Twilio answered 201", is_provider_fault=True),
            id="no answer in an answer",
        ),
        pytest.param(
            Behavior(status=201, body={"sid": "SM1", "status": "failed", "error_code": 30006}),
            SendResult(status=SendStatus.REFUSED, ref="SM1", error="Twilio answered 201, code 30006"),
            id="failed at once",
        ),
    ],
)
def test_each_response_has_its_status_and_no_number(
    behavior: Behavior, expected: SendResult, provider: Provider
) -> None:
    provider.next = [behavior]

    assert sent(message()) == [expected]


@pytest.mark.parametrize(
    "behavior", [Behavior(reset=True), Behavior(hang=2), Behavior(drip=0.05)], ids=["reset", "hangs", "drips"]
)
def test_no_answer_is_a_doubt(
    behavior: Behavior, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.3)
    provider.next = [behavior]

    [answer, rest] = sent(message(), message())

    assert (answer.status, answer.is_provider_fault, answer.keep_provider) == (
        SendStatus.IN_DOUBT,
        True,
        False,
    )
    assert rest == SendResult(status=SendStatus.UNTRIED)
    assert len(provider.effects()) == 1


def test_without_a_connection_it_is_not_in_doubt(settings: Settings, provider: Provider) -> None:
    settings.TWILIO = settings.TWILIO | {"URL": f"http://127.0.0.1:{free_port()}"}

    assert sent(message())[0].status is SendStatus.UNREACHABLE


def test_no_number_is_logged(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    provider.next = [Behavior(status=401, body={"code": 20003, "message": NUMBER})]

    sent(message(), message())

    assert "20003" in caplog.text
    assert NUMBER[1:] not in caplog.text
