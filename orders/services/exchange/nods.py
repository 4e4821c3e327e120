"""Rows for the domestic violence part of the National Open Court Data Standards (NODS), without names.

docs/exchange.md maps each column. Who the people are is not among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orders.services.exchange.surrender import ExchangeRecord

_Text = Callable[[ExchangeRecord], Any]


def _of_order(name: str) -> _Text:
    return lambda record: record.order.get(name)


def _of_case(name: str) -> _Text:
    return lambda record: record.order.get("case", {}).get(name)


def _of_duty(name: str) -> _Text:
    return lambda record: (record.duty or {}).get(name)


#: Each column and where its value comes from.
COLUMNS: dict[str, _Text] = {
    "case_number": _of_case("docket_number"),
    "court": _of_case("court"),
    "state": _of_order("jurisdiction"),
    "order_number": _of_order("por_number"),
    "order_type": _of_order("kind"),
    "order_issued_date": _of_order("issued_on"),
    "order_expiration_date": _of_order("expires_on"),
    "order_vacated_date": _of_order("vacated_at"),
    "service_date": _of_order("served_at"),
    "service_method": _of_order("service_method"),
    "service_attempts": lambda record: len(record.attempts),
    "firearms_indicated": _of_order("firearms_indicated"),
    "firearm_surrender_due": _of_duty("due_at"),
    "firearm_surrender_state": _of_duty("state"),
    "firearm_surrender_proof": _of_duty("proof"),
    "firearm_surrender_in_time": _of_duty("met_in_time"),
    "firearms_listed": lambda record: sum(one.get("item_kind") == "firearm" for one in record.items),
    "receipts": lambda record: len(record.receipts),
    "sworn_statements": lambda record: len(record.statements),
}


def nods_row(record: ExchangeRecord) -> list[str]:
    """Return the values of `COLUMNS`: days and instants as ISO 8601, yes and no as `true` and `false`."""
    return [_text(value(record)) for value in COLUMNS.values()]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
