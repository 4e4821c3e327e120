"""What happened in a case and what comes, in the order of time, for those who work on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.dates import format_clock, format_day, format_instant
from orders.models import Attempt, Deadline, FollowUp, Order
from orders.services.orders.record import OrderRecord


@dataclass(frozen=True, kw_only=True)
class CaseMoment:
    """One line of the timeline. `tone` is `late`, `now`, `ahead` or empty."""

    at: datetime
    title: str
    words: str
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseTimeline:
    """The timeline of an order at `now`, with what the reader sees: `sees` has fields of the matrix."""

    record: OrderRecord
    sees: frozenset[str]
    surrender: Deadline | None
    #: The open follow-up of the surrender, if the reader may open it.
    follow_up: FollowUp | None
    recovery: Sequence[Attempt]
    last_day: date | None
    zone: ZoneInfo
    now: datetime

    @property
    def moments(self) -> list[CaseMoment]:
        """The lines, the earliest first."""
        return sorted(self._moments(), key=lambda one: one.at)

    @property
    def _order(self) -> Order:
        return self.record.order

    def _moments(self) -> Iterator[CaseMoment]:
        order = self._order
        yield self._at("Order issued", order.issued_at, on=order.issued_on)
        if order.served_at is not None:
            how = order.get_service_method_display() if "order.service_method" in self.sees else ""
            yield self._at(f"Served {how.lower()}".strip(), order.served_at)
        if order.vacated_at is not None:
            yield self._at("Order vacated", order.vacated_at)
        yield from self._surrender_time()
        yield from self._visits()
        if "receipt.id" in self.sees:
            for one in self.record.receipts:
                yield self._at(f"Receipt: {one.get_kind_display().lower()}", one.received_at)
        yield CaseMoment(at=self.now, title="Now", words=format_instant(self.now, self.zone), tone="now")
        yield from self._ahead()

    def _surrender_time(self) -> Iterator[CaseMoment]:
        found = self.surrender
        if "deadline.due_at" not in self.sees or found is None or found.due_at is None:
            return
        is_late = found.is_overdue(self.now)
        ended = "Time to surrender over, not all handed in" if is_late else "Time to surrender ended"
        words = "Time to surrender ends" if found.due_at > self.now else ended
        yield self._at(words, found.due_at, tone="late" if is_late else "")

    def _visits(self) -> Iterator[CaseMoment]:
        if "service_attempt.id" in self.sees:
            for failed in self.record.attempts:
                why = failed.get_code_display() or failed.reason
                yield self._at(f"Not served: {why[:1].lower()}{why[1:]}", failed.attempted_at)
        for one in self.recovery:
            yield self._at(f"{one.get_kind_display()}: {one.get_result_display().lower()}", one.attempted_at)

    def _ahead(self) -> Iterator[CaseMoment]:
        if "coming_service.id" in self.sees and self._order.served_at is None:
            for coming in self.record.coming_services:
                yield self._at("Service announced", coming.planned_at)
        if self.follow_up is not None and self.follow_up.next_action_at > self.now:
            yield self._at("Next action planned", self.follow_up.next_action_at)
        if "hearing.id" in self.sees:
            for one in self.record.hearings:
                clock = one.scheduled_time
                at = datetime.combine(one.scheduled_on, clock or time(9), tzinfo=self.zone)
                shown = format_day(one.scheduled_on) + (f", {format_clock(clock)}" if clock else "")
                title = f"Hearing: {one.get_purpose_display().lower()}"
                held = f": {one.get_outcome_display().lower()}" if one.outcome else ""
                yield CaseMoment(at=at, title=f"{title}{held}", words=shown, tone=self._tone(at))
        if self.last_day is not None and self._order.vacated_at is None:
            end = datetime.combine(self.last_day + timedelta(days=1), time(), tzinfo=self.zone)
            title = "Order ends" if end > self.now else "Order ended"
            yield CaseMoment(at=end, title=title, words=format_day(self.last_day), tone=self._tone(end))

    def _at(self, title: str, at: Any, *, on: date | None = None, tone: str = "") -> CaseMoment:
        """Return a moment; by day if the time is not known."""
        if at is None and on is not None:
            at, words = datetime.combine(on, time(), tzinfo=self.zone), format_day(on)
        else:
            words = format_instant(at, self.zone)
        return CaseMoment(at=at, title=title, words=words, tone=tone or self._tone(at))

    def _tone(self, at: datetime) -> str:
        return "ahead" if at > self.now else ""
