"""Played inside a container of the image: orders whose check is due, and what became of their alerts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from accounts.models import Agency, AgencyKind
from notifications.models import Alert, AlertState, Channel
from orders.models import Deadline, DeadlineState
from orders.services.orders.entry import enter_order
from tests import make
from tests.faults import orders_due


def enter(count: int, seconds: int) -> dict[str, object]:
    """Enter served orders whose check is due in that many seconds. Return their court."""
    # Without people: each scenario is a process of its own, and would number them from one again.
    court = make.agency(AgencyKind.COURT, name=f"Court {orders_due.now().isoformat()}")
    for number, town in enumerate(orders_due.towns(count)):
        new = orders_due.new_order(court, town, number, seconds=seconds)
        enter_order(new, by=None, now=orders_due.now(), confirm="An invented number.")
    return {"court": court.pk}


def outcome(court: int) -> dict[str, object]:
    """Return what happened to the court's orders: overdue deadlines, and alerts to police."""
    alerts = Alert.objects.filter(
        checkpoint__deadline__order__case__court=court,
        checkpoint__purpose="check",
        channel=Channel.EMAIL,
        agency__kind="police",
    )
    overdue = Deadline.objects.filter(order__case__court=court, state=DeadlineState.OVERDUE)
    return {
        "overdue": overdue.values("order").distinct().count(),
        "states": sorted(AlertState(one).name for one in alerts.values_list("state", flat=True)),
        "keys": [str(one) for one in alerts.values_list("message_key", flat=True)],
        "doubtful": [
            str(one) for one in alerts.filter(possible_duplicate=True).values_list("message_key", flat=True)
        ],
        "desks": Agency.objects.filter(name__startswith="Police").count(),
    }


_PLAYED: dict[str, Callable[..., dict[str, object]]] = {"enter": enter, "outcome": outcome}


def main(name: str, *numbers: int) -> None:
    """Play a scenario and print its result as one line of JSON."""
    sys.stdout.write(json.dumps(_PLAYED[name](*numbers)) + "\n")
