"""Lists below one order whose rows are worked out, not stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.utils.functional import cached_property
from typing_extensions import override

from accounts.api.views import UnpagedList
from orders.api.base import OrderView
from orders.models import Order


class OrderComputedList(OrderView, UnpagedList):
    """GET: rows about the order in the URL, on a single page. A subclass returns them from `get_queryset`."""

    @cached_property
    def order(self) -> Order:
        """The order in the URL."""
        order = self.get_order()
        self.check_order_roles(order, "view")
        return order

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function to the roles in which the caller sees the order, for every row the same."""
        roles_of = super().get_roles_of([self.order])
        return lambda _row: roles_of(self.order)

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        return super().get_cases([self.order])
