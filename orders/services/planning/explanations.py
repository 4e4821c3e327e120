"""The deadlines of an order, planned now and explained in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from orders.matching.dockets import clean_docket, spellings
from orders.matching.registry_numbers import registry_key
from orders.models import Order
from orders.rules.explain import sentences
from orders.rules.plan import plan
from orders.rules.planned import PlannedDeadline
from orders.rules.words import LANGUAGE
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import rulebooks_of


def find_orders(name: str) -> list[Order]:
    """The order with this public id or registry number, or all orders of this docket, the oldest first."""
    orders = Order.objects.select_related("case").order_by("issued_on", "id")
    name = name.strip()
    try:
        return list(orders.filter(public_id=UUID(name)))
    except ValueError:
        return list(orders.filter(number_key=registry_key(name) or None)) or list(
            orders.filter(case__docket_number__in=spellings(clean_docket(name)))
        )


def reasons(order: Order, language: str = LANGUAGE) -> dict[tuple[str, str], tuple[str, ...]]:
    """Why each deadline of the order has its date, in sentences, by the rule's id and the occurrence.

    The sentences are made from the facts on demand. Stored sentences could become outdated.
    """
    ((_, planned),) = plan_now([order])
    return {(one.rule.id, one.occurrence): sentences(one, language) for one in planned}


def plan_now(orders: Sequence[Order]) -> Iterator[tuple[Order, tuple[PlannedDeadline, ...]]]:
    """The deadlines that follow from the facts of each order now. Nothing is read from or written to them."""
    rulebooks, facts = rulebooks_of(order.case.court_id for order in orders), load_facts(orders)
    for order in orders:
        yield order, plan(facts[order.pk], rulebooks[order.case.court_id])
