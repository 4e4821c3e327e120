"""The deadlines of an order as lines of its page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from accounts.dates import format_instant
from orders.admin.desk import state_badge
from orders.display import clock_words, due_words, law_name, met_words, rule_title
from orders.models import Deadline, DeadlineState, Order
from orders.services.court_days import zone_of
from orders.services.orders.record import OrderRecord
from orders.services.planning.duties import COURT, who_must_act
from orders.services.planning.explanations import reasons
from orders.services.planning.urgency import rules_moot_at_end
from orders.views.court.words import step_of

#: Deadlines in the order in which they need attention.
_URGENCY = [
    DeadlineState.OVERDUE,
    DeadlineState.OPEN,
    DeadlineState.CANNOT_COMPUTE,
    DeadlineState.ENDS,
    DeadlineState.NOT_STARTED,
    DeadlineState.MET,
    DeadlineState.WITHDRAWN,
]

#: States in which no one has anything to do.
_SETTLED = (DeadlineState.ENDS, DeadlineState.MET, DeadlineState.WITHDRAWN, DeadlineState.NOT_STARTED)
#: What is due later is folded.
_SOON = timedelta(days=45)


@dataclass(frozen=True, kw_only=True)
class DeadlineLine:
    """One deadline as it is now."""

    deadline: Deadline
    #: What is due, in few words.
    words: str
    #: The sentence of the rule.
    title: str
    law: str
    badge: SafeString
    due: str
    met: str
    #: Met by an event in the future, such as a hearing that is scheduled in time.
    is_met_ahead: bool
    overdue_since: str
    #: When a deadline that was withdrawn later had been missed; empty if it was not.
    was_overdue_since: str
    reasons: Sequence[str]
    #: How much time is left or how late it is; empty for a deadline that does not run.
    clock: str
    is_late: bool
    #: Who must act.
    actor: str

    is_later: bool
    #: True if the order has ended, and this duty with it.
    is_moot: bool

    @property
    def is_folded(self) -> bool:
        """True if no one has anything to do about it soon."""
        return self.is_later or self.is_moot or (self.deadline.state in _SETTLED and not self.is_met_ahead)


def deadline_lines(
    record: OrderRecord, *, now: datetime, language: str, is_ended: bool
) -> list[DeadlineLine]:
    """Return the deadlines of an order, the most urgent first, with reasons in `language`."""
    order = record.order
    zone, why = zone_of(order), reasons(order, language)
    moot = rules_moot_at_end() if is_ended else frozenset()
    lines = [
        _line(one, order, zone, now, why=why.get((one.rule_id, one.occurrence), ()), moot=moot)
        for one in record.deadlines
    ]
    return sorted(lines, key=lambda line: _URGENCY.index(DeadlineState(line.deadline.state)))


def _line(
    one: Deadline, order: Order, zone: ZoneInfo, now: datetime, *, why: Sequence[str], moot: Collection[str]
) -> DeadlineLine:
    is_late = one.is_overdue(now)
    is_moot = one.is_running and one.rule_id in moot
    return DeadlineLine(
        deadline=one,
        words=step_of(one.rule_id).words,
        title=rule_title(one.rule_id),
        law=law_name(one.rule_id),
        badge=state_badge(one, now),
        due=due_words(one, zone),
        met=met_words(one, zone),
        is_met_ahead=one.met_at is not None and one.met_at > now,
        overdue_since=format_instant(one.due_at, zone) if one.due_at and is_late else "",
        was_overdue_since=_missed_before_end(one, order, zone),
        reasons=why,
        clock="" if is_moot else clock_words(one, now),
        is_late=is_late,
        actor=_actor(one),
        is_later=one.due_at is not None and one.due_at - now > _SOON,
        is_moot=is_moot,
    )


def _actor(one: Deadline) -> str:
    actor = who_must_act(one.rule_id, one.value_effective)
    return "your court" if actor in COURT else actor


def _missed_before_end(deadline: Deadline, order: Order, zone: ZoneInfo) -> str:
    """When the deadline was missed, if the order was vacated later; else empty."""
    due_at, vacated_at = deadline.due_at, order.vacated_at
    if due_at is None or vacated_at is None or deadline.overdue_at is None or due_at >= vacated_at:
        return ""
    return format_instant(due_at, zone)
