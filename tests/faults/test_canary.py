"""Only a canary that arrived keeps the outside monitor quiet, however well all else is.

The number is that of the design's list of failure tests (dispatch.md § 3).
"""

from __future__ import annotations

import time

import pytest

from tests.faults.conftest import full_only
from tests.faults.stack import Stack, wait_for
from tests.ledger import free_port
from tests.notifications.hook_server import running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

#: Seconds between canaries, and what one may take on its way.
MINUTE = 60
ON_ITS_WAY = 30


@full_only
def test_36_with_only_the_sink_blocked_the_monitor_hears_nothing(stack: Stack) -> None:
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
        wait_for("a canary", lambda: bool(monitor.told), MINUTE + ON_ITS_WAY)

    # Nobody listens: the monitor hears nothing and, left without a word, gives the alarm.
    time.sleep(2 * MINUTE + ON_ITS_WAY)
    assert stack.health()[0] == 200, "pulse, beat and worker are well, and say so"
    assert stack.scene("canary_age")["seconds"] > 2 * MINUTE

    with running(port=port) as monitor:
        wait_for("a canary again", lambda: bool(monitor.told), 2 * MINUTE + ON_ITS_WAY)
    assert stack.scene("canary_age")["seconds"] < MINUTE
