"""Documents and notices that the law requires: which an order asks for, to whom they go, which were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from orders.models import Order, Sending
from orders.rules.facts import Facts
from orders.rules.rulebook import Becomes, Entry
from orders.services.calendar import bundled
from orders.services.change import changing, day_of, need_one_of

#: The sorts of entry that somebody must act on by sending or giving something.
_REQUIRED = (Becomes.REQUIRED_DOCUMENT, Becomes.REQUIRED_NOTICE)


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One document or notice that the order asks for, and when it was sent; none where it was not yet."""

    entry: Entry
    sendings: tuple[Sending, ...]


def requirements_of(order: Order) -> list[Requirement]:
    """What the law requires to be sent for such an order, with what was sent; in the rulebook's order."""
    sent: dict[str, list[Sending]] = {}
    for sending in order.sendings.all():
        sent.setdefault(sending.entry, []).append(sending)
    return [
        Requirement(entry=entry, sendings=tuple(sent.get(entry.id, ())))
        for entry in _required(order).values()
    ]


def record_sending(
    order: Order,
    *,
    entry: str,
    by: User | None,
    now: datetime,
    on: date | None = None,
    at: datetime | None = None,
) -> Sending:
    """The document or notice was sent or given, on a day or at an instant. Raises `InvalidFact`."""
    with changing(order, "sent", by=by, now=now, occurred_at=at) as change:
        need_one_of("entry", "unknown_requirement", entry, sorted(_required(change.order)))
        day, offset = day_of("sent", change.order, on=on, at=at, now=now)
        change.data["requirement"] = entry
        return Sending.objects.create(
            order=change.order, entry=entry, sent_on=day, sent_at=at, sent_offset=offset
        )


def law_of(order: Order) -> list[Entry]:
    """What the rulebook says about such an order without a time of its own, in the rulebook's order."""
    # Entries ask for no more of the facts than this.
    return bundled().entries_of(
        Facts(jurisdiction=order.jurisdiction, kind=order.kind, issued_on=order.issued_on)
    )


def _required(order: Order) -> dict[str, Entry]:
    law = law_of(order)
    return {entry.id: entry for sort in _REQUIRED for entry in law if entry.becomes is sort}
