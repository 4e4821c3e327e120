"""The open surrender format: an order, its duty, the firearms, and the proof of where they went.

docs/exchange/surrender.schema.json describes it. No part of it names or describes a protected person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orders.models import ReceiptKind

#: The format and its version, as each document names it.
FORMAT = "firearm-surrender/1.0"

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ExchangeRecord:
    """One order as the caller may see it: rows of the API, in which fields may be left out."""

    order: Row
    duty: Row | None = None
    items: Sequence[Row] = ()
    receipts: Sequence[Row] = ()
    statements: Sequence[Row] = ()
    attempts: Sequence[Row] = field(default=())


def filled(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping without what is unknown: None, and empty text, lists and mappings."""
    return {name: one for name, one in value.items() if one is not None and one not in ("", [], {})}


def _only(row: Row, *names: str, **renamed: str) -> dict[str, Any]:
    found = {name: row.get(name) for name in names}
    return filled(found | {new: row.get(old) for new, old in renamed.items()})


def taker_of(receipt: Row) -> str:
    """Return the name of the dealer or person who took the items, if it may leave.

    The true owner of a firearm may be the protected person, so that name stays here.
    """
    return "" if receipt.get("kind") == ReceiptKind.TRUE_OWNER else receipt.get("taker_name", "")


def surrender_of(record: ExchangeRecord) -> dict[str, Any]:
    """Return the order in the open surrender format."""
    order, case = record.order, record.order.get("case", {})
    return filled(
        {
            "order": _only(
                order | case,
                *("docket_number", "court", "jurisdiction", "kind", "issued_on", "expires_on"),
                *("served_at", "vacated_at", "firearms_indicated"),
                registry_number="por_number",
            )
            | {"id": order["id"]},
            "respondent": _only(case.get("respondent", {}), "name", "date_of_birth", "town"),
            "duty": _only(record.duty or {}, "rule", "state", "due_at", "proof", "met_at", "met_in_time"),
            "items": [
                _only(
                    one,
                    *("id", "make", "model", "caliber", "serial", "quantity", "description", "status"),
                    kind="item_kind",
                    type="firearm_type",
                )
                for one in record.items
            ],
            "receipts": [
                _only(
                    {**one, "taker_name": taker_of(one)},
                    *("id", "kind", "received_at", "agency", "dealer_license", "taker_name"),
                    number="receipt_number",
                    items="firearms",
                )
                for one in record.receipts
            ],
            "statements": [
                _only(one, "id", "kind", "sworn_at", number="receipt_number", items="firearms")
                for one in record.statements
            ],
        }
    )
