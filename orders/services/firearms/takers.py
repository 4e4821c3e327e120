"""Who may take firearms out of police custody while an order against their owner is in force."""

from __future__ import annotations

from datetime import datetime

from orders.models import Order
from orders.rules.plan import in_force
from orders.services.firearms.receipts import custody_refusal
from orders.services.order_state import last_days
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import rulebooks_of
from orders.services.related_orders import order_words, orders_of_person


def taker_refusal(order: Order, kind: str, at: datetime) -> str:
    """Return why this kind of recipient may not take the firearms at `at`; empty if it may.

    Every order against the person counts that is in force then, of this case and of any court: the law binds
    the person, not the order on whose page someone writes.
    """
    case = Order.objects.filter(case=order.case_id).select_related("case__court")
    rows = [*case.order_by("id"), *orders_of_person(order).order_by("id")]
    facts, rulebooks = load_facts(rows), rulebooks_of({one.case.court_id for one in rows})
    for one in rows:
        if not in_force(facts[one.pk], rulebooks[one.case.court_id], at):
            continue
        if refusal := custody_refusal(facts[one.pk], kind):
            if one.case_id == order.case_id:
                return refusal
            return (
                "Another order against this person is in force: "
                f"{order_words(one, last_days([one])[one.pk])}. {refusal}"
            )
    return ""
