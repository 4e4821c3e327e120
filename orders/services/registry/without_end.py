"""Ex parte orders of an import without a hearing or a last day: a clerk looks at each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from orders.models import Order, ReviewItem, ReviewKind
from orders.models.registry import NO_END
from orders.services.orders.entry import NewOrder
from orders.services.orders.entry_sheet import end_doubts
from orders.services.registry import files


def without_end(
    new: Sequence[NewOrder], entered: Sequence[tuple[Order, int]], *, now: datetime
) -> Iterator[ReviewItem]:
    """Yield an unstored item for each new order whose end is not known. `entered` has the line of each."""
    for one, (order, line) in zip(new, entered, strict=True):
        if end_doubts(one):
            yield ReviewItem(
                order=order,
                kind=ReviewKind.DOUBTFUL,
                code=NO_END,
                file=files.ORDERS,
                line=line,
                detail="hearing_on: an ex parte order ends at the hearing, and the row has no hearing and no "
                "last day. Record one of them on the order's page and reject this row, or confirm that it "
                "has no end.",
                payload={},
                created_at=now,
            )
