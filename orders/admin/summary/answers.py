"""The strip of five answers at the top of an order's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.dates import format_clock, format_day, format_instant
from orders.admin.summary.duty import SurrenderDuty
from orders.boxes import boxes
from orders.models import Hearing
from orders.services.court_days import court_day
from orders.services.order_state import OrderState
from orders.services.orders.record import OrderRecord


@dataclass(frozen=True, kw_only=True)
class StripCell:
    """One answer: a question in a word or two, the answer, and a sentence of detail."""

    name: str
    label: str
    value: str
    detail: str
    tone: str = ""
    badge: str = ""
    boxes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AnswerStrip:
    """The five answers about an order at `now`."""

    record: OrderRecord
    duty: SurrenderDuty
    state: OrderState
    last_day: date | None
    now: datetime
    zone: ZoneInfo

    @property
    def cells(self) -> list[StripCell]:
        """The answers in the order in which they are read."""
        return [self._surrender(), self._service(), self._firearms(), self._hearing(), self._end()]

    @property
    def next_hearing(self) -> Hearing | None:
        """The next hearing without an outcome, today's included."""
        today = court_day(self.record.order, self.now)
        ahead = [one for one in self.record.open_hearings if one.scheduled_on >= today]
        return min(ahead, key=lambda one: one.scheduled_on, default=None)

    def _surrender(self) -> StripCell:
        return StripCell(
            name="surrender",
            label="Surrender",
            badge=self.duty.badge,
            value=self.duty.headline,
            detail=self.duty.detail,
            tone=self.duty.tone,
        )

    def _service(self) -> StripCell:
        order = self.record.order
        if order.served_at is None:
            tried = len(self.record.attempts)
            failed = f"{tried} failed attempt{'s' * (tried != 1)}." if tried else "No attempt is recorded."
            return StripCell(name="service", label="Served", value="Not served", detail=failed, tone="waits")
        how = order.get_service_method_display()
        by = f", by {order.service_officer}" if order.service_officer else ""
        asked = f" Asked about firearms: {order.get_firearms_answer_display().lower()}."
        return StripCell(
            name="service",
            label="Served",
            value=format_instant(order.served_at, self.zone),
            detail=f"{how}{by}.{asked if order.firearms_answer else ''}",
        )

    def _firearms(self) -> StripCell:
        account = self.record.account
        value = (
            f"{account.accounted} of {account.whole} accounted for" if account.whole else "No firearm known"
        )
        permits = len(self.record.permits)
        held = sum(1 for one in self.record.permits if one.handed_in_on is None)
        if permits:
            detail = f"{permits - held} of {permits} permit{'s' * (permits != 1)} handed in"
        elif self.record.order.permit_indicated:
            detail = "A permit is indicated"
        else:
            detail = "" if account.whole else account.allegation.sentence
        return StripCell(
            name="firearms", label="Firearms", value=value, detail=detail, boxes=self._boxes(), tone=""
        )

    def _boxes(self) -> list[str]:
        account = self.record.account
        still_open = {"late": "late", "sworn": "sworn"}.get(self.duty.tone, "")
        return ["in" if is_in else still_open for is_in in boxes(account.accounted, account.whole)]

    def _hearing(self) -> StripCell:
        found = self.next_hearing
        if found is None:
            return StripCell(name="hearing", label="Next hearing", value="Not set", detail="")
        at = f", {format_clock(found.scheduled_time)}" if found.scheduled_time else ""
        return StripCell(
            name="hearing",
            label="Next hearing",
            value=f"{format_day(found.scheduled_on)}{at}",
            detail=f"{self._in_days(found.scheduled_on)}, {found.get_purpose_display().lower()}",
        )

    def _end(self) -> StripCell:
        order = self.record.order
        if order.vacated_at is not None and self.state is OrderState.VACATED:
            words = format_instant(order.vacated_at, self.zone)
            return StripCell(name="end", label="Order ended", value=words, detail="Vacated", tone="ended")
        if self.last_day is None:
            return StripCell(name="end", label="Order ends", value="Not printed", detail="")
        is_over = self.state is OrderState.ENDED
        return StripCell(
            name="end",
            label="Order ended" if is_over else "Order ends",
            value=format_day(self.last_day),
            detail="Its last day has passed" if is_over else self._in_days(self.last_day),
            tone="ended" if is_over else "",
        )

    def _in_days(self, day: date) -> str:
        days = (day - court_day(self.record.order, self.now)).days
        return {0: "Today", 1: "Tomorrow"}.get(days, f"In {days} days")
