"""Conditions of an order: set by a judge, satisfied or not."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import date, datetime
from typing import Any

from typing_extensions import override

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean, clean_lines
from orders.models import Order, OrderCondition
from orders.models.fields import offset_of
from orders.rules.model import Rule
from orders.rules.vocabulary import Unit
from orders.services.bulk import make
from orders.services.change import changing, plain
from orders.services.correctable import Column, Correctable, DayOrInstantColumn
from orders.services.court_days import (
    check_day_ahead,
    check_day_not_before_issue,
    check_happened_since_order,
    court_day,
    day_of,
)
from orders.services.one_round import refuse
from orders.services.planning.lasting import condition_title, lasting_conditions
from orders.services.planning.rulebooks import bundled
from orders.services.said_before import ask_if_recorded
from orders.services.validation import need_offset, need_one_of

#: Conditions that only the judge's own words state.
WITH_WORDS = ("CT-OTH-01",)


def available_conditions(order: Order) -> dict[str, Rule]:
    """The conditions with a day or time that a judge may set in an order of this kind: id to rule."""
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
    details: str = "",
    for_police: str = "",
    confirm: str = "",
) -> OrderCondition:
    """Add `condition` to the order, due on the day `due_on` or at the instant `due_at`, or while it lasts.

    Raises `InvalidFact`, and `DoubtfulFact` for one that is recorded, unless `confirm` gives the reason.
    """
    with changing(order, "condition_set", by=by, now=now, reason=clean(confirm)) as change:
        row = make(
            OrderCondition,
            order=change.order,
            condition=condition,
            due_on=due_on,
            due_at=due_at,
            details=details,
            for_police=for_police,
        )
        check_condition(row, now=now, confirm=confirm)
        row.save()
        CONDITION.note(change, row)
        change.data["condition"] = {
            "id": str(row.public_id),
            "condition": condition,
            "on": plain(row.due_on),
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
        if row.ended_by_id is not None:
            refuse("condition", "ended", "A modification of the order ended this condition.")
        if row.due_on is None:
            refuse(
                "condition", "has_no_end", "This condition lasts as long as the order. Nothing satisfies it."
            )
        if row.satisfied_on is not None:
            refuse(
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
    dated, lasting = available_conditions(row.order), lasting_conditions(row.order)
    need_one_of("condition", "unknown_condition", row.condition, sorted({*dated, *lasting}))
    _check_words(row)
    row.due_offset = None
    if row.due_at is not None:
        need_offset("due_at", row.due_at)
        row.due_on, row.due_offset = court_day(row.order, row.due_at), offset_of(row.due_at)
    elif row.condition in dated and dated[row.condition].values[-1].due.unit is Unit.ELAPSED_HOURS:
        refuse("due_at", "required", "This condition is due at a time of day. Enter it.")
    if row.due_on is None and row.condition not in lasting:
        refuse("due_on", "required", "Enter the day stated in the order.")
    if row.due_on is not None:
        _check_due(row, row.due_on, dated, now=now)
    ask_if_recorded(
        row,
        ("due_on", "due_at", "condition", "details"),
        field="condition",
        words=_in_words,
        confirm=confirm,
        among=lambda one: one.ended_by_id is None,
    )
    if row.pk is None:
        return
    if OrderCondition.objects.get(pk=row.pk).satisfied_on is not None:
        _check_satisfied(row, now=now, confirm=confirm)
    elif row.satisfied_on or row.satisfied_at:
        refuse(
            "satisfied_on",
            "not_satisfied",
            "The condition is not recorded as satisfied. Record that instead.",
        )


def _check_due(row: OrderCondition, day: date, dated: Container[str], *, now: datetime) -> None:
    if row.condition not in dated:
        refuse("due_on", "no_due_day", "This condition lasts as long as the order. Leave the day empty.")
    check_day_ahead("due_on", day, now=now)
    check_day_not_before_issue("due_on", row.order, day, "condition_before_issue")


def _check_words(row: OrderCondition) -> None:
    """Clean the words of a condition. What officers read never names a protected person."""
    row.details, row.for_police = clean_lines(row.details).strip(), clean(row.for_police)
    if row.condition in WITH_WORDS and not row.details:
        refuse("details", "required", "Enter what the order requires, in the words of the judge.")
    known = {part for one in row.order.protected_persons.all() for part in _parts(one.name)}
    if known & _parts(row.for_police):
        refuse(
            "for_police",
            "names_protected_person",
            "This names a protected person, and officers read it. Write it without the name.",
        )


def _parts(text: str) -> set[str]:
    """Return the words of a name or a text, without initials."""
    return {part for part in re.split(r"[^\w]+", text.casefold()) if len(part) > 1}


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
        refuse("condition", "not_satisfied", "The condition is not recorded as satisfied.")


def _clear_satisfaction(row: OrderCondition) -> None:
    row.satisfied_on = row.satisfied_at = row.satisfied_offset = None
    row.save(update_fields=["satisfied_on", "satisfied_at", "satisfied_offset"])


class _ConditionColumn(Column):
    """What a judge ordered, in the words of the rulebook."""

    @override
    def words(self, row: OrderCondition) -> str:
        return condition_title(row)


class _DueColumn(DayOrInstantColumn):
    """When it is due. A condition that lasts as long as the order has neither a day nor a time."""

    @override
    def set(self, row: OrderCondition, changes: Mapping[str, Any]) -> None:
        """Set the day or the instant, or clear both."""
        super().set(row, changes)
        given = [changes[one] for one in self.keywords if one in changes]
        if given and not any(given):
            row.due_on = row.due_at = None


_ORDERED = _ConditionColumn(name="condition", label="Condition")
_DUE = _DueColumn(name="due_at", label="Due")
_SATISFIED = DayOrInstantColumn(name="satisfied_at", label="Satisfied")
#: The history, which is kept forever, has only that they changed.
_DETAILS = Column(name="details", label="Words of the judge", is_private=True)
_FOR_POLICE = Column(name="for_police", label="Words for officers", is_private=True)


def _in_words(row: OrderCondition) -> str:
    return f"{_ORDERED.words(row)}, due {_DUE.words(row)}" if row.due_on else _ORDERED.words(row)


CONDITION = Correctable(
    name="condition",
    model=OrderCondition,
    noun="condition",
    words=_in_words,
    columns=(_ORDERED, _DUE, _SATISFIED, _DETAILS, _FOR_POLICE),
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
