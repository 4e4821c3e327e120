"""SMS through Twilio, over real HTTP: taken, refused, deferred, or in doubt."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from pytest_django import Settings

from notifications.channels import posting
from notifications.channels.protocol import Answer, Message, Sent
from notifications.channels.sms import TwilioChannel
from tests.ledger import free_port
from tests.notifications.conftest import ACCOUNT
from tests.provider import Act, Provider

NUMBER = "+18605550100"


def message() -> Message:
    return Message(key=str(uuid4()), address=NUMBER, subject="", body="A notice is waiting. Ñandú.")


def sent(*messages: Message) -> list[Sent]:
    return list(TwilioChannel().send(messages))


def test_an_sms_is_sent_with_the_address_that_its_receipts_go_to(
    provider: Provider, settings: Settings
) -> None:
    one = message()

    [answer] = sent(one)

    (call,) = provider.calls()
    assert answer == Sent(answer=Answer.ACCEPTED, ref=provider.effects()[0]["ref"])
    assert call["headers"]["authorization"].startswith("Basic ")
    assert call["body"] == {
        "To": NUMBER,
        "From": "+18605550199",
        "Body": "A notice is waiting. Ñandú.",
        "StatusCallback": f"{settings.BASE_URL}/callbacks/sms/{one.key}/",
    }


def test_a_messaging_service_may_stand_for_the_number(provider: Provider, settings: Settings) -> None:
    settings.TWILIO = settings.TWILIO | {"FROM": f"MG{ACCOUNT[2:]}"}

    sent(message())

    (call,) = provider.calls()
    assert call["body"]["MessagingServiceSid"] == f"MG{ACCOUNT[2:]}"
    assert "From" not in call["body"]


def test_what_the_channel_says_of_itself() -> None:
    channel = TwilioChannel()

    assert (channel.name, channel.keeps_keys, channel.tells) == ("twilio", None, True)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(
            Act(status=400, body={"code": 21211, "message": f"{NUMBER} is not valid"}),
            Sent(answer=Answer.REFUSED, error="Twilio answered 400, code 21211"),
            id="no such number",
        ),
        pytest.param(
            Act(status=400, body={"code": 21610}),
            Sent(answer=Answer.REFUSED, error="Twilio answered 400, code 21610"),
            id="unsubscribed",
        ),
        pytest.param(
            Act(status=400, body={"code": 21606}),
            Sent(answer=Answer.DEFERRED, error="Twilio answered 400, code 21606", is_fault=True),
            id="our number",
        ),
        pytest.param(
            Act(status=401, body={"code": 20003}),
            Sent(answer=Answer.DEFERRED, error="Twilio answered 401, code 20003", is_fault=True),
            id="our token",
        ),
        pytest.param(
            Act(status=429, headers={"Retry-After": "3"}, body={"code": 20429}),
            Sent(
                answer=Answer.DEFERRED,
                error="Twilio answered 429, code 20429",
                retry_after=3,
                is_fault=True,
            ),
            id="the rate",
        ),
        pytest.param(
            Act(status=503, body={"code": 20503}),
            Sent(answer=Answer.IN_DOUBT, error="Twilio answered 503, code 20503", is_fault=True),
            id="its error",
        ),
        pytest.param(
            Act(status=201, body="no json"),
            Sent(answer=Answer.IN_DOUBT, error="Twilio answered 201", is_fault=True),
            id="no answer in an answer",
        ),
        pytest.param(
            Act(status=201, body={"sid": "SM1", "status": "failed", "error_code": 30006}),
            Sent(answer=Answer.REFUSED, ref="SM1", error="Twilio answered 201, code 30006"),
            id="failed at once",
        ),
    ],
)
def test_each_answer_means_what_it_says_and_repeats_no_number(
    act: Act, expected: Sent, provider: Provider
) -> None:
    provider.acts = [act]

    assert sent(message()) == [expected]


@pytest.mark.parametrize(
    "act", [Act(reset=True), Act(hang=2), Act(drip=0.05)], ids=["reset", "hangs", "drips"]
)
def test_no_answer_is_a_doubt(act: Act, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.3)
    provider.acts = [act]

    [answer, rest] = sent(message(), message())

    assert (answer.answer, answer.is_fault, answer.sticks) == (Answer.IN_DOUBT, True, False)
    assert rest == Sent(answer=Answer.UNTRIED)
    assert len(provider.effects()) == 1


def test_nobody_at_home_is_no_doubt(settings: Settings, provider: Provider) -> None:
    settings.TWILIO = settings.TWILIO | {"URL": f"http://127.0.0.1:{free_port()}"}

    assert sent(message())[0].answer is Answer.UNREACHABLE


def test_no_number_is_logged(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    provider.acts = [Act(status=401, body={"code": 20003, "message": NUMBER})]

    sent(message(), message())

    assert "20003" in caplog.text
    assert NUMBER[1:] not in caplog.text
