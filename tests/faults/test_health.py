"""How soon each fault is seen on the health page, and how soon all is well after it.

`make faults` prints the seconds; `docs/operations.md` has them in a table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import psutil
import pytest

from tests.faults.checker import CLEAN
from tests.faults.conftest import Outside, Settle, found, full_only
from tests.faults.stack import PATIENCE, Stack, kill, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.timeout(900)]

#: Alerts that are due in the fault, and the seconds within which the page must show it: an alert may wait for
#: two minutes.
MANY, SEEN = 40, 140
#: Seconds within which all is well again.
BACK = 60


@pytest.fixture(autouse=True)
def healthy_again(outside: Outside) -> None:
    outside.mail.refuses = {}
    outside.mail.delay = 0.0


def is_away(stack: Stack, outside: Outside, worker: psutil.Popen) -> Callable[[], object]:
    outside.mail.refuses = {"CONNECT": "421 down"}
    return outside.mail.refuses.clear


def is_killed(stack: Stack, outside: Outside, worker: psutil.Popen) -> Callable[[], object]:
    kill(worker)
    return stack.worker


@pytest.mark.parametrize(
    "fault",
    [
        is_away,
        pytest.param(is_killed, marks=full_only),
    ],
)
def test_a_fault_is_seen_and_ends(
    fault: Callable[[Stack, Outside, psutil.Popen], Callable[[], object]],
    stack: Stack,
    outside: Outside,
    settle: Settle,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack.email = "smtp"
    stack.web()
    worker = stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    court = int(stack.scenario("due", MANY, 2, "late")["court"])
    began = time.monotonic()
    end = fault(stack, outside, worker)
    wait_for("the health page", lambda: stack.health()[0] == 503, SEEN)
    seen = time.monotonic() - began

    end()
    ended = time.monotonic()
    wait_for("the health page again", lambda: stack.health()[0] == 200, PATIENCE * BACK)
    back = time.monotonic() - ended
    outcome = settle(court, MANY, 180)
    sent = time.monotonic() - ended

    with capsys.disabled():
        sys.stdout.write(
            f"\n{fault.__name__}: seen in {seen:.0f} s, well again in {back:.0f} s, all sent in {sent:.0f}\n"
        )
    assert found(outside, outcome).lost == CLEAN.lost
    assert found(outside, outcome).doubled.keys() <= set(outcome["duplicates"])
