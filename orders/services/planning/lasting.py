"""What a judge may order for as long as the order lasts, as the rulebook lists it."""

from __future__ import annotations

from datetime import date

from orders.models import Order, OrderCondition
from orders.rules.counting import day_after
from orders.rules.facts import Facts
from orders.rules.model import Entry
from orders.rules.vocabulary import EntryType
from orders.services.planning.rulebooks import bundled


def lasting_conditions(order: Order) -> dict[str, Entry]:
    """Return what a judge may order for the whole order: rulebook id to entry."""
    facts = Facts(jurisdiction=order.jurisdiction, kind=order.kind, issued_on=order.issued_on)
    entries = bundled().entries_of(facts, EntryType.ORDER_CONDITION)
    return {one.id: one for one in entries if one.lasting}


def condition_title(row: OrderCondition) -> str:
    """Return a condition in words; its id if the rulebook no longer has it."""
    order, name = row.order, row.condition
    rules = bundled().by_binding.get((order.jurisdiction, order.kind), ())
    dated = {one.start_purpose: one.title for one in rules if one.starts == "condition_set"}
    lasting = {one.id: one.title for one in lasting_conditions(order).values()}
    titles = {**lasting, **dated} if row.due_on else {**dated, **lasting}
    return titles.get(name, name).rstrip(".")


def is_limited(order: Order, condition: str) -> bool:
    """True if the law ends the condition before the order, and does not let a court modify it."""
    entry = lasting_conditions(order).get(condition)
    rules = bundled().by_binding.get((order.jurisdiction, order.kind), ())
    return entry is not None and any(one.id == entry.limited_by for one in rules)


def limited_until(order: Order, condition: str) -> date | None:
    """Return the last day that the law gives a condition; None if it lasts as long as the order."""
    if not is_limited(order, condition):
        return None
    book = bundled()
    value = book.by_id[lasting_conditions(order)[condition].limited_by].value_on(order.issued_on)
    return day_after(order.issued_on, value.due, book.jurisdictions[order.jurisdiction]) if value else None


def is_for_officers(order: Order, condition: str) -> bool:
    """True if police act on the condition, or must know it at a door."""
    entry = lasting_conditions(order).get(condition)
    return entry is None or entry.officers


def limited_ids() -> list[str]:
    """Return the ids of conditions that a rule ends."""
    return [one.id for one in bundled().entries if one.limited_by]
