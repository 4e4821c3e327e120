"""Only canaries that arrive keep the outside monitor from alarming, even if all else works.

The number is that of the design's list of failure tests.
"""

from __future__ import annotations

import time

import pytest

from tests.faults.conftest import full_only
from tests.faults.stack import Stack, wait_for
from tests.ledger import free_port
from tests.notifications.hook_server import running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

#: Seconds between canaries, and the most that one may take to arrive.
MINUTE = 60
ON_ITS_WAY = 30


@full_only
def test_36_if_the_monitor_is_not_reached_no_canary_arrives(stack: Stack) -> None:
    port = free_port()
    # Read when a process starts.
    stack.environment["CTC_CANARY_URL"] = f"http://127.0.0.1:{port}/alive"
    try:
        stack.web()
        stack.worker()
        stack.beat()
    finally:
        del stack.environment["CTC_CANARY_URL"]
    with running(port=port) as monitor:
        wait_for("a canary", lambda: bool(monitor.requests), MINUTE + ON_ITS_WAY)

    # No server listens, so no canary arrives, and a real monitor would alarm.
    time.sleep(2 * MINUTE + ON_ITS_WAY)
    assert stack.health()[0] == 200, "pulse, beat and worker are healthy"
    assert stack.scenario("canary_age")["seconds"] > 2 * MINUTE

    with running(port=port) as monitor:
        wait_for("a canary again", lambda: bool(monitor.requests), 2 * MINUTE + ON_ITS_WAY)
    assert stack.scenario("canary_age")["seconds"] < MINUTE
