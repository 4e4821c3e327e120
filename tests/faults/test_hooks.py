"""A worker that is killed after a subscribed system got a webhook and before it answered."""

from __future__ import annotations

import pytest

from notifications.models import DeliveryState
from tests.faults.conftest import full_only
from tests.faults.stack import Stack, kill, wait_for
from tests.notifications.hook_server import running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@full_only
def test_a_worker_killed_during_a_webhook_sends_it_again_and_loses_nothing(stack: Stack) -> None:
    with running() as system:
        # It gets the whole request, and answers byte by byte.
        system.trickle = 1.0
        hook = int(stack.scenario("subscribed", system.url)["hook"])
        victims = [stack.worker(), stack.beat()]
        wait_for("the webhook", lambda: bool(system.requests), 60)
        for victim in victims:
            kill(victim)
        ((id_, state),) = stack.scenario("webhook_deliveries", hook)["deliveries"]
        assert state == DeliveryState.LEASED
        system.trickle = 0.0

        stack.worker()
        stack.beat()
        wait_for(
            "the webhook to be sent again",
            lambda: (
                stack.scenario("webhook_deliveries", hook)["deliveries"] == [[id_, DeliveryState.DELIVERED]]
            ),
            120,
        )

        assert [one.headers["webhook-id"] for one in system.requests] == [id_, id_]
        assert len({one.body for one in system.requests}) == 1
