"""The orders that a caller sees, with everything that `OrderOutput` shows."""

from __future__ import annotations

from django.db.models import Prefetch

from accounts.models import User
from orders.models import Order, OrderAgency
from orders.querysets import OrderQuerySet


def known_orders(user: User) -> OrderQuerySet[Order]:
    """Orders that `user` sees, also those entered in error, with everything that `OrderOutput` shows.

    The court sees an order entered in error by its address.
    """
    return with_parties(Order.recorded.known_to(user))


def with_parties(orders: OrderQuerySet[Order]) -> OrderQuerySet[Order]:
    """Add everything that `OrderOutput` shows. Schools are left out, even for the court."""
    agencies = OrderAgency.objects.without_schools().select_related("agency")
    # In an order of their own: where PostgreSQL keeps a row shows what was stored before it.
    order_agencies = agencies.order_by("capacity", "agency__name", "id")
    return orders.select_related(
        "case__court", "case__respondent__town", "case__respondent__person"
    ).prefetch_related("protected_persons", Prefetch("order_agencies", order_agencies))
