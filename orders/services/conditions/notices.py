"""Required documents and notices: which an order needs, and which were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from typing_extensions import override

from accounts.models import User
from accounts.text import clean
from orders.models import NoticeSent, Order
from orders.rules.facts import Facts
from orders.rules.model import Entry
from orders.rules.vocabulary import EntryType
from orders.services.bulk import make
from orders.services.change import changing
from orders.services.correctable import Column, Correctable, DayOrInstantColumn
from orders.services.court_days import check_happened_since_order, day_of
from orders.services.planning.rulebooks import bundled
from orders.services.said_before import ask_if_recorded
from orders.services.validation import need_one_of

#: The types of entry that require sending or giving something.
_REQUIRED = (EntryType.REQUIRED_DOCUMENT, EntryType.REQUIRED_NOTICE)


@dataclass(frozen=True, kw_only=True)
class RequiredNotice:
    """One required document or notice of the order; `notices_sent` is empty until it was sent."""

    entry: Entry
    notices_sent: tuple[NoticeSent, ...]


def required_notices(order: Order) -> list[RequiredNotice]:
    """The required documents and notices of the order, with what was sent, in the rulebook's order."""
    sent: dict[str, list[NoticeSent]] = {}
    for sending in order.notices_sent.all():
        sent.setdefault(sending.entry, []).append(sending)
    return [
        RequiredNotice(entry=entry, notices_sent=tuple(sent.get(entry.id, ())))
        for entry in _required(order).values()
    ]


def record_notice_sent(
    order: Order,
    *,
    entry: str,
    by: User | None,
    now: datetime,
    sent_on: date | None = None,
    sent_at: datetime | None = None,
    confirm: str = "",
) -> NoticeSent:
    """Record that a document or notice was sent or given, on a day or at an instant.

    Raises `InvalidFact`, and `DoubtfulFact` for a day before the order unless `confirm` gives the reason.
    """
    with changing(order, "sent", by=by, now=now, occurred_at=sent_at, reason=clean(confirm)) as change:
        notice = make(NoticeSent, order=change.order, entry=entry, sent_on=sent_on, sent_at=sent_at)
        check_notice_sent(notice, now=now, confirm=confirm)
        notice.save()
        change.data["required_notice"] = entry
        NOTICE_SENT.note(change, notice)
    return notice


def check_notice_sent(notice: NoticeSent, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved notice, and set its day and offset. Raises `InvalidFact` and `DoubtfulFact`."""
    need_one_of("entry", "unknown_required_notice", notice.entry, sorted(_required(notice.order)))
    notice.sent_on, notice.sent_offset = day_of(
        "sent", notice.order, on=notice.sent_on, at=notice.sent_at, now=now
    )
    check_happened_since_order("sent", notice.order, on=notice.sent_on, at=notice.sent_at, confirm=confirm)
    told = ("sent_on", "sent_at", "entry")
    ask_if_recorded(notice, told, field="sent_at", words=NOTICE_SENT.words, confirm=confirm)


def law_of(order: Order) -> list[Entry]:
    """The rulebook's entries without a deadline for an order of this kind and day, as sorted there."""
    # Entries depend on no other facts.
    return bundled().entries_of(
        Facts(jurisdiction=order.jurisdiction, kind=order.kind, issued_on=order.issued_on)
    )


def _required(order: Order) -> dict[str, Entry]:
    law = law_of(order)
    return {entry.id: entry for sort in _REQUIRED for entry in law if entry.type is sort}


class _EntryColumn(Column):
    """What the law requires to be sent, named by its entry of the rulebook."""

    @override
    def words(self, row: NoticeSent) -> str:
        entry = _required(row.order).get(row.entry)
        return entry.short if entry else row.entry


_WHAT = _EntryColumn(name="entry", label="What was sent")
_SENT = DayOrInstantColumn(name="sent_at", label="Sent")

NOTICE_SENT = Correctable(
    name="notice_sent",
    model=NoticeSent,
    noun="notice",
    words=lambda row: f"{_WHAT.words(row)}, sent {_SENT.words(row)}",
    columns=(_WHAT, _SENT),
    check=check_notice_sent,
)
