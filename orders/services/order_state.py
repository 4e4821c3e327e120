"""The state of an order on a day: in force, not served, ended or vacated, and its last day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import Deadline, DeadlineState, Order
from orders.services.court_days import court_day
from orders.services.planning.urgency import computed_end, ending_rules

#: More than a last day moves because courts are closed.
MOVED_AT_MOST = timedelta(days=14)


class OrderState(StrEnum):
    """The state of an order, in words."""

    VACATED = "Vacated"
    ENDED = "Ended"
    NOT_SERVED = "In force, not served"
    IN_FORCE = "In force"

    @property
    def is_live(self) -> bool:
        """True if the order is in force."""
        return self in (OrderState.IN_FORCE, OrderState.NOT_SERVED)


def last_days(orders: Sequence[Order]) -> dict[int, date | None]:
    """Return the last day of each order, printed or computed, by its key; None if it is not known."""
    days: dict[int, date | None] = {order.pk: order.expires_on for order in orders}
    computed = [order for order in orders if order.expires_on is None]
    by_key = {order.pk: order for order in computed}
    rows = Deadline.objects.filter(order__in=by_key, rule_id__in=ending_rules())
    for row in rows.exclude(state=DeadlineState.WITHDRAWN):
        if (day := computed_end(by_key[row.order_id], row)) is not None:
            days[row.order_id] = day
    return days


def state_of(order: Order, last_day: date | None, *, now: datetime) -> OrderState:
    """Return the state of the order at `now`."""
    if order.vacated_at is not None and order.vacated_at <= now:
        return OrderState.VACATED
    if last_day is not None and last_day < court_day(order, now):
        return OrderState.ENDED
    return OrderState.IN_FORCE if order.served_at is not None else OrderState.NOT_SERVED


def not_ended(now: datetime) -> Q:
    """A condition on orders: true for each in force at `now`, and for some that ended in the last weeks.

    The database cannot move a day that falls on a closed one, so `state_of` decides about these.
    """
    ends = _computed_ends()
    long_ago = now - MOVED_AT_MOST
    is_over = Q(Exists(ends)) & ~Q(Exists(ends.filter(due_at__gte=long_ago)))
    return Q(expires_on__gte=long_ago.date()) | Q(expires_on=None) & ~is_over


def perhaps_over(now: datetime) -> Q:
    """A condition on orders: true for each vacated or ended at `now`, and for some that end in these days.

    `state_of` decides about these.
    """
    today = now.date()
    is_past = Q(expires_on__lte=today) | Q(Exists(_computed_ends().filter(due_at__lte=now)), expires_on=None)
    return Q(vacated_at__lte=now) | is_past


def _computed_ends() -> QuerySet[Deadline]:
    ends = Deadline.objects.filter(order=OuterRef("pk"), rule_id__in=ending_rules(), due_at__isnull=False)
    return ends.exclude(state=DeadlineState.WITHDRAWN)


#: The codes and words of the states, as the API offers them.
STATE_CHOICES = [(one.name.lower(), one.value) for one in OrderState]
