"""Read the parts that rules and announcements share: events, offsets, and what meets or rules out."""

from __future__ import annotations

from types import EllipsisType

from orders.rules.facts import EVENT_KINDS
from orders.rules.model import MetBy, Offset, Unless
from orders.rules.tables import Table, read
from orders.rules.vocabulary import UNITS_WITHOUT_AMOUNT, Unit

#: The events that a rule may run from.
STARTS = EVENT_KINDS | {"issued", "expiry"}


def event_of(table: Table, key: str, known: frozenset[str], default: str | EllipsisType = ...) -> str:
    """Read an event, one of `known`."""
    event = table.text(key, default)
    if event and event not in known:
        raise table.error(key, f"“{event}” is not an event; choose from {', '.join(sorted(known))}")
    return event


def unless_of(table: Table) -> Unless:
    """Read an event that rules out."""
    return Unless(
        event=event_of(table, "event", EVENT_KINDS),
        by=offset_at(table, "by"),
        same_key=table.flag("same_key"),
        unmet=table.flag("unmet"),
    )


def met_by_of(table: Table) -> MetBy:
    """Read an event that meets, and its conditions."""
    return MetBy(
        event=event_of(table, "event", EVENT_KINDS | {"issued"}),
        purpose=table.text("purpose", ""),
        complete=table.flag("complete"),
        unless_armed=table.flag("unless_armed"),
        set_by_due=table.flag("set_by_due"),
        at_start=table.flag("at_start"),
        since=offset_at(table, "since"),
        same_key=table.flag("same_key"),
    )


def _offset(table: Table) -> Offset:
    amount, unit = table.number_or_none("amount"), table.one_of("unit", Unit)
    if (amount is None) != (unit in UNITS_WITHOUT_AMOUNT):
        raise table.error("amount", f"{unit} takes {'no' if amount is not None else 'an'} amount")
    return Offset(amount=amount or 0, unit=unit)


def any_offset_at(table: Table, key: str) -> Offset | None:
    """Read an offset; None without the key. It may have a unit that counts nothing."""
    found = table.table(key)
    return None if found is None else read(found, _offset)


def offset_at(table: Table, key: str) -> Offset | None:
    """Read an offset that counts something; None without the key."""
    offset = any_offset_at(table, key)
    if offset is not None and offset.unit in UNITS_WITHOUT_AMOUNT:
        raise table.error(key, f"{offset.unit} counts nothing; only due may have it")
    return offset
