"""Receipts and statements that are from before the order, as it is now.

One that was after the issue when it was recorded may be before it once the time of issue is corrected.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from accounts.dates import format_instant
from orders.errors import DoubtfulFact
from orders.models import Order, Receipt, Statement
from orders.services.court_days import is_before_issue, zone_of


def early_proof(order: Order, *, besides: Collection[Receipt | Statement] = ()) -> list[Receipt | Statement]:
    """Return the receipts and statements from before the order, the oldest first."""
    facts: list[Receipt | Statement] = [*order.receipts.all(), *order.statements.all()]
    early = [one for one in facts if is_before_issue(order, instant_of(one)) and one not in besides]
    return sorted(early, key=instant_of)


def instant_of(proof: Receipt | Statement) -> datetime:
    """When the firearms were handed over, or the statement was sworn."""
    return proof.received_at if isinstance(proof, Receipt) else proof.sworn_at


def proof_in_words(order: Order, proof: Receipt | Statement) -> str:
    """The fact with its number and time."""
    noun = "receipt" if isinstance(proof, Receipt) else "statement"
    named = f"{noun} {proof.receipt_number}" if proof.receipt_number else f"{noun} without a number"
    return f"{named} of {format_instant(instant_of(proof), zone_of(order))}"


def early_proof_doubts(order: Order, besides: Collection[Receipt | Statement]) -> list[DoubtfulFact]:
    """Return a doubt about proof that the new time of issue makes older than the order."""
    early = early_proof(order, besides=besides)
    if not early:
        return []
    words = "; ".join(proof_in_words(order, one) for one in early)
    message = (
        f"With this time of issue, proof on record would be from before the order: {words}. Correct one of "
        "the two, or give the reason to continue."
    )
    return [DoubtfulFact("issued_at", "before_the_order", message)]
