"""Email over SMTP: what is sent, and what the trouble of the server means for the rest."""

from __future__ import annotations

from uuid import uuid4

from pytest_django import Settings

from notifications.channels.email import SmtpChannel
from notifications.channels.protocol import Answer, Message, Sent
from tests.ledger import Ledger, free_port


def message() -> Message:
    return Message(key=str(uuid4()), address="officer@orders.example", subject="A notice", body="It waits.\n")


def sent(*messages: Message) -> list[Sent]:
    return list(SmtpChannel().send(messages))


def test_the_words_are_sent_under_a_message_id_made_of_the_key(ledger: Ledger) -> None:
    one = message()

    first, second = sent(one)[0], sent(one)[0]

    (line, again) = ledger.lines()
    headers = line["headers"]
    assert isinstance(headers, dict)
    assert (headers["Subject"], headers["To"]) == ("A notice", "officer@orders.example")
    assert headers["Auto-Submitted"] == "auto-generated"
    assert str(line["body"]).strip() == "It waits."
    assert line["key"] == again["key"] == f"<{one.key}@127.0.0.1>"
    assert first == second == Sent(answer=Answer.ACCEPTED, ref=f"<{one.key}@127.0.0.1>")


def test_what_the_channel_says_of_itself() -> None:
    channel = SmtpChannel()

    assert (channel.name, channel.keeps_keys, channel.tells) == ("smtp", None, False)


def test_a_server_that_closes_down_took_nothing_and_is_asked_nothing_more(ledger: Ledger) -> None:
    ledger.answers = ["421 4.3.2 closing down"]

    first, second = sent(message(), message())

    assert first == Sent(answer=Answer.DEFERRED, error="the mail server answered 421", is_fault=True)
    assert second == Sent(answer=Answer.UNTRIED)
    assert ledger.lines() == []


def test_a_refusal_is_about_one_message(ledger: Ledger) -> None:
    ledger.answers = ["550 no such mailbox", "451 later"]

    answers = sent(message(), message(), message())

    assert [(one.answer, one.is_fault) for one in answers] == [
        (Answer.REFUSED, False),
        (Answer.DEFERRED, False),
        (Answer.ACCEPTED, False),
    ]


def test_a_line_that_breaks_is_a_doubt_and_a_fault(ledger: Ledger) -> None:
    ledger.break_after_taking = 1

    first, second = sent(message(), message())

    assert (first.answer, first.is_fault, second.answer) == (Answer.IN_DOUBT, True, Answer.UNTRIED)


def test_nobody_at_home_is_a_fault(ledger: Ledger, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()

    first, second = sent(message(), message())

    assert (first.answer, first.is_fault, second.answer) == (Answer.UNREACHABLE, True, Answer.UNTRIED)
