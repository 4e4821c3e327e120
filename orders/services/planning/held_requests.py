"""A request for return made while police hold nothing is about the firearms that they receive next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from orders.models import CustodyRequest, CustodyRequestKind, Firearm, FirearmStatus, HistoryEntry, Order
from orders.services.bulk import make


def name_what_is_held(orders: Sequence[Order], *, now: datetime) -> dict[int, list[HistoryEntry]]:
    """Let open requests of these orders that name no firearm name those that police hold now.

    It then counts as recorded now: the people concerned are notified again, and nothing is released
    before they had the time for it. What police receive after that needs a request of its own. Return the
    history entries by the key of the order.
    """
    entries: defaultdict[int, list[HistoryEntry]] = defaultdict(list)
    waiting = list(
        CustodyRequest.objects.filter(
            order__in=[one.pk for one in orders],
            kind=CustodyRequestKind.RETURN,
            decision=None,
            firearms=None,
        ).select_related("order")
    )
    if not waiting:
        return entries
    held: defaultdict[int, list[Firearm]] = defaultdict(list)
    firearms = Firearm.objects.of_case(*{one.order.case_id for one in waiting})
    for firearm in firearms.filter(status=FirearmStatus.SURRENDERED).select_related("order").order_by("id"):
        held[firearm.order.case_id].append(firearm)
    for row in waiting:
        if named := held[row.order.case_id]:
            row.firearms.set(named)
            row.recorded_at = now
            row.save(update_fields=["recorded_at"])
            data = {"items": [str(one) for one in named]}
            entry = make(
                HistoryEntry, order=row.order, kind="return_request_renewed", occurred_at=now, data=data
            )
            entries[row.order_id].append(entry)
    return entries
