"""What the court does next about an order, in a sentence with its buttons."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.dates import format_day
from orders.admin.desk import order_address
from orders.admin.summary.answers import AnswerStrip
from orders.admin.summary.duty import SurrenderDuty
from orders.display import clock_words, short_title
from orders.forms.acts import ACTS
from orders.models import Capacity, DeadlineState, HearingPurpose
from orders.services.court_days import court_day
from orders.services.firearms.surrender import surrender_rules
from orders.services.orders.record import OrderRecord
from orders.services.planning.duties import COURT, rules_with_duty, who_must_act
from orders.services.planning.urgency import rules_moot_at_end

#: The event that meets the duty to send the order to police.
_POLICE_NOTIFIED = "police_notified"


@dataclass(frozen=True, kw_only=True)
class NextButton:
    """A button: its title, and the address of the act or page."""

    title: str
    address: str
    #: True for an act, whose form opens beside the order.
    is_act: bool = True


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """What comes next: a sentence, and the acts that fit."""

    words: str
    buttons: tuple[NextButton, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NextSteps:
    """Finds the next step of an order for a person who sees it in `roles`."""

    record: OrderRecord
    roles: Collection[str]
    strip: AnswerStrip
    now: datetime
    zone: ZoneInfo

    @property
    def duty(self) -> SurrenderDuty:
        """The surrender duty."""
        return self.strip.duty

    @cached_property
    def first(self) -> NextStep:
        """The most urgent step."""
        return next(self._steps())

    def _steps(self) -> Iterator[NextStep]:
        order = self.record.order
        if order.withdrawn_at is not None:
            yield self._step(
                "if it was withdrawn by mistake, restore the order.",
                ("restore-order", "Restore the order", ""),
            )
            return
        yield from self._heard()
        if self.strip.state.is_live:
            yield from self._service()
            yield from self._surrender()
        yield from self._court_duties()
        yield from self._ahead()

    def _heard(self) -> Iterator[NextStep]:
        today = court_day(self.record.order, self.now)
        for one in self.record.open_hearings:
            if one.scheduled_on < today:
                yield self._step(
                    f"record how the hearing of {format_day(one.scheduled_on)} ended.",
                    ("decide", "Record the decision", ""),
                    ("hold", "Record the outcome", ""),
                    ("continue", "Continue it", ""),
                )

    def _service(self) -> Iterator[NextStep]:
        if self.record.order.served_at is None:
            hearing = self.strip.next_hearing
            before = f" before the hearing of {format_day(hearing.scheduled_on)}" if hearing else ""
            yield self._step(
                f"the respondent must be served{before}. Record the return of service when it comes.",
                ("serve", "Record service", ""),
                ("attempt", "Record a failed attempt", ""),
            )

    def _surrender(self) -> Iterator[NextStep]:
        if self.duty.is_late:
            yield self._step(
                f"ask {self._police} for the receipt of {self._open_words}. "
                "Without one, set a compliance hearing.",
                ("receipt", "Record a receipt", ""),
                ("hearing", "Set a compliance hearing", f"?purpose={HearingPurpose.COMPLIANCE.value}"),
                *self._follow_up(),
            )
        elif self.duty.is_sworn_only:
            yield self._step(
                "the respondent swore to hold no firearms. Record the check of the statement, or a receipt.",
                ("verify", "Record the check", ""),
                ("receipt", "Record a receipt", ""),
            )
        elif self.duty.deadline is not None and self.duty.deadline.state == DeadlineState.OPEN:
            yield self._step(
                f"{self.duty.headline} to surrender. Record the receipt or the statement when it comes.",
                ("receipt", "Record a receipt", ""),
                ("statement", "Record a statement", ""),
            )
        elif self.duty.deadline is not None and self.duty.deadline.state == DeadlineState.CANNOT_COMPUTE:
            yield self._step("record what is missing, so that the time for surrender can be computed.")

    def _court_duties(self) -> Iterator[NextStep]:
        """What the court itself still owes. A hearing that is set has a step of its own."""
        for one in sorted(self.record.deadlines, key=lambda row: row.due_at or self.now):
            if not self.strip.state.is_live and one.rule_id in rules_moot_at_end():
                continue
            if who_must_act(one.rule_id, one.value_effective) not in COURT:
                continue
            events = {met.event for met in rules_with_duty()[one.rule_id].met_by}
            is_late = one.is_overdue(self.now)
            if is_late or (one.state == DeadlineState.OPEN and "heard" not in events):
                sent = ("case-event", "Mark as sent", f"?kind={_POLICE_NOTIFIED}")
                yield self._step(
                    f"your court's own duty, {clock_words(one, self.now)}: {short_title(one.rule_id)}.",
                    *([sent] if _POLICE_NOTIFIED in events else []),
                )

    def _ahead(self) -> Iterator[NextStep]:
        hearing = self.strip.next_hearing
        if hearing is not None:
            yield self._step(
                f"the hearing of {format_day(hearing.scheduled_on)}. Nothing else waits for the court.",
                ("decide", "Record the decision", ""),
                ("hold", "Record the outcome", ""),
                ("continue", "Continue it", ""),
            )
        yield NextStep(words="nothing waits for the court.")

    def _step(self, words: str, *acts: tuple[str, str, str]) -> NextStep:
        return NextStep(words=words, buttons=tuple(self._buttons(acts)))

    def _buttons(self, acts: Collection[tuple[str, str, str]]) -> Iterator[NextButton]:
        for name, title, query in acts:
            act = ACTS.get(name)
            if act is None:
                yield NextButton(title=title, address=query, is_act=False)
            elif act.is_permitted(self.roles) and act.is_offered(self.record):
                yield NextButton(title=title, address=f"{order_address(self.record.order)}{name}/{query}")

    def _follow_up(self) -> Iterator[tuple[str, str, str]]:
        for one in self.record.follow_ups:
            if one.closed_at is None and one.deadline.rule_id in surrender_rules():
                yield "", "Open the follow-up", reverse("follow-up-page", args=[one.public_id])
                return

    @property
    def _police(self) -> str:
        found = (
            one.agency.name for one in self.record.agencies if one.capacity == Capacity.RESPONDENT_POLICE
        )
        return next(found, "police")

    @property
    def _open_words(self) -> str:
        items = self.record.account.open_items
        if len(items) == 1 and not self.record.account.unlisted:
            return f"the {' '.join(filter(None, [items[0].make, items[0].model])) or 'firearm'}"
        count = len(items) + self.record.account.unlisted
        return f"{count} firearms" if count else "what was surrendered"
