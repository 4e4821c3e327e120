"""Notice of the order to the respondent: attempts, service, and its correction."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Town, User
from orders.errors import InvalidFact
from orders.models import Capacity, Concern, Order, ServiceAttempt, ServiceMethod
from orders.models.fields import offset_of
from orders.services.change import (
    Change,
    changing,
    check_instant,
    check_not_before_issue,
    need_one_of,
    need_reason,
)


def record_service(
    order: Order,
    *,
    at: datetime,
    method: str,
    by: User | None,
    now: datetime,
    officer: str = "",
    in_custody: bool = False,
    town: Town | None = None,
) -> Order:
    """The order is served at `at`, an instant with its offset; what runs from service runs.

    The police of `town`, where service was made, are concerned too. Raises `InvalidFact`.
    """
    with changing(order, "served", by=by, now=now, occurred_at=at) as change:
        if change.order.served_at is not None:
            raise InvalidFact(
                "served_at",
                "already_served",
                f"Service is recorded already, at {change.order.served_as_given}. Correct it instead.",
            )
        _set_service(change, at, method, now)
        change.set("service_officer", officer.strip())
        change.set("served_in_custody", in_custody)
        if town is not None:
            Concern.objects.get_or_create(
                order=change.order, agency=town.police, capacity=Capacity.SERVICE_POLICE
            )
    return change.order


def correct_service(
    order: Order,
    *,
    at: datetime,
    by: User | None,
    now: datetime,
    reason: str,
    method: str | None = None,
) -> Order:
    """Service happened at `at` instead; every deadline that runs from it moves. Raises `InvalidFact`."""
    with changing(
        order, "service_corrected", by=by, now=now, occurred_at=at, reason=need_reason(reason)
    ) as change:
        if change.order.served_at is None:
            raise InvalidFact("served_at", "not_served", "No service is recorded yet; record it first.")
        _set_service(change, at, method or change.order.service_method, now)
    return change.order


def withdraw_service(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """The return of service was wrong: the order counts as not served, and what ran from service stops."""
    with changing(order, "service_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        for name, value in (
            ("served_at", None),
            ("served_offset", None),
            ("service_method", ""),
            ("service_officer", ""),
            ("served_in_custody", False),
        ):
            change.set(name, value)
    return change.order


def record_failed_attempt(
    order: Order,
    *,
    at: datetime,
    method: str,
    reason: str,
    by: User | None,
    now: datetime,
    officer: str = "",
) -> ServiceAttempt:
    """An attempt at service failed, and why. Raises `InvalidFact`."""
    with changing(order, "service_failed", by=by, now=now, occurred_at=at) as change:
        check_instant("attempted_at", at, now=now)
        check_not_before_issue("attempted_at", change.order, at, "attempted_before_issued")
        if not reason.strip():
            raise InvalidFact("reason", "required", "Say why the attempt failed.")
        return ServiceAttempt.objects.create(
            order=change.order,
            attempted_at=at,
            attempted_offset=offset_of(at),
            method=need_one_of("method", "unknown_method", method, ServiceMethod.values),
            officer=officer.strip(),
            reason=reason.strip(),
        )


def _set_service(change: Change, at: datetime, method: str, now: datetime) -> None:
    offset = check_instant("served_at", at, now=now)
    check_not_before_issue("served_at", change.order, at, "served_before_issued")
    need_one_of("service_method", "unknown_method", method, ServiceMethod.values)
    change.set("served_at", at)
    change.set("served_offset", offset)
    change.set("service_method", method)
