"""The roles in which a person sees an order. They decide which fields are output and which acts allowed."""

from __future__ import annotations

from collections.abc import Collection

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.models import Order
from orders.querysets import order_visibility


def roles_over(user: User, orders: Collection[int]) -> dict[int, frozenset[str]]:
    """For each of these orders (by key), which the person sees, the roles in which the person sees it.

    Most people have one role that sees orders, and then no query is needed.
    """
    candidates = user.roles & (MATRIX.capacities_by_role.keys() | {Role.ADVOCATE})
    if len(candidates) <= 1:
        return dict.fromkeys(orders, frozenset(candidates))
    roles: dict[int, set[str]] = {pk: set() for pk in orders}
    for role in candidates:
        # The caller sees the orders, even one that was entered in error.
        visibility = order_visibility(user, roles=[role], entered_in_error=True)
        visible = Order.recorded.filter(visibility.for_index_scan("pk"), pk__in=orders)
        for pk in visible.values_list("pk", flat=True):
            roles[pk].add(role)
    return {pk: frozenset(own) for pk, own in roles.items()}
