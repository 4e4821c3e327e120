"""Hearings: set, continued, held."""

from __future__ import annotations

from datetime import date, datetime, time

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Hearing, HearingOutcome, HearingPurpose, Order
from orders.services.change import changing, court_day, need_one_of


def schedule_hearing(
    order: Order,
    *,
    purpose: str,
    on: date,
    by: User | None,
    now: datetime,
    at: time | None = None,
) -> Hearing:
    """A hearing is set for the day `on`; what is counted from its date is planned. Raises `InvalidFact`."""
    with changing(order, "hearing_scheduled", by=by, now=now) as change:
        hearing = _schedule(change.order, purpose, on, at)
        change.data["hearing"] = {"purpose": purpose, "on": on.isoformat()}
    return hearing


def continue_hearing(
    hearing: Hearing, *, to: date, by: User | None, now: datetime, at: time | None = None
) -> Hearing:
    """The hearing is continued; answers the new one, on another day. Raises `InvalidFact`."""
    with changing(hearing.order, "hearing_continued", by=by, now=now) as change:
        row = _not_held(hearing)
        row.outcome = HearingOutcome.CONTINUED
        row.save(update_fields=["outcome"])
        following = _schedule(change.order, row.purpose, to, at)
        change.data["hearing"] = {
            "purpose": row.purpose,
            "from": row.scheduled_on.isoformat(),
            "to": to.isoformat(),
        }
    return following


def record_hearing(
    hearing: Hearing, *, outcome: str, held_on: date, by: User | None, now: datetime
) -> Hearing:
    """The hearing was held on `held_on`, with its outcome. Raises `InvalidFact`."""
    with changing(hearing.order, "heard", by=by, now=now) as change:
        row = _not_held(hearing)
        need_one_of("outcome", "unknown_outcome", outcome, HearingOutcome.values)
        if outcome == HearingOutcome.CONTINUED:
            raise InvalidFact("outcome", "not_held", "A continued hearing was not held; continue it instead.")
        if held_on > court_day(change.order, now):
            raise InvalidFact("held_on", "in_the_future", f"{held_on} lies ahead; record it once it is held.")
        row.held_on = held_on
        row.outcome = outcome
        row.save(update_fields=["held_on", "outcome"])
        change.data["hearing"] = {"purpose": row.purpose, "held_on": held_on.isoformat(), "outcome": outcome}
    return row


def _not_held(hearing: Hearing) -> Hearing:
    row = Hearing.objects.get(pk=hearing.pk)
    if row.outcome:
        raise InvalidFact(
            "outcome", "already_ended", f"This hearing has ended already: {row.get_outcome_display()}."
        )
    return row


def _schedule(order: Order, purpose: str, on: date, at: time | None) -> Hearing:
    need_one_of("purpose", "unknown_purpose", purpose, HearingPurpose.values)
    if on < order.issued_on:
        raise InvalidFact(
            "scheduled_on",
            "hearing_before_issue",
            f"{on} is before the order's own date, {order.issued_on}. Correct one of the two.",
        )
    if Hearing.objects.filter(order=order, purpose=purpose, scheduled_on=on).exists():
        raise InvalidFact("scheduled_on", "duplicate_hearing", f"Such a hearing is set for {on} already.")
    return Hearing.objects.create(order=order, purpose=purpose, scheduled_on=on, scheduled_time=at)
