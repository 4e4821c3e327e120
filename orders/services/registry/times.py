"""Another time of a recorded receipt or statement: a clerk confirmed a row, or took that back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Receipt, ReviewItem, Statement
from orders.services.corrections import correct

#: The keys of the payload: the id of what is corrected, the time of the row, and the time before.
CORRECTS, AT, BEFORE = "corrects", "at", "before"


def recorded_time(item: ReviewItem) -> datetime | None:
    """Return the time of the recorded receipt or statement, unless it was withdrawn."""
    fact = _fact(item)
    return getattr(fact, _column(fact)) if fact else None


def correct_time(item: ReviewItem, *, by: User, now: datetime, reason: str) -> None:
    """Give the recorded one the time of the row, and remember the time before. Raises `InvalidFact`."""
    fact = _fact(item)
    if fact is None:
        raise InvalidFact("item", "receipt_withdrawn", "The recorded one was withdrawn. Reject this item.")
    item.payload[BEFORE] = getattr(fact, _column(fact)).isoformat()
    _set(fact, item.payload[AT], by=by, now=now, reason=reason)


def restore_time(item: ReviewItem, *, by: User, now: datetime, reason: str) -> None:
    """Give the recorded one the time before, unless a person corrected or withdrew it since then."""
    if recorded_time(item) == datetime.fromisoformat(item.payload[AT]):
        _set(_fact(item), item.payload[BEFORE], by=by, now=now, reason=reason)


def _set(fact: Any, text: str, *, by: User, now: datetime, reason: str) -> None:
    at = datetime.fromisoformat(text)
    if getattr(fact, _column(fact)) != at:
        correct(fact, {_column(fact): at}, by=by, now=now, reason=reason, confirm=reason)


def _fact(item: ReviewItem) -> Receipt | Statement | None:
    named = {"public_id": item.payload[CORRECTS], "order": item.order}
    return Receipt.objects.filter(**named).first() or Statement.objects.filter(**named).first()


def _column(fact: object) -> str:
    return "received_at" if isinstance(fact, Receipt) else "sworn_at"
