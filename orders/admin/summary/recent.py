"""The history of an order for its page: what people and the law did, with what the system did apart.

What was recorded last comes first: a fact of last week that someone just entered is news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.dates import format_clock, format_instant
from orders.display import event_words
from orders.history_details import event_details
from orders.models import HistoryEntry
from orders.services.planning.load_inventories import REPORTED

#: What the system writes that a reader of the case must see.
_NEWS = {"deadline_overdue", "follow_up_opened", REPORTED}

#: The icon of an entry, by the first word of its kind that is here.
_ICONS = {
    "deadline": "late",
    "receipt": "proof",
    "served": "person",
    "service": "person",
    "hearing": "court",
    "heard": "court",
    "application": "court",
    "entered": "paper",
    "sent": "paper",
    "police": "paper",
    "extended": "court",
    "modified": "court",
    "modification": "court",
    "vacated": "court",
    "reinstated": "court",
}


@dataclass(frozen=True, kw_only=True)
class HistoryLine:
    """One entry of the history in words: when it was recorded and, if that was another time, happened."""

    entry: HistoryEntry
    words: str
    details: Sequence[str]
    recorded: str
    happened: str

    @property
    def icon(self) -> str:
        """The name of its icon."""
        return _ICONS.get(self.entry.kind.partition("_")[0], "note")

    @property
    def by(self) -> str:
        """Who recorded it. What a protected person reported through an advocate shows no source."""
        if self.entry.actor is not None:
            return str(self.entry.actor)
        return "Reported to the court" if self.entry.kind == REPORTED else "System"

    @property
    def is_of_system(self) -> bool:
        """True if the system wrote it and it is no news of the case."""
        return self.entry.actor_id is None and self.entry.kind not in _NEWS


def history_lines(entries: Sequence[HistoryEntry], zone: ZoneInfo) -> list[HistoryLine]:
    """Return the entries in words, what was recorded last first."""
    return [_line(one, zone) for one in sorted(entries, key=lambda one: one.pk, reverse=True)]


def _line(entry: HistoryEntry, zone: ZoneInfo) -> HistoryLine:
    recorded, happened = format_instant(entry.recorded_at, zone), format_instant(entry.occurred_at, zone)
    local = entry.occurred_at.astimezone(zone)
    is_same_day = local.date() == entry.recorded_at.astimezone(zone).date()
    shown = format_clock(local.time()) if is_same_day else happened
    words = event_words(entry)
    return HistoryLine(
        entry=entry,
        words=words,
        # The item of an event is the event itself with its time, which the line shows.
        details=[one for one in event_details(entry, zone) if one != f"{words} ({happened})"],
        recorded=recorded,
        happened="" if happened == recorded else shown,
    )


def by_people(lines: Sequence[HistoryLine]) -> list[HistoryLine]:
    """Return what people did, and what fell due."""
    return [one for one in lines if not one.is_of_system]


def by_system(lines: Sequence[HistoryLine]) -> list[HistoryLine]:
    """Return what the system wrote."""
    return [one for one in lines if one.is_of_system]
