"""Senders that are killed, stopped or hang: nothing is lost, and doubled only where the README says so.

The numbers are those of the design's list of failure tests.
"""

from __future__ import annotations

import signal
from typing import Any

import pytest

from notifications.services.delivery import sending
from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Outside, Settle, found, full_only
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900 if FULL else 600)]

TAKEN = {"ACCEPTED": 1}


def fired(stack: Stack, count: int = 1, recipients: str = "desk") -> int:
    """Fire that many checks, whose alerts wait to be sent; return their court."""
    court = int(stack.scenario("due", count, -1, recipients)["court"])
    stack.scenario("fire")
    return court


def lease_ends(stack: Stack) -> None:
    """Let the lease of the killed sender expire, and reap."""
    if FULL:
        wait_for("the lease to end", lambda: sum(stack.scenario("reap").values()) > 0, 90)
    else:
        stack.scenario("lease_over")
        stack.scenario("reap")


def send(stack: Stack) -> None:
    """Let another sender drain to the end."""
    stack.scenario("later")
    assert stack.sender(worker="another").word() == "done"


def calls(outside: Outside, key: str) -> int:
    """Count the calls with this key."""
    return sum(call["key"] == key for call in outside.book.calls())


def test_4_killed_between_lease_and_begin_is_sent_once(stack: Stack, outside: Outside) -> None:
    court = fired(stack)
    stack.sender("leased").killed()
    assert stack.scenario("states", court) == {"LEASED": 1}

    lease_ends(stack)
    send(stack)

    outcome = stack.scenario("outcome", court)
    assert found(outside, outcome) == CLEAN
    assert (outcome["states"], outcome["duplicates"]) == (TAKEN, [])


def test_5_killed_before_the_provider_got_it_is_in_doubt_then_sent(stack: Stack, outside: Outside) -> None:
    court = fired(stack)
    stack.sender("begun").killed()
    assert stack.scenario("states", court) == {"SENDING": 1}

    lease_ends(stack)
    send(stack)

    outcome = stack.scenario("outcome", court)
    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == [], "the provider keeps keys: to ask it again doubles nothing"


def test_6_killed_after_it_was_taken_has_one_effect_where_keys_are_kept(
    stack: Stack, outside: Outside
) -> None:
    court = fired(stack)
    stack.sender("taken").killed()
    (key,) = stack.scenario("outcome", court)["due_at"]
    assert calls(outside, key) == 1

    lease_ends(stack)
    send(stack)

    outcome = stack.scenario("outcome", court)
    assert calls(outside, key) == 2
    assert found(outside, outcome) == CLEAN
    assert outcome["states"] == TAKEN


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_7_killed_after_it_was_taken_is_doubled_and_marked_without_keys(
    stack: Stack, outside: Outside, channel: str
) -> None:
    # A mail server cannot be asked. Twilio might still send a receipt.
    stack.email = "smtp"
    court = fired(stack, sending.PART + 4, recipients="sms" if channel == "sms" else "desk")
    stack.sender("taken", channel=channel).killed()

    lease_ends(stack)
    if channel == "sms":
        send(stack)
        outcome = stack.scenario("outcome", court, channel)
        assert found(outside, outcome).doubled == {}, "for two minutes a receipt may come"
        assert outcome["states"]["IN_DOUBT"] > 0
        if FULL:
            wait_for("the doubt to be decided", lambda: stack.scenario("reap")["sent_again"] > 0, 150)
        else:
            stack.scenario("no_receipt")
            stack.scenario("reap")
    send(stack)

    outcome = stack.scenario("outcome", court, channel)
    verdict = found(outside, outcome)
    assert verdict.lost == set()
    assert verdict.doubled == dict.fromkeys(outcome["duplicates"], 2), "doubled is what is marked, no more"
    assert 0 < len(verdict.doubled) <= sending.PART, "at most a part for each sender"
    assert outcome["states"] == {"ACCEPTED": sending.PART + 4}


def test_8_a_sender_that_slept_past_its_lease_completes_nothing(stack: Stack, outside: Outside) -> None:
    court = fired(stack)

    def to_the_desk() -> int:
        return sum(call["to"] == ["desk0@police.example"] for call in outside.book.calls())

    # A message of several alerts has the key of any of them, so its recipient shows which it is.
    before = to_the_desk()
    # The provider takes the message at once and answers after the sender is stopped.
    outside.behave(always={"hang": 2.0})
    asleep = stack.sender(worker="asleep")
    wait_for("the call", lambda: to_the_desk() > before, 30)
    asleep.process.send_signal(signal.SIGSTOP)
    outside.behave()

    lease_ends(stack)
    another = stack.sender("begun", worker="another")
    assert another.word() == "here"
    asleep.process.send_signal(signal.SIGCONT)
    assert asleep.word() == "done"
    outcome = stack.scenario("outcome", court)
    assert (outcome["states"], outcome["workers"]) == ({"SENDING": 1}, ["another"]), "the other's"

    another.killed()
    lease_ends(stack)
    send(stack)
    outcome = stack.scenario("outcome", court)
    assert outcome["states"] == TAKEN
    assert found(outside, outcome) == CLEAN


@pytest.mark.parametrize(
    "act",
    [
        pytest.param({"reset": True, "takes": False}, id="reset", marks=full_only),
        pytest.param({"reset": True}, id="taken-then-reset"),
        pytest.param({"status": 500}, id="500", marks=full_only),
        pytest.param({"status": 503, "takes": True}, id="taken-then-503", marks=full_only),
        pytest.param({"status": 429, "headers": {"Retry-After": "1"}}, id="429"),
        pytest.param({"hang": 60.0}, id="hang", marks=full_only),
    ],
)
def test_9_a_provider_in_trouble_loses_nothing(
    stack: Stack, outside: Outside, settle: Settle, act: dict[str, Any]
) -> None:
    court = fired(stack, 3)
    outside.behave(act)

    send(stack)
    states = stack.scenario("states", court).keys()
    assert states <= {"ACCEPTED", "TEMPORARY_FAILURE", "READY"}, "no lease is held past the drain"
    assert len(states - {"ACCEPTED"}) > 0, "the trouble met somebody"
    if FULL:
        stack.worker()
    else:
        send(stack)
        send(stack)
    outcome = settle(court, 3, 90)

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []


def test_32_two_that_cannot_be_sent_delay_no_other(stack: Stack, outside: Outside) -> None:
    many = 1000 if FULL else 90
    # The template of one cannot be filled in; the provider refuses the address of another.
    court = fired(stack, many, recipients="poison")
    refusal = {"name": "validation_error", "statusCode": 422, "message": "no"}
    outside.behave({"to": "desk1@police.example", "status": 422, "body": refusal})

    # With their clerk's, and the court's of what fell back, three batches for each hundred.
    for _ in range(2 + 3 * many // sending.BATCH):
        send(stack)

    outcome = stack.scenario("outcome", court)
    verdict = found(outside, outcome)
    assert outcome["states"] == {"ACCEPTED": many - 2, "FAILED": 2}
    assert (len(verdict.lost), verdict.doubled) == (2, {})
    refused, poison = outcome["errors"]
    assert "cannot be filled in" in poison
    assert refused == "Resend answered 422, validation_error"
