"""Every deadline of an order, planned afresh and said in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from orders.models import Order
from orders.rules.plan import Planned, plan
from orders.rules.words import LANGUAGE
from orders.services.calendar import rulebooks_of
from orders.services.known import facts_of


def find_orders(name: str) -> list[Order]:
    """The order of that public id or registry number, or all orders of that docket; the oldest first."""
    orders = Order.objects.select_related("case").order_by("issued_on", "id")
    name = name.strip()
    try:
        return list(orders.filter(public_id=UUID(name)))
    except ValueError:
        return list(orders.filter(por_number=name or None)) or list(orders.filter(case__docket_number=name))


def reasons(order: Order, language: str = LANGUAGE) -> dict[tuple[str, str], tuple[str, ...]]:
    """Why each deadline of the order is due when it is, in sentences, by its rule's id and its occurrence.

    Said from the facts when it is asked for: nothing is stored that could fall behind them.
    """
    ((_, planned),) = plan_afresh([order])
    return {(one.rule.id, one.occurrence): one.explain(language) for one in planned}


def plan_afresh(orders: Sequence[Order]) -> Iterator[tuple[Order, tuple[Planned, ...]]]:
    """The deadlines that the facts give each order now, whatever is stored; nothing is written."""
    rulebooks, facts = rulebooks_of(order.case.court_id for order in orders), facts_of(orders)
    for order in orders:
        yield order, plan(facts[order.pk], rulebooks[order.case.court_id])
