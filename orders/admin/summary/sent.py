"""What must be sent, as a checklist: what the court sends comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from orders.display import sent_words
from orders.models import NoticeSent
from orders.rules.model import Entry
from orders.services.orders.record import OrderRecord

#: The sender in the rulebook that is the reader's own court.
OWN = "court"


@dataclass(frozen=True, kw_only=True)
class SentLine:
    """One document or notice; `sent` is empty until it was sent."""

    entry: Entry
    title: str
    sender: str
    sent: str
    notice: NoticeSent | None

    @property
    def is_own(self) -> bool:
        """True if the court sends it."""
        return self.entry.sender == OWN


def sent_lines(record: OrderRecord, zone: ZoneInfo) -> list[SentLine]:
    """Return the checklist: what waits before what was sent, and the court's own first."""
    lines = [
        SentLine(
            entry=one.entry,
            title=one.entry.short,
            sender="your court" if one.entry.sender == OWN else one.entry.sender,
            sent="; ".join(sent_words(notice, zone) for notice in one.notices_sent),
            notice=one.notices_sent[-1] if one.notices_sent else None,
        )
        for one in record.required_notices
    ]
    return sorted(lines, key=lambda one: (bool(one.sent), not one.is_own))


def count_words(lines: Sequence[SentLine]) -> str:
    """Return how many were sent, such as “2 of 7 sent”."""
    return f"{sum(1 for one in lines if one.sent)} of {len(lines)} sent"
