"""Broker, beat and workers that die, hang or repeat: alerts are late by seconds at most and never doubled.

The numbers are those of the design's list of failure tests.
"""

from __future__ import annotations

import signal
import sys
import time

import pytest

from notifications.services.delivery import sending
from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Broker, Outside, Settle, found, full_only
from tests.faults.stack import THREADS, Stack, kill, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(3600 if FULL else 600)]

#: Seconds of an outage, and checks that are due during one of the workers.
OUTAGE = 600 if FULL else 3
DUE_DURING_OUTAGE = 50_000 if FULL else 200
#: Checks that are due in the same second.
MANY = 5000 if FULL else 200
#: Seconds within which the health page must report that no pulse runs.
ALARM = 180
#: Seconds within which alerts are sent if only hints are missing; more where other tests run beside it.
EPSILON = 5.0 if FULL else 20.0


def start_web_and_worker(stack: Stack) -> None:
    """Start a web server and a worker, and wait for the first pulse."""
    stack.web()
    stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)


def sent(outside: Outside, since: int) -> int:
    """Count the messages sent after the first `since`."""
    return len(outside.runs()) - since


def test_killed_worker_and_beat_during_many(
    stack: Stack, outside: Outside, settle: Settle, carrier: str
) -> None:
    many = MANY // 2
    stack.web()
    victims = [stack.worker(), stack.beat()]
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    before = len(outside.runs())
    court = int(stack.scenario("due", many, 1)["court"])
    wait_for("some messages", lambda: sent(outside, before) > many // 10, 60)

    for victim in victims:
        kill(victim)
    assert sent(outside, before) < many, "killed too late to prove anything"
    if FULL:
        wait_for("the health page", lambda: stack.health()[0] == 503, 30)
    else:
        stack.scenario("lease_over")
    stack.worker()
    stack.beat()
    outcome = settle(court, many, 300)

    verdict = found(outside, outcome)
    marked = set(outcome["duplicates"])
    assert verdict.lost == set()
    assert verdict.doubled.keys() <= (marked if carrier == "smtp" else set()), carrier
    assert set(verdict.doubled.values()) <= {2}
    assert len(marked) <= sending.PART * (THREADS + 1), "at most a part for each thread and the pulse"
    assert (outcome["overdue"], outcome["follow_ups"]) == (many, many)
    assert outcome["incomplete_sets"] == 0
    assert stack.health()[0] == 200


@full_only
def test_10_a_broker_that_dies_delays_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    stack.email = "smtp"
    start_web_and_worker(stack)
    court = int(stack.scenario("due", 50, 5)["court"])
    broker.stop()
    began, outcomes = time.monotonic(), [settle(court, 50)]
    while time.monotonic() - began < OUTAGE:
        outcomes.append(settle(int(stack.scenario("due", 50, 20)["court"]), 50))
    assert stack.health()[0] == 200
    broker.start()
    outcomes.append(settle(int(stack.scenario("due", 50, 2)["court"]), 50))

    for outcome in outcomes:
        assert found(outside, outcome, within=EPSILON) == CLEAN


@pytest.mark.long
def test_11_and_28_without_hints_and_with_past_deadlines_alerts_are_late_by_seconds(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    # This worker fires, and takes no hints to send.
    stack.worker(queues="pulse")
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    court = int(stack.scenario("due", 20, 3)["court"])
    wait_for("hints in the queue", lambda: broker.queued("drain.email") > 0, 30)
    broker.flush()
    without_hints = settle(court, 20)
    # The low-water mark is far ahead of this one.
    began = time.time()
    past = settle(int(stack.scenario("due", 1, -6 * 3600)["court"]), 1)

    assert found(outside, without_hints, within=EPSILON) == CLEAN
    assert found(outside, past) == CLEAN
    assert time.time() - began <= 60


@pytest.mark.long
def test_12_hints_sent_three_times_double_nothing(stack: Stack, outside: Outside, settle: Settle) -> None:
    stack.worker()
    stack.worker()
    wait_for("both pulses", lambda: stack.scenario("pulses")["processes"] == 2, 60)
    # Slow enough, and more batches than one worker has threads, so that each worker sends some.
    outside.behave(always={"hang": 0.02})
    many = MANY if FULL else 3 * MANY
    court = int(stack.scenario("due", many, 3)["court"])
    wait_for("them to fire", lambda: bool(stack.scenario("states", court)), 60)
    for _ in range(1 + many // sending.BATCH):
        stack.scenario("hints", 3)
    outcome = settle(court, many, 300)

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []
    assert len(outcome["workers"]) > 1, "more than one sent"


@full_only
def test_13_and_15_two_beats_double_nothing_and_hung_ones_delay_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    start_web_and_worker(stack)
    beats = [stack.beat(), stack.beat()]
    time.sleep(10)
    doubled = settle(int(stack.scenario("due", 300, 10)["court"]), 300)
    for beat in beats:
        beat.send_signal(signal.SIGSTOP)
    hung = settle(int(stack.scenario("due", 100, 5)["court"]), 100)

    assert found(outside, doubled) == CLEAN
    assert found(outside, hung, within=EPSILON) == CLEAN
    assert stack.health()[0] == 200, "each worker runs its own pulses"


@pytest.mark.long
def test_16_without_workers_health_fails_and_the_backlog_is_sent_oldest_first(
    stack: Stack, outside: Outside, settle: Settle, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.web()
    worker = stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    kill(worker)
    died = time.monotonic()
    wait_for("the health page", lambda: stack.health()[0] == 503, ALARM)
    # They are due one after the other, in the order of entry.
    court = int(stack.scenario("due", DUE_DURING_OUTAGE, 5)["court"])
    time.sleep(max(5.0, OUTAGE - (time.monotonic() - died)))
    assert stack.scenario("states", court) == {}

    stack.worker()
    outcome = settle(court, DUE_DURING_OUTAGE, 1800)

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []
    assert outcome["incomplete_sets"] == 0
    caught_up = stack.scenario("pace", court)
    assert caught_up["overtaken"] == 0
    wait_for("the health page", lambda: stack.health()[0] == 200, 30)
    if FULL:
        burst = int(stack.scenario("due", MANY, 10)["court"])
        settle(burst, MANY, 300)
        # Printed only: measurements are not asserted.
        paces = f"{caught_up['rate']} to catch up, {stack.scenario('pace', burst)['rate']} in a burst"
        with capsys.disabled():
            sys.stdout.write(f"\nfired a second: {paces}\n")


def test_29_without_a_recipient_administrators_are_notified(stack: Stack) -> None:
    missing = stack.scenario("no_recipient")["court"]
    gone = stack.scenario("recipient_leaves")["court"]

    assert stack.sender().word() == "done"

    assert stack.scenario("ended", missing, "fallback", "ACCEPTED") == {"alerts": 1}
    assert stack.scenario("ended", gone, "person", "FAILED") == {"alerts": 1}
