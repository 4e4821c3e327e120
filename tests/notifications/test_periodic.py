"""Periodic work runs by the database's clock if neither beat nor the broker nor a worker runs it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from ctcompliance.celery import app
from notifications import tasks
from notifications.models import PeriodicRun
from notifications.services.periodic import MARGIN, Periodic, overdue, record

pytestmark = pytest.mark.django_db

MINUTELY = Periodic(name="minutely", seconds=60, run=list)
HOURLY = Periodic(name="hourly", seconds=3600, run=list)


def pass_time(seconds: float) -> None:
    PeriodicRun.objects.update(ran_at=F("ran_at") - timedelta(seconds=seconds))


def test_a_task_that_did_not_run_for_twice_its_period_is_run_once() -> None:
    both = [MINUTELY, HOURLY]
    assert overdue(both) == [], "new ones count as having run"

    pass_time(120)
    assert overdue(both) == []
    pass_time(MARGIN + 1)
    assert overdue(both) == [MINUTELY]
    assert overdue(both) == [], "by one process"


def test_what_a_worker_ran_is_not_overdue() -> None:
    overdue([MINUTELY])
    pass_time(1000)
    record("minutely")

    assert overdue([MINUTELY]) == []


def test_every_task_of_the_schedule_is_known_and_recorded() -> None:
    names = {one.name for one in tasks.periodic()}

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled - names == {"notifications.pulse", "notifications.drain"}
    app.tasks["notifications.canary"].apply()
    assert PeriodicRun.objects.filter(name="notifications.canary").exists()
