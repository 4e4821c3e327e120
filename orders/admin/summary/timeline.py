"""The timeline of an order as a picture, and the same as a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from accounts.dates import format_clock, format_day, format_instant
from orders.admin.summary.duty import SurrenderDuty
from orders.models import Hearing, Order
from orders.services.orders.record import OrderRecord
from orders.services.planning.rulebooks import current_rulebook

#: The picture in its own units: 1200 wide, the axis between the margins.
LEFT, RIGHT = 24.0, 1176.0
_WIDTH = LEFT + RIGHT
_FIRST = timedelta(days=2)
#: The share of the axis that the time before the first two days and these days take.
_BEFORE, _WIDE = 0.14, 0.46
#: The rows of labels, the one nearest to the axis first.
_ROWS = (76.0, 46.0, 16.0)
_LETTER, _GAP = 7.2, 14.0
#: Between the line of an instant and a label that begins or ends at it.
_BESIDE = 6.0
_NARROWEST_DAY, _NARROWEST_TICK = 7.0, 132.0


@dataclass(frozen=True, kw_only=True)
class TimelinePoint:
    """One instant with its title and time in words; `x` and `row` place its label."""

    title: str
    at: datetime
    words: str
    clock: str
    tone: str = ""
    x: float = 0
    y: float = 0
    anchor: str = "middle"

    @property
    def second_line(self) -> float:
        """Where the time is written."""
        return self.y + 14

    @property
    def text_x(self) -> float:
        """Where the label begins or ends: beside its line, or across it."""
        return self.x + {"start": _BESIDE, "middle": 0, "end": -_BESIDE}[self.anchor]

    @property
    def stem(self) -> float:
        """Where the line from the label to the axis begins."""
        return self.y + 18


@dataclass(frozen=True, kw_only=True)
class TimelineDay:
    """One court day on the axis; `label` is empty where there is no room."""

    x: float
    width: float
    label: str
    is_closed: bool


@dataclass(frozen=True, kw_only=True)
class TimelineSpan:
    """A stretch of the axis in one color."""

    x: float
    width: float
    tone: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The instants of an order from its issue to its end, drawn at `now`."""

    record: OrderRecord
    duty: SurrenderDuty
    hearing: Hearing | None
    last_day: date | None
    now: datetime
    zone: ZoneInfo

    @property
    def order(self) -> Order:
        """The order."""
        return self.record.order

    @cached_property
    def moments(self) -> list[TimelinePoint]:
        """The instants in order, without places."""
        return sorted(self._moments(), key=lambda one: one.at)

    @cached_property
    def points(self) -> list[TimelinePoint]:
        """The instants with a place for each label, in as many rows as they need."""
        ends = [-1000.0] * len(_ROWS)
        placed = []
        places = [-1000.0, *(self._x(one.at) for one in self.moments), 3000.0]
        for one, before, x, after in zip(self.moments, places, places[1:], places[2:], strict=False):
            width = max(len(one.title) * _LETTER, len(one.clock) * _LETTER * 0.95)
            anchor = _anchor(width, before, x, after)
            begin = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
            row = next((number for number, end in enumerate(ends) if begin > end + _GAP), len(_ROWS) - 1)
            ends[row] = begin + width
            placed.append(replace(one, x=round(x, 1), y=_ROWS[row], anchor=anchor))
        return placed

    @property
    def view_box(self) -> str:
        """The part of the drawing that is used: fewer rows of labels make it lower."""
        top = min(one.y for one in self.points) - 16
        return f"0 {top:.0f} 1200 {168 - top:.0f}"

    @cached_property
    def days(self) -> list[TimelineDay]:
        """The days of the axis, with the court's closed days."""
        calendar = current_rulebook().jurisdictions[self.order.jurisdiction].calendar
        found, labeled = [], -1000.0
        for day in self._days:
            x, end = self._x(self._midnight(day)), self._x(self._midnight(day + timedelta(days=1)))
            has_room = x - labeled > _NARROWEST_TICK and x < RIGHT - _NARROWEST_TICK * 0.6
            if has_room:
                labeled = x
            found.append(
                TimelineDay(
                    x=round(x, 1),
                    width=round(end - x, 1),
                    label=format_day(day) if has_room else "",
                    is_closed=end - x >= _NARROWEST_DAY and not calendar.is_open(day),
                )
            )
        return [one for one in found if one.label or one.is_closed]

    @cached_property
    def spans(self) -> list[TimelineSpan]:
        """The time for surrender, and the time since it ran out."""
        found = self.duty.deadline
        served = self.order.served_at
        if found is None or found.due_at is None or served is None or found.due_at <= served:
            return []
        spans = [self._span(served, found.due_at, "runs")]
        until = found.met_at or self.now
        if until > found.due_at and (found.met_at or self.duty.is_late):
            spans.append(self._span(found.due_at, until, "late"))
        return spans

    @cached_property
    def receipts(self) -> list[float]:
        """The places of the receipts on the axis."""
        return [round(self._x(one.received_at), 1) for one in self.record.receipts]

    @property
    def receipt_words(self) -> str:
        """When the receipts were written."""
        return "; ".join(format_instant(one.received_at, self.zone) for one in self.record.receipts)

    @property
    def has_closed_days(self) -> bool:
        """True if a closed day is drawn."""
        return any(one.is_closed for one in self.days)

    @property
    def is_wider_first(self) -> bool:
        """True if the first two days are drawn wider than the others."""
        return len(self._stretches) > 1

    def _moments(self) -> Iterator[TimelinePoint]:
        order = self.order
        issued = order.issued_at or self._midnight(order.issued_on)
        by_day = format_day(order.issued_on) if order.issued_at is None else ""
        yield self._moment("Issued", issued, by_day=by_day)
        if order.served_at is not None:
            yield self._moment(
                f"Served {order.get_service_method_display().lower()}".strip(), order.served_at
            )
        if self.spans_deadline is not None:
            is_past = self.spans_deadline <= self.now
            title = "Time to surrender ended" if is_past else "Time to surrender ends"
            yield self._moment(title, self.spans_deadline, tone="late" if self.duty.is_late else "runs")
        yield from self._court_days()
        if order.vacated_at is not None:
            yield self._moment("Vacated", order.vacated_at)
        yield self._moment("Now", self.now, tone="now")

    @property
    def spans_deadline(self) -> datetime | None:
        """When the time for surrender ends, or ended."""
        found = self.duty.deadline
        return found.due_at if found and self.order.served_at else None

    def _court_days(self) -> Iterator[TimelinePoint]:
        hearing, end = self.hearing, self.last_day
        if hearing is not None:
            clock = hearing.scheduled_time
            at = datetime.combine(hearing.scheduled_on, clock or time(9), tzinfo=self.zone)
            shown = f"{format_day(hearing.scheduled_on)}" + (f", {format_clock(clock)}" if clock else "")
            ends = hearing.scheduled_on == end
            yield self._moment(
                "Hearing, and the order ends" if ends else "Hearing", at, by_day=shown, tone="ahead"
            )
            if ends:
                return
        if end is not None and self.order.vacated_at is None:
            yield self._moment(
                "Order ends", self._midnight(end + timedelta(days=1)), by_day=format_day(end), tone="ahead"
            )

    def _moment(self, title: str, at: datetime, *, by_day: str = "", tone: str = "") -> TimelinePoint:
        is_near = abs(at - self._axis_start_guess) < 2 * _FIRST or tone == "now"
        words = by_day or format_instant(at, self.zone)
        clock = by_day or (format_clock(at.astimezone(self.zone).time()) if is_near else words)
        return TimelinePoint(title=title, at=at, words=words, clock=clock, tone=tone)

    @property
    def _axis_start_guess(self) -> datetime:
        return self.order.served_at or self.order.issued_at or self._midnight(self.order.issued_on)

    def _span(self, start: datetime, end: datetime, tone: str) -> TimelineSpan:
        x = self._x(start)
        return TimelineSpan(x=round(x, 1), width=round(max(self._x(end) - x, 2), 1), tone=tone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone)

    @cached_property
    def _days(self) -> list[date]:
        first = self.moments[0].at.astimezone(self.zone).date()
        last = self._stretches[-1][1].astimezone(self.zone).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    @cached_property
    def _stretches(self) -> Sequence[tuple[datetime, datetime, float, float]]:
        """Parts of the axis: from, to, and their places. The first two days take almost half of it."""
        first = self._midnight(self.moments[0].at.astimezone(self.zone).date())
        wide = self._midnight(self._axis_start_guess.astimezone(self.zone).date())
        last = self.moments[-1].at + timedelta(hours=6)
        bounds, shares = [first], []
        if wide > first:
            bounds.append(wide)
            shares.append(_BEFORE)
        if last > wide + _FIRST:
            bounds += [wide + _FIRST, last]
            shares += [_WIDE, 1 - _WIDE - sum(shares)]
        else:
            bounds.append(max(last, wide + _FIRST))
            shares.append(1 - sum(shares))
        places = [LEFT]
        for share in shares:
            places.append(places[-1] + share * (RIGHT - LEFT))
        return [(*when, *where) for when, where in zip(pairwise(bounds), pairwise(places), strict=True)]

    def _x(self, at: datetime) -> float:
        for start, end, left, right in self._stretches:
            if at <= end:
                return left + max((at - start) / (end - start), 0) * (right - left)
        return RIGHT


def _anchor(width: float, before: float, x: float, after: float) -> str:
    """Return how a label at `x` meets its line, so that the lines of its neighbors do not cross it."""
    half = width / 2
    if x - half < 0 or (x - half < before and after - x > width + _BESIDE and x + width < _WIDTH):
        return "start"
    if x + half > _WIDTH or (x + half > after and x - before > width + _BESIDE and x > width):
        return "end"
    return "middle"
