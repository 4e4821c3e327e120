"""The plan and the facts of an order's case, for tests of acts and what undoes them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC
from typing import Any

from django.db.models.functions import Now

from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, Firearm, Order
from orders.rules.facts import Event, Facts
from orders.rules.vocabulary import Purpose
from orders.services.planning.load_facts import load_facts

#: A deadline or a pending checkpoint of a plan.
Line = tuple[Any, ...]
#: The plan and the facts of a case.
State = tuple[Counter[Line], list[Facts]]

_DEADLINE = ("rule_id", "state", "opens_at", "due_at", "due_on", "met_at", "met_in_time")
_CHECKPOINT = ("deadline__rule_id", "name", "fires_at", "purpose")


def plan_of(order: Order) -> set[Line]:
    """The deadlines of the order's case as planned, the pending checkpoints, and the status of firearms."""
    deadlines, checkpoints, firearms = _rows(order)
    return {
        *deadlines.values_list("order", "occurrence", *_DEADLINE),
        *checkpoints.values_list("deadline__order", "deadline__occurrence", *_CHECKPOINT),
        *firearms.values_list("pk", "status"),
    }


def state_of(order: Order) -> State:
    """The plan and the facts of the order's case without keys: a fact entered again has a new one.

    A reminder of a time that has passed fires at once. It is part of no plan.
    """
    deadlines, checkpoints, firearms = _rows(order)
    checkpoints = checkpoints.exclude(purpose=Purpose.REMIND.value, fires_at__lte=Now())
    plan: Counter[Line] = Counter(
        [
            *deadlines.values_list(*_DEADLINE),
            *checkpoints.values_list(*_CHECKPOINT),
            *firearms.values_list("serial", "make", "status"),
        ]
    )
    orders = Order.recorded.filter(case=order.case_id, withdrawn_at=None).order_by("id")
    return plan, [without_keys(one) for one in load_facts(list(orders)).values()]


def difference(after: State, before: State) -> list[Any]:
    """What differs between two states: short, so that a failure can be read."""
    plans = [*(after[0] - before[0]), *(before[0] - after[0])]
    facts = [
        *(one for one in after[1] if one not in before[1]),
        *(one for one in before[1] if one not in after[1]),
    ]
    return plans + facts


def without_keys(facts: Facts) -> Facts:
    """The facts without the keys of their events, and the events in one order however they were entered."""
    # When a request or a permit was recorded is not a fact that is entered.
    events = [
        replace(event, key="", at=None, on=None) if event.kind == "permit_known" else replace(event, key="")
        for event in facts.events
        if event.kind != "return_recorded"
    ]
    return replace(facts, events=tuple(sorted(events, key=_place)))


def _place(event: Event) -> str:
    """The place of the event among others: equal events share it, whatever the offset of the instant."""
    return str(replace(event, at=event.at.astimezone(UTC)) if event.at else event)


def _rows(order: Order) -> tuple[Any, Any, Any]:
    deadlines = Deadline.objects.filter(order__case=order.case_id).exclude(state=DeadlineState.WITHDRAWN)
    checkpoints = Checkpoint.objects.filter(deadline__in=deadlines, state=CheckpointState.PENDING)
    return deadlines, checkpoints, Firearm.objects.filter(order__case=order.case_id)
