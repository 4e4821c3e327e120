"""The stored orders of registry numbers, as far as an import may know them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from orders.models import Order
from orders.services.orders.entry import NewOrder


def stored_orders(
    numbers: Iterable[str], rows: Mapping[str, NewOrder], courts: Collection[int] | None
) -> tuple[dict[str, Order], set[str]]:
    """Return the orders by number (key), and the numbers that may mean several orders.

    With `courts`, orders of other courts are as if they were not there: the answer to their numbers is that
    to unknown ones. If several courts have a number, the order of the court of its row counts.
    """
    stored = Order.recorded.filter(number_key__in=list(numbers)).exclude(number_key="")
    if courts is not None:
        stored = stored.filter(number_court__in=courts)
    by_number: dict[str, list[Order]] = {}
    for order in stored.select_related("case"):
        by_number.setdefault(order.number_key, []).append(order)
    found, ambiguous = {}, set()
    for number, orders in by_number.items():
        row = rows.get(number)
        own = [one for one in orders if row is not None and one.case.court_id == row.court.pk]
        if len(meant := own or orders) == 1:
            found[number] = meant[0]
        else:
            ambiguous.add(number)
    return found, ambiguous
