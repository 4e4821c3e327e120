"""Wrong clocks, brokers that deceive, processes that stop, a database in trouble: with real processes."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from notifications.services.delivery import sending
from notifications.services.delivery.outbox import LEASE
from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Broker, Outside, Settle, found, full_only
from tests.faults.slow_broker import slow_way
from tests.faults.stack import PATIENCE, THREADS, Stack, kill, wait_for
from tests.notifications.hook_server import running

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.timeout(900 if FULL else 600)]

#: The library that gives a process another clock. `make long` and `make faults` install it where they can;
#: at their end they name it if it is missing.
FILE = "faketime/libfaketime.so.1"
FOLDERS = ("lib/*", "lib64", "lib")
LIBRARY = next((one for place in FOLDERS for one in Path("/usr").glob(f"{place}/{FILE}")), None)
MANY = 400 if FULL else 60
#: Seconds that a trouble of the database lasts.
LASTS = 30 if FULL else 8


@contextmanager
def clock(stack: Stack, offset: str) -> Iterator[None]:
    """Give another clock to the processes that are started in the block."""
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed: apt-get install libfaketime")
    before = dict(stack.environment)
    stack.environment |= {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    try:
        yield
    finally:
        stack.environment = before


@pytest.mark.parametrize(
    ("worker", "beat"),
    [
        ("+1h", "+0"),
        pytest.param("-1h", "+0", marks=full_only),
        pytest.param("+0", "-1h", marks=full_only),
        pytest.param("+1h", "+1h", marks=full_only),
    ],
)
def test_a_wrong_clock_stops_no_periodic_work(
    stack: Stack, outside: Outside, settle: Settle, worker: str, beat: str
) -> None:
    stack.email = "smtp"
    stack.scenario("no_runs")
    with running() as system:
        hook = int(stack.scenario("subscribed", system.url)["hook"])
        with clock(stack, worker):
            stack.worker()
        with clock(stack, beat):
            stack.beat()
        outcome = settle(int(stack.scenario("due", 20, 3)["court"]), 20, 60)

        def is_all_done() -> bool:
            ages = stack.scenario("runs")["ages"]
            return all(
                ages.get(name, 999) < 30 * PATIENCE
                for name in ("notifications.reap", "notifications.deliver_webhooks")
            ) and bool(system.requests)

        wait_for("periodic work and a webhook", is_all_done, 60)
        signed_at = int(system.requests[0].headers["webhook-timestamp"])
        wait_for(
            "the webhook to be recorded",
            lambda: all(state == 2 for _, state in stack.scenario("webhook_deliveries", hook)["deliveries"]),
            60,
        )

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []
    assert abs(signed_at - time.time()) < 120 * PATIENCE, "signed by the database's clock"


@full_only
def test_a_broker_that_delivers_nothing_delays_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    stack.scenario("no_runs")
    # It takes every message, and no one ever gets one.
    stack.worker(queues="nowhere")
    stack.beat()
    outcome = settle(int(stack.scenario("due", 20, 3)["court"]), 20, 60)
    wait_for(
        "periodic work",
        lambda: stack.scenario("runs")["ages"].get("notifications.reap", 999) < 20 * PATIENCE,
        60,
    )

    assert found(outside, outcome) == CLEAN


@full_only
def test_a_broker_that_became_a_replica_stops_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    stack.email = "smtp"
    stack.start("python", "manage.py", "pulse")
    stack.worker()
    stack.beat()
    wait_for("both pulses", lambda: stack.scenario("pulses")["processes"] == 2, 60)
    with Redis(port=broker.port) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            outcome = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 90)
            time.sleep(LASTS)
            again = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 90)
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")
    last = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 90)

    for one in (outcome, again, last):
        assert found(outside, one) == CLEAN
        assert one["duplicates"] == []


@pytest.mark.parametrize("delay", [3.0, pytest.param(60.0, marks=full_only)])
def test_a_broker_that_answers_slowly_delays_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker, delay: float
) -> None:
    stack.email = "smtp"
    before = dict(stack.environment)
    with slow_way(broker.port) as way:
        stack.environment["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{way.port}/0"
        try:
            stack.worker()
            stack.beat()
        finally:
            stack.environment = before
        wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
        way.delay = delay
        # So many that a pulse has many hints to send.
        outcome = settle(int(stack.scenario("due", MANY, -1, "late")["court"]), MANY, 120)
        again = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 60)

    for one in (outcome, again):
        assert found(outside, one) == CLEAN
        assert one["duplicates"] == []
    assert found(outside, again, within=10 * PATIENCE) == CLEAN


@full_only
def test_a_broker_that_is_emptied_again_and_again_delays_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    stack.email = "smtp"
    stack.worker()
    stack.beat()
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    court = int(stack.scenario("due", MANY, 2)["court"])
    for _ in range(10):
        broker.flush()
        time.sleep(0.3)
    broker.stop()
    broker.start()
    broker.stop()
    time.sleep(1)
    broker.start()
    broker.flush()
    outcome = settle(court, MANY, 120)

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []


def test_a_worker_that_is_stopped_while_it_sends_doubles_nothing_without_a_mark(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    worker = stack.worker()
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    before = len(outside.runs())
    outside.mail.delay = 0.05
    court = int(stack.scenario("due", MANY, 1)["court"])
    wait_for("some messages", lambda: len(outside.runs()) > before + 5, 60)
    worker.send_signal(signal.SIGSTOP)
    if FULL:
        time.sleep(3 * LEASE)
    stack.worker()
    if not FULL:
        stack.scenario("lease_over")
    wait_for("the others", lambda: len(outside.runs()) - before > MANY // 2, 60 + LEASE)
    worker.send_signal(signal.SIGCONT)
    outside.mail.delay = 0.0
    outcome = settle(court, MANY, 180)
    time.sleep(3)

    verdict = found(outside, outcome)
    marked = set(outcome["duplicates"])
    assert verdict.lost == set()
    assert verdict.doubled.keys() <= marked
    assert len(marked) <= sending.PART * (THREADS + 2)


@pytest.mark.parametrize(
    "table",
    [
        "notifications_alert",
        pytest.param("orders_checkpoint", marks=full_only),
        pytest.param("notifications_provider", marks=full_only),
        pytest.param("notifications_heartbeat", marks=full_only),
        pytest.param("notifications_parkedrow", marks=full_only),
        pytest.param("orders_historyentry", marks=full_only),
    ],
)
def test_a_table_that_is_locked_delays_and_doubles_nothing(
    stack: Stack, outside: Outside, settle: Settle, table: str
) -> None:
    in_trouble(stack, outside, settle, "locked", table, LASTS)


@full_only
def test_a_disk_that_is_full_loses_nothing(stack: Stack, outside: Outside, settle: Settle) -> None:
    in_trouble(stack, outside, settle, "full", LASTS)


@full_only
def test_a_database_without_free_connections_loses_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    in_trouble(stack, outside, settle, "few_connections", 2, LASTS)


def in_trouble(stack: Stack, outside: Outside, settle: Settle, *trouble: object) -> None:
    """Begin the trouble while alerts fire and leave; nothing is lost, doubled without a mark, or parked."""
    stack.email = "smtp"
    stack.worker()
    stack.beat()
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    before = len(outside.runs())
    outside.mail.delay = 0.02
    court = int(stack.scenario("due", MANY, 1)["court"])
    wait_for("some messages", lambda: len(outside.runs()) > before, 60)
    stack.scenario(*map(str, trouble[:1]), *trouble[1:])
    time.sleep(LASTS + 1)
    outside.mail.delay = 0.0
    outcome = settle(court, MANY, 120)

    verdict = found(outside, outcome)
    assert verdict.lost == set()
    assert verdict.doubled.keys() <= set(outcome["duplicates"])
    assert outcome["incomplete_sets"] == 0
    assert outcome["overdue"] == MANY
    assert "parked" not in stack.scenario("findings")["codes"]


def test_connections_that_are_cut_again_and_again_lose_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    stack.worker()
    stack.beat()
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    outside.mail.delay = 0.02
    court = int(stack.scenario("due", MANY, 1)["court"])
    for _ in range(20 if FULL else 8):
        time.sleep(0.4)
        stack.scenario("cut")
    outside.mail.delay = 0.0
    outcome = settle(court, MANY, 120)

    verdict = found(outside, outcome)
    assert verdict.lost == set()
    assert verdict.doubled.keys() <= set(outcome["duplicates"])
    assert outcome["duplicates"] == [], "a sender that lives records what it knows"
    assert outcome["incomplete_sets"] == 0


@full_only
def test_without_beat_and_with_one_process_killed_all_goes_on(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    stack.scenario("no_runs")
    pulse, beat = stack.start("python", "manage.py", "pulse"), stack.beat()
    stack.worker()
    wait_for("both pulses", lambda: stack.scenario("pulses")["processes"] == 2, 60)
    kill(beat)
    kill(pulse)
    outcome = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 60)
    wait_for(
        "periodic work without beat",
        lambda: stack.scenario("runs")["ages"].get("notifications.reap", 999) < 20 * PATIENCE,
        60,
    )

    assert found(outside, outcome) == CLEAN
