"""Facts that change in the very instant at which something fires: one of the two wins, and it is on record.

The numbers are those of the design's list of failure tests (dispatch.md § 3).
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
from notifications.services import firing, sending
from notifications.services.firing import Firer
from orders.models import Checkpoint, CheckpointState, DeadlineState, Order
from orders.services import planning, service, term
from orders.services.entry import enter_orders
from tests.faults import orders_due
from tests.faults.conftest import FULL
from tests.ledger import Ledger

#: How many times the two race.
PAIRS = 1000 if FULL else 25

#: Seconds by which one may be ahead of the other; by chance, but the same in every run.
JITTER = 0.05
CHANCE = random.Random(25)  # noqa: S311 - no secret

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900 if FULL else 120),
]


@pytest.fixture
def left_to_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever enters an order fires nothing."""
    monkeypatch.setattr(planning.armed_due, "send", lambda sender: [])


def race(*acts: Callable[[], object]) -> None:
    """All of them nearly at once, each with a connection of its own; fails where one of them does."""
    gate, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object], after: float) -> None:
        try:
            # Before the gate, so that the acts and not the connections race.
            connection.ensure_connection()
            gate.wait()
            time.sleep(after)
            act()
        except Exception as error:  # noqa: BLE001 - whatever it was, the test says so
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
    """Orders of one court, told to one police desk."""

    def __init__(self) -> None:
        self.court, (self.town,) = orders_due.court(), orders_due.towns(1)
        self.number = 0

    def order(self, *, seconds: int = 0) -> Order:
        """An order whose surrender check is due in so many seconds, told to nobody yet."""
        self.number += 1
        new = orders_due.new_order(self.court, self.town, self.number, seconds=seconds)
        return enter_orders([new], by=None, now=timezone.now())[0]


def checks(order: Order) -> list[Checkpoint]:
    return list(
        Checkpoint.objects.filter(
            deadline__order=order, deadline__rule_id="CT-SUR-01", name="check"
        ).order_by("id")
    )


def whole(check: Checkpoint) -> bool:
    """Whether a check that fired has all its alerts, and one that did not has none."""
    return Alert.objects.filter(checkpoint=check, awaited=None).count() == (check.expected or 0)


@pytest.mark.usefixtures("left_to_pulses")
def test_25_an_order_vacated_as_it_fires_is_fired_or_withdrawn_and_not_sent(ledger: Ledger) -> None:
    docket = Docket()
    won: Counter[int] = Counter()
    for _ in range(PAIRS):
        order = docket.order()
        race(
            Firer("race").fire,
            partial(
                term.vacate_order,
                order,
                at=timezone.now(),
                reason="dismissed",
                by=None,
                now=timezone.now(),
            ),
        )

        (check,) = checks(order)
        assert check.state in (CheckpointState.FIRED, CheckpointState.WITHDRAWN)
        assert whole(check)
        assert check.deadline.state == DeadlineState.WITHDRAWN
        won[check.state] += 1
    for _ in range(1 + Alert.objects.count() // sending.BATCH):
        sending.drain(worker="w")
    told = Alert.objects.filter(checkpoint__deadline__rule_id="CT-SUR-01").exclude(state=AlertState.WITHDRAWN)
    assert not told.exists()
    assert not FULL or len(won) == 2, f"no race: {won}"


@pytest.mark.usefixtures("left_to_pulses")
def test_26_a_service_corrected_as_it_fires_gives_one_set_a_revision(ledger: Ledger) -> None:
    docket = Docket()
    won: Counter[int] = Counter()
    for number in range(PAIRS):
        order = docket.order()
        assert order.served_at is not None
        # Later, and then it is not due yet; or earlier, and it is due all the more.
        is_later = bool(number % 2)
        at = order.served_at + (timedelta(hours=2) if is_later else timedelta(minutes=-30))
        race(
            Firer("race").fire,
            partial(
                service.correct_service,
                order,
                at=at,
                reason="a wrong line",
                by=None,
                now=timezone.now(),
            ),
        )
        Firer("race").fire()

        *first, last = checks(order)
        assert len({one.revision for one in (*first, last)}) == len(first) + 1, "one set a revision"
        assert all(map(whole, (*first, last)))
        assert last.fires_at == at + timedelta(hours=24)
        assert last.state == (CheckpointState.PENDING if is_later else CheckpointState.FIRED)
        won[sum(one.state == CheckpointState.FIRED for one in first)] += 1
    assert not FULL or won.keys() == {0, 1}, f"no race: {won}"


def test_28_a_deadline_past_when_it_is_entered_is_fired_by_whoever_entered_it() -> None:
    docket = Docket()
    began = time.monotonic()
    order = docket.order(seconds=-6 * 3600)

    (check,) = checks(order)
    assert check.state == CheckpointState.FIRED
    assert whole(check)
    assert time.monotonic() - began <= 1


@pytest.mark.usefixtures("left_to_pulses")
def test_28_else_by_a_pulse_within_two_seconds() -> None:
    firer = Firer("race")
    docket = Docket()
    recent = docket.order()
    firer.fire()
    assert checks(recent)[0].state == CheckpointState.FIRED

    # It lies far behind what fired last.
    order = docket.order(seconds=-6 * 3600)
    entered = time.monotonic()
    while checks(order)[0].state == CheckpointState.PENDING:
        firer.fire()
        time.sleep(0.05)
    assert time.monotonic() - entered <= firing.SWEEP_EVERY.total_seconds() + 1


def test_28_a_firing_that_fails_leaves_the_order_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Firer, **_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Firer, "fire", broken)

    assert checks(Docket().order())[0].state == CheckpointState.PENDING
