"""Conditions of an order: set by a judge, satisfied or not."""

from __future__ import annotations

from datetime import date, datetime

from typing_extensions import override

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Order, OrderCondition
from orders.models.fields import offset_of
from orders.rules.model import Rule
from orders.rules.vocabulary import Unit
from orders.services.bulk import make
from orders.services.change import changing
from orders.services.correctable import Column, Correctable, DayOrInstantColumn
from orders.services.court_days import (
    check_day_ahead,
    check_day_not_before_issue,
    check_happened_since_order,
    court_day,
    day_of,
)
from orders.services.planning.rulebooks import bundled
from orders.services.validation import need_offset, need_one_of


def available_conditions(order: Order) -> dict[str, Rule]:
    """The conditions that a judge may set in an order of this kind: rulebook id to rule."""
    return {
        rule.start_purpose: rule
        for rule in bundled().by_binding.get((order.jurisdiction, order.kind), ())
        if rule.starts == "condition_set"
    }


def set_condition(
    order: Order,
    *,
    condition: str,
    by: User | None,
    now: datetime,
    due_on: date | None = None,
    due_at: datetime | None = None,
) -> OrderCondition:
    """Add `condition` to the order, due on the day `due_on` or at the instant `due_at`.

    Raises `InvalidFact`.
    """
    with changing(order, "condition_set", by=by, now=now) as change:
        row = make(OrderCondition, order=change.order, condition=condition, due_on=due_on, due_at=due_at)
        check_condition(row, now=now)
        row.save()
        CONDITION.note(change, row)
        change.data["condition"] = {
            "id": str(row.public_id),
            "condition": condition,
            "on": row.due_on.isoformat(),
        }
    return row


def mark_satisfied(
    condition: OrderCondition,
    *,
    by: User | None,
    now: datetime,
    satisfied_on: date | None = None,
    satisfied_at: datetime | None = None,
    confirm: str = "",
) -> OrderCondition:
    """Record that the condition was satisfied, on a day or at an instant.

    Raises `InvalidFact`, and `DoubtfulFact` for a day before the order unless `confirm` gives the reason.
    """
    with changing(
        condition.order,
        "condition_satisfied",
        by=by,
        now=now,
        occurred_at=satisfied_at,
        reason=clean(confirm),
    ) as change:
        row = OrderCondition.objects.get(pk=condition.pk)
        row.order = change.order
        if row.satisfied_on is not None:
            raise InvalidFact(
                "satisfied_on",
                "already_satisfied",
                f"The condition is already recorded as satisfied on {format_day(row.satisfied_on)}.",
            )
        row.satisfied_on, row.satisfied_at = satisfied_on, satisfied_at
        day = _check_satisfied(row, now=now, confirm=confirm)
        CONDITION.note(change, row)
        row.save(update_fields=["satisfied_on", "satisfied_at", "satisfied_offset"])
        change.data["condition"] = {
            "id": str(row.public_id),
            "condition": row.condition,
            "on": day.isoformat(),
        }
    return row


def check_condition(row: OrderCondition, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved condition, and set its days and offsets. Raises `InvalidFact` and `DoubtfulFact`."""
    conditions = available_conditions(row.order)
    need_one_of("condition", "unknown_condition", row.condition, sorted(conditions))
    row.due_offset = None
    if row.due_at is not None:
        need_offset("due_at", row.due_at)
        row.due_on, row.due_offset = court_day(row.order, row.due_at), offset_of(row.due_at)
    elif conditions[row.condition].values[-1].due.unit is Unit.ELAPSED_HOURS:
        raise InvalidFact("due_at", "required", "This condition is due at a time of day. Enter it.")
    if row.due_on is None:
        raise InvalidFact("due_on", "required", "Enter the day stated in the order.")
    check_day_ahead("due_on", row.due_on, now=now)
    check_day_not_before_issue("due_on", row.order, row.due_on, "condition_before_issue")
    if row.pk is None:
        return
    if OrderCondition.objects.get(pk=row.pk).satisfied_on is not None:
        _check_satisfied(row, now=now, confirm=confirm)
    elif row.satisfied_on or row.satisfied_at:
        raise InvalidFact(
            "satisfied_on",
            "not_satisfied",
            "The condition is not recorded as satisfied. Record that instead.",
        )


def _check_satisfied(row: OrderCondition, *, now: datetime, confirm: str) -> date:
    """Check when the condition was satisfied, set the day and the offset, and return the day."""
    day, row.satisfied_offset = day_of(
        "satisfied", row.order, on=row.satisfied_on, at=row.satisfied_at, now=now
    )
    row.satisfied_on = day
    check_happened_since_order("satisfied", row.order, on=day, at=row.satisfied_at, confirm=confirm)
    return day


def _check_is_satisfied(row: OrderCondition) -> None:
    if row.satisfied_on is None:
        raise InvalidFact("condition", "not_satisfied", "The condition is not recorded as satisfied.")


def _clear_satisfaction(row: OrderCondition) -> None:
    row.satisfied_on = row.satisfied_at = row.satisfied_offset = None
    row.save(update_fields=["satisfied_on", "satisfied_at", "satisfied_offset"])


class _ConditionColumn(Column):
    """What a judge ordered, named by its rule."""

    @override
    def words(self, row: OrderCondition) -> str:
        rule = available_conditions(row.order).get(row.condition)
        return rule.title.rstrip(".") if rule else row.condition


_ORDERED = _ConditionColumn(name="condition", label="Condition")
_DUE = DayOrInstantColumn(name="due_at", label="Due")
_SATISFIED = DayOrInstantColumn(name="satisfied_at", label="Satisfied")


def _in_words(row: OrderCondition) -> str:
    return f"{_ORDERED.words(row)}, due {_DUE.words(row)}"


CONDITION = Correctable(
    name="condition",
    model=OrderCondition,
    noun="condition",
    words=_in_words,
    columns=(_ORDERED, _DUE, _SATISFIED),
    check=check_condition,
)

SATISFACTION = Correctable(
    name="satisfaction",
    model=OrderCondition,
    noun="satisfaction",
    words=_in_words,
    columns=(_SATISFIED,),
    is_recorded=lambda row: row.satisfied_on is not None,
    check_withdrawable=_check_is_satisfied,
    remove=_clear_satisfaction,
    part_of="condition",
)
