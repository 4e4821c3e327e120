"""Senders that are killed, stopped or left hanging: nothing lost, doubled only where the promise says so.

The numbers are those of the design's list of failure tests (dispatch.md § 3).
"""

from __future__ import annotations

import signal
from typing import Any

import pytest

from notifications.services import sending
from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Outside, Settle, found, full_only
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900 if FULL else 120)]

TAKEN = {"ACCEPTED": 1}


def fired(stack: Stack, count: int = 1, told: str = "desk") -> int:
    """So many checks that fired and wait to be sent; the court that they are of."""
    court = int(stack.scene("due", count, -1, told)["court"])
    stack.scene("fire")
    return court


def lease_ends(stack: Stack) -> None:
    """The lease of whoever was killed is over, and somebody looks."""
    if FULL:
        wait_for("the lease to end", lambda: sum(stack.scene("reap").values()) > 0, 90)
    else:
        stack.scene("lease_over")
        stack.scene("reap")


def send(stack: Stack) -> None:
    """Another sender drains to the end."""
    stack.scene("later")
    assert stack.sender(worker="another").says() == "done"


def calls(outside: Outside, key: str) -> int:
    """How often the provider was asked to take the message with the key."""
    return sum(call["key"] == key for call in outside.book.calls())


def test_4_killed_between_lease_and_begin_is_sent_once(stack: Stack, outside: Outside) -> None:
    court = fired(stack)
    stack.sender("leased").killed()
    assert stack.scene("states", court) == {"LEASED": 1}

    lease_ends(stack)
    send(stack)

    standing = stack.scene("standing", court)
    assert found(outside, standing) == CLEAN
    assert (standing["states"], standing["duplicates"]) == (TAKEN, [])


def test_5_killed_before_the_provider_got_it_is_in_doubt_then_sent(stack: Stack, outside: Outside) -> None:
    court = fired(stack)
    stack.sender("begun").killed()
    assert stack.scene("states", court) == {"SENDING": 1}

    lease_ends(stack)
    send(stack)

    standing = stack.scene("standing", court)
    assert found(outside, standing) == CLEAN
    assert standing["duplicates"] == [], "the provider keeps keys: to ask it again doubles nothing"


def test_6_killed_after_it_was_taken_has_one_effect_where_keys_are_kept(
    stack: Stack, outside: Outside
) -> None:
    court = fired(stack)
    stack.sender("taken").killed()
    (key,) = stack.scene("standing", court)["due_at"]
    assert calls(outside, key) == 1

    lease_ends(stack)
    send(stack)

    standing = stack.scene("standing", court)
    assert calls(outside, key) == 2
    assert found(outside, standing) == CLEAN
    assert standing["states"] == TAKEN


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_7_killed_after_it_was_taken_is_doubled_and_said_to_be_where_they_are_not(
    stack: Stack, outside: Outside, channel: str
) -> None:
    # A mail server that cannot be asked; and Twilio, whose receipt might still have told.
    stack.email = "smtp"
    court = fired(stack, sending.PART + 4, told="sms" if channel == "sms" else "desk")
    stack.sender("taken", channel=channel).killed()

    lease_ends(stack)
    if channel == "sms":
        send(stack)
        standing = stack.scene("standing", court, channel)
        assert found(outside, standing).doubled == {}, "for two minutes a receipt may come"
        assert standing["states"]["IN_DOUBT"] > 0
        if FULL:
            wait_for("the doubt to be decided", lambda: stack.scene("reap")["sent_again"] > 0, 150)
        else:
            stack.scene("no_receipt")
            stack.scene("reap")
    send(stack)

    standing = stack.scene("standing", court, channel)
    verdict = found(outside, standing)
    assert verdict.lost == set()
    assert verdict.doubled == dict.fromkeys(standing["duplicates"], 2), "doubled is what is marked, no more"
    assert 0 < len(verdict.doubled) <= sending.PART, "at most a part for each sender"
    assert standing["states"] == {"ACCEPTED": sending.PART + 4}


def test_8_a_sender_that_slept_past_its_lease_has_no_say(stack: Stack, outside: Outside) -> None:
    court = fired(stack)
    (key,) = stack.scene("standing", court)["due_at"]
    # It takes the message at once and answers after the sender fell asleep.
    outside.behave(always={"hang": 2.0})
    asleep = stack.sender(worker="asleep")
    wait_for("the call", lambda: calls(outside, key) == 1, 30)
    asleep.process.send_signal(signal.SIGSTOP)
    outside.behave()

    lease_ends(stack)
    another = stack.sender("begun", worker="another")
    assert another.says() == "here"
    asleep.process.send_signal(signal.SIGCONT)
    assert asleep.says() == "done"
    standing = stack.scene("standing", court)
    assert (standing["states"], standing["workers"]) == ({"SENDING": 1}, ["another"]), "the other's"

    another.killed()
    lease_ends(stack)
    send(stack)
    standing = stack.scene("standing", court)
    assert standing["states"] == TAKEN
    assert found(outside, standing) == CLEAN


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
    states = stack.scene("states", court).keys()
    assert states <= {"ACCEPTED", "TEMPORARY_FAILURE", "READY"}, "no lease is held past the drain"
    assert len(states - {"ACCEPTED"}) > 0, "the trouble met somebody"
    if FULL:
        stack.worker()
    else:
        send(stack)
        send(stack)
    standing = settle(court, 3, 90)

    assert found(outside, standing) == CLEAN
    assert standing["duplicates"] == []


def test_32_two_that_cannot_be_sent_among_many_hold_up_nobody(stack: Stack, outside: Outside) -> None:
    many = 1000 if FULL else 90
    # One is poison to write, another's address is refused by the provider.
    court = fired(stack, many, told="poison")
    refusal = {"name": "validation_error", "statusCode": 422, "message": "no"}
    outside.behave({"to": "desk1@police.example", "status": 422, "body": refusal})

    # With their clerk's, two batches for each hundred.
    for _ in range(1 + 2 * many // sending.BATCH):
        send(stack)

    standing = stack.scene("standing", court)
    verdict = found(outside, standing)
    assert standing["states"] == {"ACCEPTED": many - 2, "FAILED": 2}
    assert (len(verdict.lost), verdict.doubled) == (2, {})
    refused, poison = standing["errors"]
    assert "cannot be filled in" in poison
    assert refused == "Resend answered 422, validation_error"
