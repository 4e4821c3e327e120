"""Decisions of a court about rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import CourtRule, Order
from orders.rules.adjust import Adjustment, AdjustmentError
from orders.rules.model import Offset
from orders.services.planning.rulebooks import bundled
from orders.services.validation import need_reason


def decide(
    court: Agency,
    *,
    rule_id: str,
    by: User | None,
    now: datetime,
    reason: str,
    is_on: bool = True,
    due: Offset | None = None,
    reminders: Sequence[Offset] | None = None,
) -> CourtRule:
    """Record the court's decision about a rule and mark its orders for `replan_stale`.

    Raises `InvalidFact`.
    """
    if court.kind != AgencyKind.COURT:
        raise InvalidFact("court", "not_a_court", f"{court.name} is not a court. Choose one.")
    rule = bundled().by_id.get(rule_id)
    if rule is not None and rule.jurisdiction != court.jurisdiction:
        state = court.get_jurisdiction_display()
        raise InvalidFact(
            "rule_id", "rule_of_another_state", f"{court} applies the rules of {state}. Choose one."
        )
    adjustment = Adjustment(
        rule_id=rule_id,
        is_on=is_on,
        due=due,
        reminders=None if reminders is None else tuple(reminders),
    )
    try:
        adjustment.check(bundled())
    except AdjustmentError as error:
        raise InvalidFact(error.field, "not_the_courts", str(error)) from error
    with transaction.atomic():
        row = CourtRule.objects.create(
            court=court,
            rule_id=rule_id,
            is_on=is_on,
            due_amount=due.amount if due else None,
            due_unit=due.unit.value if due else "",
            reminders=None if reminders is None else [[one.amount, one.unit.value] for one in reminders],
            decided_by=by,
            decided_at=now,
            reason=need_reason(reason),
        )
        Order.objects.filter(case__court=court).update(planned_with="")
    return row
