"""Modification of an order by the court: recorded, corrected, and withdrawn, the latest one first.

The order stays the same order. Either party may ask for it (CT-MOD-01). A longer time is an extension.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from accounts.dates import format_day, format_instant
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Modification, Order, OrderCondition
from orders.services.bulk import make
from orders.services.change import Change, changing
from orders.services.conditions.conditions import CONDITION, check_condition
from orders.services.court_days import check_dates, check_happened_since_order, day_of, zone_of
from orders.services.limits import within_limits
from orders.services.one_round import refuse
from orders.services.parties.protected_persons import add_protected_person, withdraw_protected_person
from orders.services.person_cases import lock_cases
from orders.services.planning.lasting import is_limited, limited_until
from orders.services.validation import need_reason

_ORDERED, _NOT = "ordered", "not ordered"


def modify_order(
    order: Order,
    *,
    by: User | None,
    now: datetime,
    modified_on: date | None = None,
    modified_at: datetime | None = None,
    expires_on: date | None = None,
    ended: Collection[OrderCondition] = (),
    added: Collection[str] = (),
    condition: str = "",
    due_on: date | None = None,
    due_at: datetime | None = None,
    details: str = "",
    for_police: str = "",
    protected_person: str = "",
    address_confidential: bool = False,
    confirm: str = "",
) -> Order:
    """Record what the court changed: an earlier last day, conditions, one more protected person.

    `ended` are conditions that no longer hold; `added` those that hold from now on for the whole order, and
    `condition` one with a day or words of its own. Raises `InvalidFact`, and `DoubtfulFact` for a day before
    the order unless `confirm` gives the reason.
    """
    wanted: list[dict[str, Any]] = [{"condition": one} for one in added]
    if condition:
        due = {"due_on": due_on, "due_at": due_at}
        wanted.append({"condition": condition, **due, "details": details, "for_police": for_police})
    if not (expires_on or ended or wanted or clean(protected_person)):
        refuse("order", "nothing_modified", "Enter what the court changed, or cancel.")
    with transaction.atomic():
        lock_cases([order.case_id])
        with changing(
            order, "modified", by=by, now=now, occurred_at=modified_at, reason=clean(confirm)
        ) as change:
            row = make(Modification, order=change.order, modified_on=modified_on, modified_at=modified_at)
            _check_modifiable(row, now=now, confirm=confirm)
            with within_limits(change, confirm=confirm):
                _shorten(change, row, expires_on, before=change.order.expires_on)
            row.save()
            corrected = change.data.setdefault("corrected", {})
            corrected |= dict(_end(row, ended))
            corrected |= dict(_add(row, wanted, now=now))
        if clean(protected_person):
            row.added_person = add_protected_person(
                order,
                name=protected_person,
                address_confidential=address_confidential,
                is_applicant=False,
                reason="Added by a modification of the order.",
                by=by,
                now=now,
            )
            row.save(update_fields=["added_person"])
    return change.order


def correct_modification(
    order: Order,
    *,
    by: User | None,
    now: datetime,
    reason: str,
    modified_on: date | None = None,
    modified_at: datetime | None = None,
    expires_on: date | None = None,
    ended: Collection[OrderCondition] = (),
    confirm: str = "",
) -> Order:
    """Correct the latest modification: when the court decided, its last day, and what it ended.

    The values replace the stored ones; without `expires_on` the last day is again what it was before. What it
    set is corrected on the condition or the person itself. Raises `InvalidFact`, and `DoubtfulFact` as
    `modify_order` does.
    """
    with changing(
        order, "modification_corrected", by=by, now=now, occurred_at=modified_at, reason=need_reason(reason)
    ) as change:
        row = _latest(change.order)
        former = row.former_last_day if row.expires_on is not None else change.order.expires_on
        before = _words(row)
        row.order = change.order
        row.modified_on, row.modified_at = cast("date", modified_on), modified_at
        _check_modifiable(row, now=now, confirm=confirm)
        if row.expires_on is not None and row.expires_on != expires_on:
            _check_is_last(change.order, row)
        row.former_last_day, row.expires_on = None, None
        with within_limits(change, confirm=confirm):
            _shorten(change, row, expires_on, before=former)
            if expires_on is None:
                change.set("expires_on", former)
        row.save()
        corrected = change.data.setdefault("corrected", {})
        corrected |= {name: [old, new] for name, old, new in zip(_LABELS, before, _words(row), strict=True)}
        corrected |= dict(_end_only(row, ended))
        _drop_unchanged(corrected)
        if not corrected:
            refuse("order", "unchanged", "Nothing is changed. Change what is wrong, or cancel.")
        check_dates(change.order, served_field="expires_on")
    return change.order


def withdraw_modification(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw the latest modification: the order is again as it was before it. Raises `InvalidFact`."""
    why = need_reason(reason)
    with transaction.atomic():
        lock_cases([order.case_id])
        row = _latest(order)
        person = row.added_person
        if person is not None:
            withdraw_protected_person(person, by=by, now=now, reason=why)
        with changing(order, "modification_withdrawn", by=by, now=now, reason=why) as change:
            corrected = change.data.setdefault("corrected", {})
            if row.expires_on is not None:
                _check_is_last(change.order, row)
                change.set("expires_on", row.former_last_day)
            for one in OrderCondition.objects.filter(set_by=row):
                one.order = change.order
                if one.satisfied_on is not None:
                    refuse(
                        "order",
                        "condition_satisfied",
                        "A condition that it set is recorded as satisfied. Withdraw that first.",
                    )
                corrected[CONDITION.words(one)] = [_ORDERED, _NOT]
                one.delete()
            for one in OrderCondition.objects.filter(ended_by=row):
                one.order = change.order
                corrected[CONDITION.words(one)] = [_NOT, _ORDERED]
            OrderCondition.objects.filter(ended_by=row).update(ended_by=None)
            row.delete()
            check_dates(change.order, served_field="order")
    return change.order


