"""How long an order stands: extension, vacatur; and dated happenings that have no table of their own."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Happening, Order
from orders.rules.facts import HAPPENINGS
from orders.services.change import changing, check_instant, day_of, need_one_of, need_reason

#: Happenings that have no table or column of their own: those are recorded by their own services.
RECORDABLE = HAPPENINGS - {
    "heard",
    "hearing_continued",
    "hearing_scheduled",
    "inaccessibility_stated",
    "non_possession_stated",
    "returned",
    "served",
    "service_failed",
    "surrendered",
    "term_met",
    "term_set",
    "vacated",
}


def record_happening(
    order: Order,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    at: datetime | None = None,
    on: date | None = None,
) -> Happening:
    """Something happened to the order, at an instant or on a day, such as a motion to extend being filed.

    Raises `InvalidFact`.
    """
    with changing(order, kind, by=by, now=now, occurred_at=at) as change:
        need_one_of("kind", "unknown_happening", kind, sorted(RECORDABLE))
        day, offset = day_of("happened", change.order, on=on, at=at, now=now)
        return Happening.objects.create(
            order=change.order, kind=kind, happened_on=day, happened_at=at, happened_offset=offset
        )


def extend_order(order: Order, *, expires_on: date, by: User | None, now: datetime) -> Order:
    """The court extended the order to `expires_on`; expiry and the windows before it are planned anew."""
    with changing(order, "extended", by=by, now=now) as change:
        standing = change.order.expires_on or change.order.issued_on
        if expires_on <= standing:
            raise InvalidFact(
                "expires_on",
                "not_an_extension",
                f"{expires_on} is not after {standing}, the last day so far. To put a wrong date right, "
                "correct the order.",
            )
        change.set("expires_on", expires_on)
    return change.order


def vacate_order(order: Order, *, at: datetime, by: User | None, now: datetime, reason: str) -> Order:
    """The court ended the order at `at`: what was still open is withdrawn. Raises `InvalidFact`."""
    with changing(order, "vacated", by=by, now=now, occurred_at=at, reason=need_reason(reason)) as change:
        offset = check_instant("vacated_at", at, now=now)
        if change.order.vacated_at is not None:
            raise InvalidFact("vacated_at", "already_vacated", "The order is vacated already.")
        change.set("vacated_at", at)
        change.set("vacated_offset", offset)
    return change.order
