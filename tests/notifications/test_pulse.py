"""A beat fires, rings, and sends by itself where nobody answers; the health page tells when none comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from notifications.models import Alert, AlertState, AwaitedAnswer, Heartbeat
from notifications.services import pulse
from notifications.services.firing import Firer
from orders.models import Checkpoint, Order
from tests import make
from tests.ledger import Ledger

pytestmark = pytest.mark.django_db


def overdue_order() -> Order:
    """An order that is due by the database's own clock, with a liaison to tell."""
    police = make.agency()
    make.person(Role.LIAISON, police)
    now = timezone.now()
    return make.served_order(
        ago=timedelta(hours=25),
        now=now,
        issued_at=now - timedelta(days=2),
        respondent_town=make.town(police),
    )


class Bell:
    """A broker that takes every hint."""

    def __init__(self) -> None:
        self.rung: list[int] = []

    def __call__(self, drains: int) -> bool:
        self.rung.append(drains)
        return True


def test_beat_fires_and_rings_once_for_a_batch() -> None:
    overdue_order()
    bell = Bell()

    fired = pulse.beat(Firer("test"), bell)

    assert fired.overdue == 1
    assert bell.rung == [1]
    assert Alert.objects.filter(state=AlertState.READY).exists(), "left to a worker"
    assert Heartbeat.objects.get().beats == 1


def test_beat_sends_by_itself_when_the_broker_is_dead(ledger: Ledger) -> None:
    overdue_order()

    pulse.beat(Firer("test"), lambda drains: False)

    assert len(ledger.lines()) == 1
    assert not Alert.objects.filter(state=AlertState.READY).exists()


def test_beat_sends_by_itself_when_nobody_answered_the_bell(ledger: Ledger) -> None:
    overdue_order()
    firer = Firer("test")
    pulse.beat(firer, lambda drains: True)
    Alert.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=pulse.PATIENCE + 1))

    pulse.beat(firer, lambda drains: True)

    assert len(ledger.lines()) == 1


def test_beat_rings_for_what_another_fired_or_left() -> None:
    overdue_order()
    Firer("another").fire()
    bell = Bell()

    pulse.beat(Firer("test"), bell)
    Alert.objects.update(state=AlertState.ACCEPTED)
    pulse.beat(Firer("test"), bell)

    assert bell.rung == [1, 0]


def test_beat_goes_up_the_ladder_though_nothing_can_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    overdue_order()
    pulse.beat(Firer("test"), Bell())
    AwaitedAnswer.objects.update(next_step_at=timezone.now())

    def broken(**_: object) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(pulse, "drain", broken)
    with pytest.raises(RuntimeError):
        pulse.beat(Firer("test"), lambda drains: False)
    assert not AwaitedAnswer.objects.filter(next_step_at__lte=timezone.now()).exists()


def test_health_is_503_without_a_pulse(client: Client) -> None:
    answer = client.get("/healthz/deadlines")

    assert answer.status_code == 503
    assert answer.json()["pulse_age_s"] is None


@pytest.mark.parametrize(("age", "status"), [(9, 200), (11, 503)])
def test_health_follows_the_age_of_the_newest_pulse(client: Client, age: int, status: int) -> None:
    Heartbeat.objects.create(name="old", beat_at=timezone.now() - timedelta(hours=1))
    Heartbeat.objects.create(name="new", beat_at=timezone.now() - timedelta(seconds=age))

    assert client.get("/healthz/deadlines").status_code == status


@pytest.mark.parametrize(("late", "status"), [(29, 200), (32, 503)])
def test_health_follows_the_oldest_thing_due(client: Client, late: int, status: int) -> None:
    overdue_order()
    Heartbeat.objects.create(name="new", beat_at=timezone.now())
    Checkpoint.objects.filter(state=0).update(fires_at=timezone.now() + timedelta(hours=1))
    waits_since = timezone.now() - timedelta(seconds=late)
    Checkpoint.objects.filter(name="check", deadline__rule_id="CT-SUR-01").update(
        fires_at=waits_since, planned_at=waits_since
    )

    assert client.get("/healthz/deadlines").status_code == status


def test_health_does_not_call_late_what_was_past_when_it_was_learnt_of(client: Client) -> None:
    overdue_order()
    Heartbeat.objects.create(name="new", beat_at=timezone.now())

    answer = client.get("/healthz/deadlines")

    assert answer.status_code == 200
    assert answer.json()["due_lag_s"] < 30
