"""Dates of birth that make a respondent a small child: set aside until a clerk confirms them.

The order itself is stored and planned at once. A date that may be wrong must not decide who the respondent
is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from orders.models import Order, ReviewItem, ReviewKind
from orders.services.court_days import birth_doubts
from orders.services.orders.entry import NewOrder
from orders.services.registry import files
from orders.services.validation import YEARS_TOO_YOUNG

CODE = "unlikely_age"
#: The key of the payload with the date.
BORN = "date_of_birth"


class SmallChildren:
    """The doubtful dates of birth of a batch, by registry number (key)."""

    def __init__(self) -> None:
        self._born: dict[str, date] = {}

    def __contains__(self, number: str) -> bool:
        return number in self._born

    def without_birth(self, new: NewOrder) -> NewOrder:
        """Return the order without a doubtful date of birth, which is remembered."""
        born = new.respondent_dob
        if born is None or not birth_doubts("respondent_dob", born, new.day_of_issue):
            return new
        self._born[new.number_key] = born
        return replace(new, respondent_dob=None)

    def items(
        self, orders: Sequence[Order], lines: Mapping[str, int], *, now: datetime
    ) -> Iterator[ReviewItem]:
        """Yield an unstored item for each of these orders whose date waits for its first decision."""
        doubtful = [order for order in orders if order.number_key in self._born]
        if not doubtful:
            return
        asked = ReviewItem.objects.filter(order__in=doubtful, code=CODE)
        known = set(asked.values_list("order", f"payload__{BORN}"))
        for order in doubtful:
            born = self._born[order.number_key]
            is_stored = order.case.respondent.date_of_birth == born
            if is_stored or (order.pk, born.isoformat()) in known:
                continue
            yield ReviewItem(
                order=order,
                kind=ReviewKind.DOUBTFUL,
                code=CODE,
                file=files.ORDERS,
                line=lines[order.number_key],
                detail=f"respondent_dob: {born.year} as the year of birth makes the respondent younger than "
                f"{YEARS_TOO_YOUNG} years. Decide whether the date is right. Until then it is left out.",
                payload={BORN: born.isoformat()},
                created_at=now,
            )
