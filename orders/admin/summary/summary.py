"""Everything at the top of an order's page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from orders.admin.summary.answers import AnswerStrip, StripCell
from orders.admin.summary.cards import FirearmCard, firearm_cards
from orders.admin.summary.duty import SurrenderDuty
from orders.admin.summary.next_step import NextStep, NextSteps
from orders.admin.summary.sent import SentLine, count_words, sent_lines
from orders.admin.summary.timeline import Timeline
from orders.forms.acts import ACTS
from orders.services.court_days import respondent_age, zone_of
from orders.services.firearms.surrender import surrender_deadline
from orders.services.order_state import OrderState, state_of
from orders.services.orders.record import OrderRecord

#: So many notices that were sent stay open on the page.
_SHOWN_SENT = 3


@dataclass(frozen=True, kw_only=True)
class OrderSummary:
    """The top of the page for a person who sees the order in `roles`, at `now`."""

    record: OrderRecord
    roles: Collection[str]
    last_day: date | None
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.record.order)

    @property
    def age(self) -> int | None:
        """The respondent's age; None without a date of birth."""
        return respondent_age(self.record.order, self.now)

    @cached_property
    def state(self) -> OrderState:
        """The state of the order."""
        return state_of(self.record.order, self.last_day, now=self.now)

    @cached_property
    def duty(self) -> SurrenderDuty:
        """The surrender duty."""
        found = surrender_deadline(self.record.deadlines, self.now)
        return SurrenderDuty(deadline=found, now=self.now, zone=self.zone)

    @cached_property
    def strip(self) -> AnswerStrip:
        """The five answers."""
        return AnswerStrip(
            record=self.record,
            duty=self.duty,
            state=self.state,
            last_day=self.last_day,
            now=self.now,
            zone=self.zone,
        )

    @cached_property
    def cells(self) -> list[StripCell]:
        """The cells of the strip."""
        return self.strip.cells

    @cached_property
    def next(self) -> NextStep:
        """What the court does next."""
        return NextSteps(
            record=self.record, roles=self.roles, strip=self.strip, now=self.now, zone=self.zone
        ).first

    @cached_property
    def timeline(self) -> Timeline:
        """The picture of the order's time."""
        return Timeline(
            record=self.record,
            duty=self.duty,
            hearing=self.strip.next_hearing,
            last_day=self.last_day,
            now=self.now,
            zone=self.zone,
        )

    @cached_property
    def cards(self) -> list[FirearmCard]:
        """The firearms."""
        return firearm_cards(self.record, self.duty, self.zone)

    @cached_property
    def sent(self) -> list[SentLine]:
        """What must be sent."""
        return sent_lines(self.record, self.zone)

    @property
    def sent_count(self) -> str:
        """How many notices were sent, in words."""
        return count_words(self.sent)

    @property
    def sent_open(self) -> Sequence[SentLine]:
        """What the court still has to send, and the first of what was sent."""
        waiting = [one for one in self.sent if not one.sent and one.is_own]
        return [*waiting, *[one for one in self.sent if one.sent][:_SHOWN_SENT]]

    @property
    def sent_folded(self) -> Sequence[SentLine]:
        """What others send, and the rest of what was sent."""
        shown = {one.entry.id for one in self.sent_open}
        return [one for one in self.sent if one.entry.id not in shown]

    @property
    def may_send(self) -> bool:
        """True if the reader may record a notice as sent."""
        act = ACTS["sent"]
        return bool(act.is_permitted(self.roles) and act.is_offered(self.record))
