"""Facts that change at the instant at which a check fires: one of the two wins, and the rows agree.

The numbers are those of the design's list of failure tests.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from notifications.models import Alert, AlertState
from notifications.services.delivery import sending
from notifications.services.firing import fire
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, CheckpointState, DeadlineState, Order
from orders.services import service
from orders.services.orders import vacatur
from orders.services.orders.entry import enter_orders
from orders.services.planning import replan
from tests.faults import orders_due
from tests.faults.conftest import FULL
from tests.ledger import Ledger

#: Number of races.
PAIRS = 1000 if FULL else 25

#: One second, or more where other tests run beside it.
SECOND = 1 if FULL else 10

#: The most seconds by which one starts before the other; random, but the same in every run.
JITTER = 0.05
CHANCE = random.Random(25)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900 if FULL else 600),
]


@pytest.fixture
def left_to_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entering an order fires nothing."""
    monkeypatch.setattr(replan.armed_due, "send", lambda sender: [])


def race(*acts: Callable[[], object]) -> None:
    """Run all nearly at once, each with its own connection; fail if one of them fails."""
    gate, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object], after: float) -> None:
        try:
            # Before the gate, so that the acts and not the connections race.
            connection.ensure_connection()
            gate.wait()
            time.sleep(after)
            act()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act, CHANCE.uniform(0, JITTER))) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []


class Docket:
    """Orders of one court, whose police are notified at one desk."""

    def __init__(self) -> None:
        self.court, (self.town,) = orders_due.court(), orders_due.towns(1)
        self.number = 0

    def order(self, *, seconds: int = 0) -> Order:
        """An order whose surrender check is due in that many seconds, before any alert."""
        self.number += 1
        new = orders_due.new_order(self.court, self.town, self.number, seconds=seconds)
        return enter_orders([new], by=None, now=timezone.now())[0]


def checks(order: Order) -> list[Checkpoint]:
    return list(
        Checkpoint.objects.filter(
            deadline__order=order, deadline__rule_id="CT-SUR-01", name="check"
        ).order_by("id")
    )


def has_all_alerts(check: Checkpoint) -> bool:
    """True if a fired check has all its alerts, and any other has no alert."""
    return Alert.objects.filter(checkpoint=check, pending_acknowledgment=None).count() == (
        check.expected or 0
    )


@pytest.mark.usefixtures("left_to_pulses")
def test_25_an_order_vacated_as_it_fires_is_fired_or_withdrawn_and_not_sent(ledger: Ledger) -> None:
    docket = Docket()
    won: Counter[int] = Counter()
    for _ in range(PAIRS):
        order = docket.order()
        race(
            Firer("race").fire,
            partial(
                vacatur.vacate_order,
                order,
                vacated_at=timezone.now(),
                reason="dismissed",
                by=None,
                now=timezone.now(),
            ),
        )

        (check,) = checks(order)
        assert check.state in (CheckpointState.FIRED, CheckpointState.WITHDRAWN)
        assert has_all_alerts(check)
        assert check.deadline.state == DeadlineState.WITHDRAWN
        won[check.state] += 1
    for _ in range(1 + Alert.objects.count() // sending.BATCH):
        sending.drain(worker="w")
    alerts = Alert.objects.filter(checkpoint__deadline__rule_id="CT-SUR-01").exclude(
        state=AlertState.WITHDRAWN
    )
    assert not alerts.exists()
    assert not FULL or len(won) == 2, f"no race: {won}"


@pytest.mark.usefixtures("left_to_pulses")
def test_26_a_service_corrected_as_it_fires_gives_one_set_a_revision(ledger: Ledger) -> None:
    docket = Docket()
    won: Counter[int] = Counter()
    for number in range(PAIRS):
        order = docket.order()
        assert order.served_at is not None
        # Later, so that it is not due yet; or earlier, so that it remains due.
        is_later = bool(number % 2)
        at = order.served_at + (timedelta(hours=2) if is_later else timedelta(minutes=-30))
        race(
            Firer("race").fire,
            partial(
                service.correct_service,
                order,
                served_at=at,
                reason="a wrong line",
                by=None,
                now=timezone.now(),
            ),
        )
        Firer("race").fire()

        *first, last = checks(order)
        assert len({one.revision for one in (*first, last)}) == len(first) + 1, "one set a revision"
        assert all(map(has_all_alerts, (*first, last)))
        assert last.fires_at == at + timedelta(hours=24)
        assert last.state == (CheckpointState.PENDING if is_later else CheckpointState.FIRED)
        won[sum(one.state == CheckpointState.FIRED for one in first)] += 1
    assert not FULL or won.keys() == {0, 1}, f"no race: {won}"


def test_28_a_deadline_past_at_entry_is_fired_after_the_commit() -> None:
    docket = Docket()
    began = time.monotonic()
    order = docket.order(seconds=-6 * 3600)

    (check,) = checks(order)
    assert check.state == CheckpointState.FIRED
    assert has_all_alerts(check)
    assert time.monotonic() - began <= SECOND


@pytest.mark.usefixtures("left_to_pulses")
def test_28_otherwise_by_a_pulse_within_two_seconds() -> None:
    firer = Firer("race")
    docket = Docket()
    recent = docket.order()
    firer.fire()
    assert checks(recent)[0].state == CheckpointState.FIRED

    # Far before the last one that fired.
    order = docket.order(seconds=-6 * 3600)
    entered = time.monotonic()
    while checks(order)[0].state == CheckpointState.PENDING:
        firer.fire()
        time.sleep(0.05)
    assert time.monotonic() - entered <= fire.SWEEP_EVERY.total_seconds() + SECOND


def test_28_a_firing_that_fails_leaves_the_order_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Firer, **_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Firer, "fire", broken)

    assert checks(Docket().order())[0].state == CheckpointState.PENDING
