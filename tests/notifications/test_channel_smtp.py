"""Email over SMTP: what is sent, and what the trouble of the server means for the rest."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from notifications.channels import sequential, smtp_backend
from notifications.channels.email import SmtpChannel
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.sequential import MOST_IN_A_ROW
from notifications.services.delivery import outbox
from tests.ledger import Ledger, free_port


def message(address: str = "officer@orders.example") -> Message:
    return Message(key=str(uuid4()), address=address, subject="A notice", body="It waits.\n")


def sent(*messages: Message) -> list[SendResult]:
    return list(SmtpChannel().send(messages))


def test_the_words_are_sent_under_a_message_id_made_of_the_key(ledger: Ledger) -> None:
    one = message()

    first, second = sent(one)[0], sent(one)[0]

    (line, again) = ledger.lines()
    headers = line["headers"]
    assert isinstance(headers, dict)
    assert (headers["Subject"], headers["To"]) == ("A notice", "officer@orders.example")
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "AutoReply, OOF"
    assert str(line["body"]).strip() == "It waits."
    assert line["key"] == again["key"] == f"<{one.key}@127.0.0.1>"
    assert first == second == SendResult(status=SendStatus.ACCEPTED, ref=f"<{one.key}@127.0.0.1>")


def test_the_properties_of_the_channel() -> None:
    channel = SmtpChannel()

    assert (channel.name, channel.idempotency_window, channel.receipts_carry_key) == ("smtp", None, False)


def test_a_server_that_closes_down_took_nothing_and_is_asked_nothing_more(ledger: Ledger) -> None:
    ledger.answers = ["421 4.3.2 closing down"]

    first, second = sent(message(), message())

    assert first == SendResult(
        status=SendStatus.DEFERRED, error="the mail server answered 421", is_provider_fault=True
    )
    assert second == SendResult(status=SendStatus.UNTRIED)
    assert ledger.lines() == []


def test_a_refusal_is_about_one_message(ledger: Ledger) -> None:
    ledger.answers = ["550 no such mailbox", "451 later"]

    answers = sent(message(), message(), message())

    assert [(one.status, one.is_provider_fault) for one in answers] == [
        (SendStatus.REFUSED, False),
        (SendStatus.DEFERRED, False),
        (SendStatus.ACCEPTED, False),
    ]


def test_a_line_that_breaks_is_a_doubt_and_a_fault(ledger: Ledger) -> None:
    ledger.break_after_taking = 1

    first, second = sent(message(), message())

    assert (first.status, first.is_provider_fault, second.status) == (
        SendStatus.IN_DOUBT,
        True,
        SendStatus.UNTRIED,
    )


def test_without_a_connection_it_is_a_fault(ledger: Ledger, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()

    first, second = sent(message(), message())

    assert (first.status, first.is_provider_fault, second.status) == (
        SendStatus.UNREACHABLE,
        True,
        SendStatus.UNTRIED,
    )


REFUSALS_OF_US = {
    "a host that may not connect": ("CONNECT", "554 5.7.1 no"),
    "a wrong password": ("AUTH", "535"),
    "a sign-in that is missing": ("MAIL", "530 5.7.0 Authentication required"),
    "a sender that is unknown": ("MAIL", "550 5.1.8 sender rejected"),
    "a size": ("MAIL", "552 5.3.4 message size exceeds fixed limit"),
    "a quota": ("MAIL", "554 5.7.1 daily quota exceeded"),
    "a relay that is closed": ("RCPT", "554 5.7.1 <officer@orders.example>: Relay access denied"),
    "a relay that is closed, in words": ("RCPT", "550 relay not permitted"),
    "a sign-in asked for late": ("RCPT", "530 Authentication required"),
    "a domain without a key": ("RCPT", "550 5.7.26 unauthenticated mail is not accepted"),
    "a session in disorder": ("DATA", "554 5.5.1 error: no valid recipients"),
    "a text": ("MESSAGE", "554 5.7.1 spam message rejected"),
    "a size, at the end": ("MESSAGE", "552 5.3.4 message too big"),
    "no reason": ("MESSAGE", "550 rejected"),
}


@pytest.mark.parametrize(("stage", "reply"), REFUSALS_OF_US.values(), ids=REFUSALS_OF_US)
def test_a_refusal_that_does_not_name_the_recipient_is_not_final(
    stage: str, reply: str, ledger: Ledger, settings: Settings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "relay", "a password"
    ledger.refuses = {stage: reply}

    answers = sent(*[message() for _ in range(MOST_IN_A_ROW + 1)])

    assert {one.status for one in answers} <= {
        SendStatus.DEFERRED,
        SendStatus.UNREACHABLE,
        SendStatus.UNTRIED,
    }
    assert all(one.is_not_recipient and one.refuses_us for one in answers if one.error)
    assert any(one.is_provider_fault for one in answers), "three in a row are the server's fault"
    assert answers[-1].status is SendStatus.UNTRIED
    assert reply[:3] in answers[0].error
    assert "officer" not in answers[0].error

    ledger.refuses = {}
    assert [one.status for one in sent(message())] == [SendStatus.ACCEPTED]


REFUSALS_OF_A_RECIPIENT = {
    "an unknown mailbox": ("RCPT", "550 5.1.1 <officer@orders.example>: user unknown"),
    "an unknown mailbox, in words": ("RCPT", "550 mailbox unavailable"),
    "a mailbox that is closed": ("RCPT", "550 5.2.1 mailbox disabled"),
    "an unknown domain": ("RCPT", "550 5.1.2 host unknown"),
    "a domain without mail": ("RCPT", "556 5.1.10 null MX"),
    "a name that is not allowed": ("RCPT", "553 5.1.3 bad syntax"),
    "at the end": ("MESSAGE", "550 5.1.1 user unknown"),
    "at the end, by name": ("MESSAGE", "550 unknown: officer@orders.example"),
}


@pytest.mark.parametrize(("stage", "reply"), REFUSALS_OF_A_RECIPIENT.values(), ids=REFUSALS_OF_A_RECIPIENT)
def test_a_refusal_of_the_recipient_is_final_and_stops_no_other(
    stage: str, reply: str, ledger: Ledger
) -> None:
    ledger.refuses = {stage: reply}

    answers = sent(*[message() for _ in range(MOST_IN_A_ROW + 1)])

    assert {(one.status, one.is_provider_fault) for one in answers} == {(SendStatus.REFUSED, False)}


@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "452 4.2.2 mailbox full", "451 later"])
def test_a_recipient_who_is_asked_again_later_is_not_the_servers_trouble(reply: str, ledger: Ledger) -> None:
    ledger.refuses = {"RCPT": reply}

    [answer] = sent(message())

    assert (answer.status, answer.is_not_recipient) == (SendStatus.DEFERRED, False)


@pytest.mark.parametrize("reply", ["451 4.3.0 queue file write error", "454 4.7.0 TLS not available"])
def test_a_system_that_is_full_is_the_servers_trouble(reply: str, ledger: Ledger) -> None:
    ledger.refuses = {"RCPT": reply}

    [answer] = sent(message())

    assert (answer.status, answer.is_not_recipient, answer.refuses_us) == (SendStatus.DEFERRED, True, False)


BAD_ADDRESSES = {
    "letters of another alphabet": f"{'ü' * 62}@orders.example",
    "a letter that folds to another": "\u017f" * 62 + "@orders.example",
    "a part before the @ that is too long": f"{'a' * 65}@orders.example",
    "a label that is too long": f"officer@{'a' * 64}.example",
    "letters of another alphabet and a long label": f"officer@{'ü' * 62}.example",
    "two lines": "officer@orders.example\nBcc: other@orders.example",
    "a surrogate": "officer\udce4@orders.example",
    "nothing": "",
    "two": "a@orders.example, b@orders.example",
    "a null": "officer\x00@orders.example",
}


@pytest.mark.parametrize("address", BAD_ADDRESSES.values(), ids=BAD_ADDRESSES)
def test_an_address_that_cannot_be_sent_to_harms_one_message(address: str, ledger: Ledger) -> None:
    answers = sent(message(), message(address), message())

    assert [one.status for one in answers] == [SendStatus.ACCEPTED, SendStatus.REFUSED, SendStatus.ACCEPTED]
    assert len(ledger.lines()) == 2


def test_what_one_message_raises_while_it_is_sent_concerns_that_message(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = EmailMessage.send
    odd = message()

    def send(self: EmailMessage, *args: Any, **options: Any) -> int:
        if odd.key in str(self.extra_headers):
            raise RuntimeError("officer@orders.example")
        return told(self, *args, **options)

    monkeypatch.setattr(EmailMessage, "send", send)

    answers = sent(message(), odd, message())

    assert [one.status for one in answers] == [SendStatus.ACCEPTED, SendStatus.IN_DOUBT, SendStatus.ACCEPTED]
    assert "officer" not in answers[1].error


def test_a_slow_server_does_not_outlast_the_lease(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequential, "BEGIN_WITHIN", 0.2)
    ledger.delay = 0.3

    assert [one.status for one in sent(message(), message())] == [SendStatus.ACCEPTED, SendStatus.UNTRIED]


def test_a_server_that_takes_long_to_accept_is_waited_for(ledger: Ledger, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    ledger.delay = 1.0

    [answer] = sent(message())

    assert answer.status is SendStatus.ACCEPTED
    assert len(ledger.lines()) == 1


def test_the_answer_is_waited_for_less_long_than_a_lease_lasts(settings: Settings) -> None:
    begins_last = sequential.BEGIN_WITHIN
    assert begins_last + settings.EMAIL_TIMEOUT + smtp_backend.ANSWER_WITHIN < outbox.LEASE
