"""Broker, beat and workers that die, hang or stutter: late by seconds at the most, and nothing twice.

The numbers are those of the design's list of failure tests (dispatch.md § 3).
"""

from __future__ import annotations

import signal
import sys
import time

import pytest

from notifications.services import sending
from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Broker, Outside, Settle, found, full_only
from tests.faults.stack import THREADS, Stack, kill, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(3600 if FULL else 120)]

#: How long an outage lasts, in seconds, and how many checks fall due in one of the workers.
OUTAGE = 600 if FULL else 3
MEANWHILE = 50_000 if FULL else 200
#: How many fall due at the same second.
MANY = 5000 if FULL else 200
#: Seconds within which the health page must tell that nobody is alive.
ALARM = 180
#: Seconds within which somebody is told where only hints are missing.
EPSILON = 5.0


def beating(stack: Stack) -> None:
    """The web and a worker are there, and a pulse."""
    stack.web()
    stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)


def told(outside: Outside, since: int) -> int:
    """How many messages went out since there were so many."""
    return len(outside.runs()) - since


def test_killed_worker_and_beat_amid_many(
    stack: Stack, outside: Outside, settle: Settle, carrier: str
) -> None:
    many = MANY // 2
    stack.web()
    victims = [stack.worker(), stack.beat()]
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    before = len(outside.runs())
    court = int(stack.scene("due", many, 1)["court"])
    wait_for("some messages", lambda: told(outside, before) > many // 10, 60)

    for victim in victims:
        kill(victim)
    assert told(outside, before) < many, "killed too late to prove anything"
    if FULL:
        wait_for("the health page to tell", lambda: stack.health()[0] == 503, 30)
    else:
        stack.scene("lease_over")
    stack.worker()
    stack.beat()
    standing = settle(court, many, 300)

    verdict = found(outside, standing)
    marked = set(standing["duplicates"])
    assert verdict.lost == set()
    assert verdict.doubled.keys() <= (marked if carrier == "smtp" else set()), carrier
    assert set(verdict.doubled.values()) <= {2}
    assert len(marked) <= sending.PART * (THREADS + 1), "at most a part for each thread and the pulse"
    assert (standing["overdue"], standing["follow_ups"]) == (many, many)
    assert standing["incomplete_sets"] == 0
    assert stack.health()[0] == 200


@full_only
def test_10_a_broker_that_dies_delays_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    stack.email = "smtp"
    beating(stack)
    court = int(stack.scene("due", 50, 5)["court"])
    broker.stop()
    began, standings = time.monotonic(), [settle(court, 50)]
    while time.monotonic() - began < OUTAGE:
        standings.append(settle(int(stack.scene("due", 50, 20)["court"]), 50))
    assert stack.health()[0] == 200
    broker.start()
    standings.append(settle(int(stack.scene("due", 50, 2)["court"]), 50))

    for standing in standings:
        assert found(outside, standing, within=EPSILON) == CLEAN


def test_11_and_28_hints_forgotten_and_deadlines_long_past_are_late_by_seconds(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    # It fires, and hears no hint to send.
    stack.worker(queues="tick")
    wait_for("the pulse", lambda: stack.scene("pulses")["beating"] == 1, 60)
    court = int(stack.scene("due", 20, 3)["court"])
    wait_for("hints to wait for somebody", lambda: broker.queued("drain.email") > 0, 30)
    broker.flush()
    forgotten = settle(court, 20)
    # The mark below which nobody looks is far ahead of this one.
    began = time.time()
    past = settle(int(stack.scene("due", 1, -6 * 3600)["court"]), 1)

    assert found(outside, forgotten, within=EPSILON) == CLEAN
    assert found(outside, past) == CLEAN
    assert time.time() - began <= 60


def test_12_hints_that_come_three_times_double_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.worker()
    stack.worker()
    wait_for("both pulses", lambda: stack.scene("pulses")["beating"] == 2, 60)
    # Slow enough for all of them to have a part in it.
    outside.behave(always={"hang": 0.02})
    court = int(stack.scene("due", MANY, 3)["court"])
    wait_for("them to fire", lambda: bool(stack.scene("states", court)), 60)
    for _ in range(1 + MANY // sending.BATCH):
        stack.scene("ring", 3)
    standing = settle(court, MANY, 300)

    assert found(outside, standing) == CLEAN
    assert standing["duplicates"] == []
    assert len(standing["workers"]) > 1, "more than one sent"


@full_only
def test_13_and_15_two_beats_double_nothing_and_hung_ones_delay_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    beating(stack)
    beats = [stack.beat(), stack.beat()]
    time.sleep(10)
    doubled = settle(int(stack.scene("due", 300, 10)["court"]), 300)
    for beat in beats:
        beat.send_signal(signal.SIGSTOP)
    hung = settle(int(stack.scene("due", 100, 5)["court"]), 100)

    assert found(outside, doubled) == CLEAN
    assert found(outside, hung, within=EPSILON) == CLEAN
    assert stack.health()[0] == 200, "each worker beats by itself"


def test_16_all_workers_dead_is_said_and_caught_up_oldest_first(
    stack: Stack, outside: Outside, settle: Settle, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.web()
    worker = stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    kill(worker)
    died = time.monotonic()
    wait_for("the health page to tell", lambda: stack.health()[0] == 503, ALARM)
    # They fall due one after the other, as they are entered.
    court = int(stack.scene("due", MEANWHILE, 5)["court"])
    time.sleep(max(5.0, OUTAGE - (time.monotonic() - died)))
    assert stack.scene("states", court) == {}

    stack.worker()
    standing = settle(court, MEANWHILE, 1800)

    assert found(outside, standing) == CLEAN
    assert standing["duplicates"] == []
    assert standing["incomplete_sets"] == 0
    caught_up = stack.scene("pace", court)
    assert caught_up["overtaken"] == 0
    wait_for("the health page to tell", lambda: stack.health()[0] == 200, 30)
    if FULL:
        burst = int(stack.scene("due", MANY, 10)["court"])
        settle(burst, MANY, 300)
        # For whoever reads: what is measured is not asserted.
        paces = f"{caught_up['rate']} to catch up, {stack.scene('pace', burst)['rate']} in a burst"
        with capsys.disabled():
            sys.stdout.write(f"\nfired a second: {paces}\n")


def test_29_without_a_recipient_it_is_never_silence(stack: Stack) -> None:
    nobody = stack.scene("nobody_to_tell")["court"]
    gone = stack.scene("recipient_leaves")["court"]

    assert stack.sender().says() == "done"

    assert stack.scene("ended", nobody, "fallback", "ACCEPTED") == {"alerts": 1}
    assert stack.scene("ended", gone, "person", "FAILED") == {"alerts": 1}