def _check_modifiable(row: Modification, *, now: datetime, confirm: str) -> None:
    """Check the order and when the court decided, and set the day and the offset."""
    if row.order.vacated_at is not None:
        refuse(
            "order",
            "order_vacated",
            "The order is vacated, so it cannot be modified. Reinstate it first if that was an error.",
        )
    row.modified_on, row.modified_offset = day_of(
        "modified", row.order, on=row.modified_on, at=row.modified_at, now=now
    )
    check_happened_since_order("modified", row.order, on=row.modified_on, at=row.modified_at, confirm=confirm)


#: The values that a correction compares, as the history names them.
_LABELS = ("Decided", "Last day")


def _latest(order: Order) -> Modification:
    row = order.modifications.order_by("-id").first()
    if row is None:
        raise InvalidFact("order", "not_modified", "No modification of the order is recorded.")
    return row


def _words(row: Modification) -> tuple[str, str]:
    zone = zone_of(row.order)
    decided = format_instant(row.modified_at, zone) if row.modified_at else format_day(row.modified_on)
    return decided, format_day(row.expires_on) if row.expires_on else "not changed"


def _drop_unchanged(corrected: dict[str, list[str]]) -> None:
    for name, (old, new) in list(corrected.items()):
        if old == new:
            del corrected[name]


def _end_only(row: Modification, ended: Collection[OrderCondition]) -> Iterator[tuple[str, list[str]]]:
    """Let the modification end these conditions and no others, and yield each that changed in words."""
    stored = {one.pk: one for one in OrderCondition.objects.filter(ended_by=row)}
    wanted = {one.pk for one in ended}
    for one in (one for key, one in stored.items() if key not in wanted):
        one.order, one.ended_by = row.order, None
        one.save(update_fields=["ended_by"])
        yield CONDITION.words(one), [_NOT, _ORDERED]
    yield from _end(row, [one for one in ended if one.pk not in stored])


def _shorten(change: Change, row: Modification, expires_on: date | None, *, before: date | None) -> None:
    if expires_on is None:
        return
    if before is not None and expires_on >= before:
        refuse(
            "expires_on",
            "not_earlier",
            f"{format_day(expires_on)} is not before the last day so far, {format_day(before)}. "
            "If the court gave more time, extend the order instead.",
        )
    if expires_on < row.modified_on:
        refuse(
            "expires_on",
            "before_the_decision",
            f"{format_day(expires_on)} is before the day of the decision, {format_day(row.modified_on)}. "
            "Correct one of the two.",
        )
    row.former_last_day, row.expires_on = before, expires_on
    change.set("expires_on", expires_on)
    check_dates(change.order, served_field="expires_on")


def _end(row: Modification, ended: Collection[OrderCondition]) -> Iterator[tuple[str, list[str]]]:
    """End conditions, and yield each in words with what it was and is."""
    found = OrderCondition.objects.in_force(row.order).filter(pk__in=[one.pk for one in ended])
    if len(rows := list(found)) != len(ended):
        refuse("ended", "not_in_force", "Choose conditions that are in force. Open the page again.")
    for one in rows:
        one.order = row.order
        _check_not_limited(row.order, one.condition, "ended")
        one.ended_by = row
        one.save(update_fields=["ended_by"])
        yield CONDITION.words(one), [_ORDERED, _NOT]


def _add(
    row: Modification, wanted: Collection[dict[str, Any]], *, now: datetime
) -> Iterator[tuple[str, list[str]]]:
    """Set conditions, and yield each in words with what it was and is."""
    for given in wanted:
        one = make(OrderCondition, order=row.order, set_by=row, **given)
        field = "condition" if "due_on" in given else "added"
        _check_not_limited(row.order, one.condition, field)
        check_condition(one, now=now)
        one.save()
        yield CONDITION.words(one), [_NOT, _ORDERED]


def _check_not_limited(order: Order, condition: str, field: str) -> None:
    if not is_limited(order, condition):
        return
    until = limited_until(order, condition)
    refuse(
        field,
        "not_modifiable",
        "The law does not let a court modify orders about payments, services, insurance and property "
        f"(C.G.S. § 46b-15(e)). They end {f'on {format_day(until)}' if until else 'by themselves'}. "
        "Leave this condition out.",
    )


def _check_is_last(order: Order, row: Modification) -> None:
    if order.expires_on != row.expires_on:
        refuse(
            "order",
            "last_day_changed",
            "The last day was changed after this modification. Withdraw that change first.",
        )
