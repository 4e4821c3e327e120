"""Orders with their proof, as far as the caller may see them: what each exchange format is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from accounts.access import MATRIX
from accounts.api.serializers import OutputSerializer
from accounts.models import User
from orders.api.base import order_of
from orders.api.firearms.inventory import FirearmOutput
from orders.api.firearms.receipts import ReceiptOutput
from orders.api.firearms.statements import StatementOutput
from orders.api.known_orders import with_parties
from orders.api.planning.deadlines import DeadlineOutput
from orders.api.serializers import OrderOutput
from orders.api.service import ServiceAttemptOutput
from orders.models import Deadline, Firearm, Order, Receipt, ServiceAttempt, Statement
from orders.services.exchange.surrender import ExchangeRecord
from orders.services.firearms.surrender import surrender_deadline
from orders.services.parties.visibility import roles_over

#: Orders that are read at a time.
_BATCH = 200

#: Who may export at all. Fields are those that these roles see, also for a person with more roles.
VIEWERS = MATRIX.resources["exchange"].actions["view"]


def read_records(user: User, keys: Sequence[int], now: datetime) -> Iterator[ExchangeRecord]:
    """Yield the orders with these keys, in their order. The gate is asked again for each batch.

    A caller may lose a right during a long answer; the rest of it then lacks the order.
    """
    for start in range(0, len(keys), _BATCH):
        yield from _RecordsRead(user, keys[start : start + _BATCH], now).records()


class _RecordsRead:
    """Some orders, and everything that belongs to them, in a constant number of queries."""

    def __init__(self, user: User, keys: Sequence[int], now: datetime) -> None:
        self.user, self.keys, self.now = user, keys, now
        deadlines = Prefetch("deadlines", Deadline.objects.order_by("due_at", "id"), to_attr="due_rows")
        visible = Order.objects.visible_to(user, roles=VIEWERS).filter(pk__in=keys)
        self.orders = {one.pk: one for one in with_parties(visible).prefetch_related(deadlines)}
        self.cases = {one.case_id for one in self.orders.values()}
        self.roles: dict[int, frozenset[str]] = {}

    def records(self) -> Iterator[ExchangeRecord]:
        """Yield the orders that are still visible."""
        firearms = self._rows(Firearm.objects.all(), "firearm")
        receipts = self._rows(
            Receipt.objects.select_related("agency").prefetch_related("firearms", "permits"), "receipt"
        )
        statements = self._rows(Statement.objects.prefetch_related("firearms"), "statement")
        attempts = self._rows(ServiceAttempt.objects.all(), "service_attempt")
        everything = [*firearms, *receipts, *statements, *attempts]
        self.roles = roles_over(self.user, {*self.orders, *(one.order_id for one in everything)})
        by_case = {
            name: self._grouped(rows, shape, lambda one: one.order.case_id)
            for name, rows, shape in (
                ("items", firearms, FirearmOutput),
                ("receipts", receipts, ReceiptOutput),
            )
        }
        by_order = {
            name: self._grouped(rows, shape, lambda one: one.order_id)
            for name, rows, shape in (
                ("statements", statements, StatementOutput),
                ("attempts", attempts, ServiceAttemptOutput),
            )
        }
        for order in filter(None, map(self.orders.get, self.keys)):
            yield ExchangeRecord(
                order=self._shown(OrderOutput, order),
                duty=self._duty(order),
                **{name: found[order.case_id] for name, found in by_case.items()},
                **{name: found[order.pk] for name, found in by_order.items()},
            )

    def _rows(self, queryset: Any, resource: str) -> list[Any]:
        viewers = MATRIX.resources[resource].actions["view"] & VIEWERS
        visible = queryset.visible_to(self.user, roles=viewers).filter(order__case__in=self.cases)
        return list(visible.select_related("order__case").order_by("id"))

    def _grouped(self, rows: list[Any], shape: type[OutputSerializer], key: Any) -> Any:
        found = defaultdict(list)
        for row in rows:
            found[key(row)].append(self._shown(shape, row))
        return found

    def _duty(self, order: Any) -> dict[str, Any] | None:
        if not MATRIX.may(self.roles[order.pk] & VIEWERS, "view", "deadline"):
            return None
        found = surrender_deadline(order.due_rows, self.now)
        if found is not None:
            found.order = order
        return self._shown(DeadlineOutput, found) if found else None

    def _shown(self, shape: type[OutputSerializer], row: Any) -> dict[str, Any]:
        context = {"roles_of": lambda one: self.roles[order_of(one).pk] & VIEWERS, "now": self.now}
        shown: dict[str, Any] = shape(row, context=context).data
        return shown
