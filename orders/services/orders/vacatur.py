"""Vacatur of an order."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from orders.models import Order
from orders.services.change import Change, changing
from orders.services.court_days import check_not_before_issue, zone_of
from orders.services.one_round import refuse
from orders.services.validation import check_instant, need_reason


def vacate_order(order: Order, *, vacated_at: datetime, by: User | None, now: datetime, reason: str) -> Order:
    """Record that the court ended the order at `vacated_at`; open deadlines are withdrawn.

    Raises `InvalidFact`.
    """
    with changing(
        order, "vacated", by=by, now=now, occurred_at=vacated_at, reason=need_reason(reason)
    ) as change:
        if change.order.vacated_at is not None:
            refuse("vacated_at", "already_vacated", "The order is already vacated.")
        _set_vacatur(change, vacated_at, now)
    return change.order


def correct_vacatur(
    order: Order, *, vacated_at: datetime, by: User | None, now: datetime, reason: str
) -> Order:
    """Correct the time at which the court ended the order. Raises `InvalidFact`."""
    with changing(
        order, "vacatur_corrected", by=by, now=now, occurred_at=vacated_at, reason=need_reason(reason)
    ) as change:
        if change.order.vacated_at is None:
            refuse("vacated_at", "not_vacated", "The order is not vacated. Vacate it first.")
        _set_vacatur(change, vacated_at, now)
    return change.order


def _set_vacatur(change: Change, at: datetime, now: datetime) -> None:
    offset = check_instant("vacated_at", at, now=now, zone=zone_of(change.order))
    check_not_before_issue("vacated_at", change.order, at, "vacated_before_issued")
    change.set("vacated_at", at)
    change.set("vacated_offset", offset)


def reinstate_order(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Lift a vacatur that was recorded in error or that the court set aside. Raises `InvalidFact`.

    Every deadline is planned as if the order had never been vacated.
    """
    with changing(order, "reinstated", by=by, now=now, reason=need_reason(reason)) as change:
        if change.order.vacated_at is None:
            refuse("order", "not_vacated", "The order is not vacated.")
        change.set("vacated_at", None)
        change.set("vacated_offset", None)
    return change.order
