"""A short cut of the simulated week: `make week` runs the whole."""

from __future__ import annotations

import pytest

from notifications.models import Alert
from tests.simulation import MOST_A_DAY, Simulation

pytestmark = pytest.mark.django_db


def test_no_one_gets_too_many_messages_a_day() -> None:
    messages = Simulation(orders=4, days=3).run()

    assert Alert.objects.exists()
    assert messages.worst(without_overdue=False) >= 1
    assert messages.worst(without_overdue=True) <= MOST_A_DAY
