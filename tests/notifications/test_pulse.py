"""A pulse fires, sends hints, and sends by itself if no worker does; the health page shows a missing
pulse."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from notifications import tasks
from notifications.models import Alert, AlertState, Heartbeat, PendingAcknowledgment
from notifications.services import pulses
from notifications.services.delivery import sending
from notifications.services.firing import pulse
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, Order
from tests import make
from tests.faults.stack import wait_for
from tests.ledger import Ledger

pytestmark = pytest.mark.django_db


def overdue_order() -> Order:
    """An order that is due by the database's clock, with a liaison to alert."""
    police = make.agency()
    make.person(Role.LIAISON, police)
    now = timezone.now()
    return make.served_order(
        ago=timedelta(hours=25),
        now=now,
        issued_at=now - timedelta(days=2),
        respondent_town=make.town(police),
    )


class Hints:
    """A broker that takes every hint."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def __call__(self, drains: int) -> bool:
        self.sent.append(drains)
        return True


def test_pulse_fires_and_sends_one_hint_for_a_batch() -> None:
    overdue_order()
    hints = Hints()

    fired = pulse.run_pulse(Firer("test"), hints)

    # The surrender, and what was past when the order was entered.
    assert fired.overdue == 3
    assert hints.sent == [1]
    assert Alert.objects.filter(state=AlertState.READY).exists(), "left to a worker"
    assert Heartbeat.objects.get().pulses == 1


def test_pulse_sends_by_itself_if_the_broker_is_down(ledger: Ledger) -> None:
    overdue_order()

    pulse.run_pulse(Firer("test"), lambda drains: False)

    assert len(ledger.lines()) == 1
    assert not Alert.objects.filter(state=AlertState.READY).exists()


def test_pulse_sends_by_itself_if_no_worker_took_the_hint(ledger: Ledger) -> None:
    overdue_order()
    firer = Firer("test")
    pulse.run_pulse(firer, lambda drains: True)
    Alert.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=pulse.PATIENCE + 1))

    pulse.run_pulse(firer, lambda drains: True)

    assert len(ledger.lines()) == 1


def test_pulse_sends_hints_for_what_another_fired_or_left() -> None:
    overdue_order()
    Firer("another").fire()
    hints = Hints()

    pulse.run_pulse(Firer("test"), hints)
    Alert.objects.update(state=AlertState.ACCEPTED)
    pulse.run_pulse(Firer("test"), hints)

    assert hints.sent == [1, 0]


def test_a_broker_that_hangs_delays_no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    fired, answered = [], threading.Event()
    monkeypatch.setattr(pulses, "run_pulse", lambda _firer, hint, *, drains: fired.append((hint(1), drains)))
    monkeypatch.setattr(pulses, "PERIOD", 0.05)
    monkeypatch.setattr(pulses, "backlog_seconds", lambda: 0.0)
    monkeypatch.setattr(sending, "reap", lambda: None)
    for other in ("watch", "fly", "run_overdue"):
        monkeypatch.setattr(pulses, other, lambda *_: None)
    process = pulses.Pulses(Firer("test"), lambda _drains: answered.wait(60))

    process.start()
    try:
        wait_for("more pulses", lambda: len(fired) > 3, 30)
    finally:
        answered.set()
        process.stop()


def test_a_slow_broker_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def publish(**hint: object) -> None:
        asked.append(hint)
        time.sleep(0.6)

    monkeypatch.setattr(tasks.drain, "apply_async", publish)

    # The pulse then sends by itself.
    assert not tasks.send_hints(50)
    assert len(asked) == 2


def test_pulse_escalates_even_if_sending_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    overdue_order()
    pulse.run_pulse(Firer("test"), Hints())
    PendingAcknowledgment.objects.update(next_step_at=timezone.now())

    def broken(**_: object) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(pulse, "drain", broken)
    with pytest.raises(RuntimeError):
        pulse.run_pulse(Firer("test"), lambda drains: False)
    assert not PendingAcknowledgment.objects.filter(next_step_at__lte=timezone.now()).exists()


def test_health_is_503_without_a_pulse(client: Client) -> None:
    answer = client.get("/healthz/deadlines")

    assert answer.status_code == 503
    assert answer.json()["pulse_age_s"] is None


@pytest.mark.parametrize(("age", "status"), [(9, 200), (11, 503)])
def test_health_follows_the_age_of_the_newest_pulse(client: Client, age: int, status: int) -> None:
    Heartbeat.objects.create(name="old", last_pulse_at=timezone.now() - timedelta(hours=1))
    Heartbeat.objects.create(name="new", last_pulse_at=timezone.now() - timedelta(seconds=age))

    assert client.get("/healthz/deadlines").status_code == status


@pytest.mark.parametrize(("late", "status"), [(29, 200), (32, 503)])
def test_health_follows_the_oldest_thing_due(client: Client, late: int, status: int) -> None:
    overdue_order()
    Heartbeat.objects.create(name="new", last_pulse_at=timezone.now())
    Checkpoint.objects.filter(state=0).update(fires_at=timezone.now() + timedelta(hours=1))
    waits_since = timezone.now() - timedelta(seconds=late)
    Checkpoint.objects.filter(name="check", deadline__rule_id="CT-SUR-01").update(
        fires_at=waits_since, planned_at=waits_since
    )

    assert client.get("/healthz/deadlines").status_code == status


def test_health_does_not_count_as_late_what_was_past_when_it_was_planned(client: Client) -> None:
    overdue_order()
    Heartbeat.objects.create(name="new", last_pulse_at=timezone.now())

    answer = client.get("/healthz/deadlines")

    assert answer.status_code == 200
    assert answer.json()["due_lag_s"] < 30
