"""The events of requests about firearms in police custody, and of what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from orders import models
from orders.models.fields import as_given
from orders.rules.court_time import local_date
from orders.rules.facts import Event
from orders.services.planning.rulebooks import zone_at

#: When firearms (by key) left custody in a way that ends a request, by the kind of request.
Departures = dict[models.CustodyRequestKind, defaultdict[int, list[datetime]]]

#: The events that a request was made, and that all of its firearms left custody, by its kind.
_NAMES = {
    models.CustodyRequestKind.RETURN: ("return_requested", "return_completed"),
    models.CustodyRequestKind.SALE: ("transfer_notice_received", "transfer_completed"),
}


def request_events(orders: Sequence[int]) -> Iterable[tuple[int, Event]]:
    """Yield the events of the requests of these orders (by key), each with the order's key."""
    rows = models.CustodyRequest.objects.filter(order__in=orders).select_related("order", "decision")
    found = list(rows.prefetch_related("firearms", "holds"))
    if not found:
        return
    left = _departures({one.pk for row in found for one in row.firearms.all()})
    for row in found:
        yield from ((row.order_id, event) for event in _of_request(row, left))


def _departures(firearms: set[int]) -> Departures:
    """Return when each firearm (by key) went back, and when it was delivered to someone else."""
    left: Departures = {kind: defaultdict(list) for kind in models.CustodyRequestKind}
    if not firearms:
        return left
    named: dict[str, Any] = {"firearm__in": firearms}
    returns = models.FirearmReturn.objects.filter(**named)
    sold = models.FirearmDisposal.objects.filter(**named, kind=models.DisposalKind.TRANSFERRED)
    given_away = models.ReceiptItem.objects.filter(**named).exclude(receipt__kind=models.ReceiptKind.POLICE)
    for firearm, at in returns.values_list("firearm", "returned_at"):
        left[models.CustodyRequestKind.RETURN][firearm].append(at)
    for firearm, at in chain(
        sold.values_list("firearm", "disposed_at"),
        given_away.values_list("firearm", "receipt__received_at"),
    ):
        # What the respondent sold is not waited for any more.
        left[models.CustodyRequestKind.SALE][firearm].append(at)
        left[models.CustodyRequestKind.RETURN][firearm].append(at)
    return left


def _of_request(row: models.CustodyRequest, left: Departures) -> Iterator[Event]:
    made, completed = _NAMES[models.CustodyRequestKind(row.kind)]
    key = row.public_id.hex
    at = None
    if row.requested_at is not None and row.requested_offset is not None:
        at = as_given(row.requested_at, row.requested_offset)
    yield Event(kind=made, at=at, on=None if at else row.requested_on, key=key)
    if row.kind == models.CustodyRequestKind.RETURN:
        yield Event(kind="return_recorded", at=row.recorded_at, key=key)
    done_at = _completed_at(row, left)
    if done_at is not None:
        yield Event(kind=completed, at=done_at, key=key)
    decision = getattr(row, "decision", None)
    if decision is not None:
        kind = "return_refused" if decision.is_refusal else "return_request_dropped"
        decided_at = as_given(decision.decided_at, decision.decided_offset)
        yield Event(kind=kind, at=decided_at, key=key)
    ends = [decision.decided_at] if decision else []
    yield from _of_holds(row, [*ends, *([done_at] if done_at else [])])


def _completed_at(row: models.CustodyRequest, left: Departures) -> datetime | None:
    """Return when the last firearm of a request left custody after it; None while police hold one."""
    zone = zone_at(row.order.jurisdiction, row.order.area)
    first: list[datetime] = []
    for firearm in row.firearms.all():
        after = [
            at
            for at in left[models.CustodyRequestKind(row.kind)].get(firearm.pk, ())
            if (at >= row.requested_at if row.requested_at else local_date(at, zone) >= row.requested_on)
        ]
        if not after:
            return None
        first.append(min(after))
    return max(first, default=None)


def left_at(row: models.CustodyRequest) -> datetime | None:
    """Return when the last firearm of a request left custody; None while police hold one, or without any."""
    return _completed_at(row, _departures({one.pk for one in row.firearms.all()}))


def _of_holds(row: models.CustodyRequest, ends: list[datetime]) -> Iterator[Event]:
    """Yield the end of each hold, and when it was decided: by an end of the request or the next hold."""
    holds = list(row.holds.all())
    for hold in holds:
        key = hold.public_id.hex
        yield Event(kind="return_held", on=hold.ends_on, key=key)
        later = [one.held_at for one in holds if (one.held_at, one.pk) > (hold.held_at, hold.pk)]
        if decided := [at for at in (*ends, *later) if at >= hold.held_at]:
            yield Event(kind="return_hold_decided", at=min(decided), key=key)
