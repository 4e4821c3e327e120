"""A worker that is killed while a subscribed system has heard and not answered."""

from __future__ import annotations

import pytest

from notifications.models import DeliveryState
from tests.faults.conftest import FULL, full_only
from tests.faults.stack import Stack, kill, wait_for
from tests.notifications.hook_server import running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300 if FULL else 120)]


@full_only
def test_a_worker_killed_amid_a_webhook_tells_it_again_and_loses_nothing(stack: Stack) -> None:
    with running() as system:
        # It has the whole of it, and its answer comes byte by byte.
        system.trickle = 1.0
        hook = int(stack.scene("subscribed", system.url)["hook"])
        victims = [stack.worker(), stack.beat()]
        wait_for("the system to hear", lambda: bool(system.told), 60)
        for victim in victims:
            kill(victim)
        ((id_, state),) = stack.scene("told_by_hook", hook)["deliveries"]
        assert state == DeliveryState.LEASED
        system.trickle = 0.0

        stack.worker()
        stack.beat()
        wait_for(
            "it to be told again",
            lambda: stack.scene("told_by_hook", hook)["deliveries"] == [[id_, DeliveryState.DELIVERED]],
            120,
        )

        assert [one.headers["webhook-id"] for one in system.told] == [id_, id_]
        assert len({one.body for one in system.told}) == 1
