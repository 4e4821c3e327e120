"""Schedule, continue and record hearings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Continuance, Hearing, HearingOutcome, HearingPurpose, Order
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, ClockColumn, Column, Correctable, DayColumn
from orders.services.court_days import check_day_ahead, check_day_not_before_issue, check_day_not_in_future
from orders.services.firearms.findings import (
    FINDINGS,
    NewFinding,
    check_correction,
    check_findings,
    doubts_about_findings,
    findings_of,
    refresh_findings,
    store_findings,
    withdraw_findings,
)
from orders.services.limits import ask, within_limits
from orders.services.one_round import refuse
from orders.services.validation import need_one_of


def schedule_hearing(
    order: Order,
    *,
    purpose: str,
    scheduled_on: date,
    by: User | None,
    now: datetime,
    scheduled_time: time | None = None,
    judge: str = "",
    confirm: str = "",
) -> Hearing:
    """Schedule a hearing for the day `scheduled_on`.

    Raises `InvalidFact`, and `DoubtfulFact` for a day beyond the rules unless `confirm` gives the reason.
    """
    with changing(order, "hearing_scheduled", by=by, now=now, reason=clean(confirm)) as change:
        with within_limits(change, confirm=confirm):
            hearing = _schedule(change.order, purpose, scheduled_on, scheduled_time, now, judge=judge)
        change.data["hearing"] = {"purpose": purpose, "on": scheduled_on.isoformat()}
        if hearing.judge:
            change.data["hearing"]["judge"] = hearing.judge
        HEARING.note(change, hearing)
    return hearing


def continue_hearing(
    hearing: Hearing,
    *,
    scheduled_on: date,
    by: User | None,
    now: datetime,
    scheduled_time: time | None = None,
    judge: str = "",
    confirm: str = "",
) -> Hearing:
    """Continue the hearing to another day, and return the hearing of that day, before the same judge.

    With `judge`, another one hears it.

    Raises `InvalidFact`, and `DoubtfulFact` for an earlier day or one beyond the rules unless `confirm` gives
    the reason.
    """
    with changing(hearing.order, "hearing_continued", by=by, now=now, reason=clean(confirm)) as change:
        row = _not_held(hearing)
        check_day_not_before_issue("scheduled_on", change.order, scheduled_on, "hearing_before_issue")
        if scheduled_on == row.scheduled_on:
            refuse(
                "scheduled_on",
                "same_day",
                f"The hearing is set for {format_day(scheduled_on)} already. Enter the new day. If only the "
                "time or the judge is another, correct the hearing.",
            )
        doubts = [_earlier_day(row)] if scheduled_on < row.scheduled_on else []
        with within_limits(change, confirm=confirm, doubts=doubts):
            row.outcome = HearingOutcome.CONTINUED
            row.save(update_fields=["outcome"])
            following = _schedule(
                change.order, row.purpose, scheduled_on, scheduled_time, now, judge=judge or row.judge
            )
        Continuance.objects.create(hearing=row, following=following)
        HEARING.note(change, row)
        change.data["hearing"] = {
            "purpose": row.purpose,
            "from": row.scheduled_on.isoformat(),
            "to": scheduled_on.isoformat(),
        }
    return following


def record_hearing(
    hearing: Hearing,
    *,
    outcome: str,
    held_on: date,
    by: User | None,
    now: datetime,
    findings: Sequence[NewFinding] = (),
    confirm: str = "",
) -> Hearing:
    """Record that the hearing was held on `held_on`, its outcome, and what the court found about firearms.

    Raises `InvalidFact`, also for the outcome “Compliant” while a firearm is open that the court did not
    account for; `DoubtfulFact` for findings that the outcome contradicts or that are from before the service,
    unless `confirm` gives the reason.
    """
    with changing(hearing.order, "heard", by=by, now=now, reason=clean(confirm)) as change:
        row = _not_held(hearing)
        row.order = change.order
        HEARING.note(change, row)
        row.held_on, row.outcome = held_on, outcome
        check_outcome(row, now=now)
        check_findings(change.order, outcome, findings)
        ask(doubts_about_findings(row, findings), confirm=confirm)
        row.save(update_fields=["held_on", "outcome"])
        change.data["hearing"] = {"purpose": row.purpose, "held_on": held_on.isoformat(), "outcome": outcome}
        if findings:
            change.data["findings"] = store_findings(row, findings)
    return row


def _earlier_day(hearing: Hearing) -> DoubtfulFact:
    return DoubtfulFact(
        "scheduled_on",
        "earlier_day",
        f"A continuance sets a later day than {format_day(hearing.scheduled_on)}. If the court moved the "
        "hearing to an earlier day, confirm it with a reason.",
    )


def _not_held(hearing: Hearing) -> Hearing:
    row = Hearing.objects.get(pk=hearing.pk)
    if row.outcome:
        refuse("outcome", "already_ended", f"This hearing has already ended: {row.get_outcome_display()}.")
    return row


def check_outcome(hearing: Hearing, *, now: datetime) -> None:
    """Raise `InvalidFact` unless the unsaved hearing was held, by now, with an outcome.

    Of a canceled hearing, `held_on` is the day on which the court canceled it.
    """
    need_one_of("outcome", "unknown_outcome", hearing.outcome, HearingOutcome.values)
    if hearing.outcome == HearingOutcome.CONTINUED:
        refuse("outcome", "not_held", "A continued hearing was not held. Use “Continue” instead.")
    if hearing.held_on is None:
        raise InvalidFact("held_on", "required", "Enter the day on which the hearing was held.")
    check_day_not_in_future("held_on", hearing.order, hearing.held_on, now=now)
    if hearing.held_on < hearing.scheduled_on and hearing.outcome != HearingOutcome.VACATED:
        refuse(
            "held_on",
            "before_the_hearing",
            f"The hearing is set for {format_day(hearing.scheduled_on)}. Correct the day, or "
            "continue the hearing first.",
        )


def _check_schedule(order: Order, purpose: str, on: date, now: datetime) -> None:
    need_one_of("purpose", "unknown_purpose", purpose, HearingPurpose.values)
    check_day_ahead("scheduled_on", on, now=now)
    check_day_not_before_issue("scheduled_on", order, on, "hearing_before_issue")


def _schedule(order: Order, purpose: str, on: date, at: time | None, now: datetime, *, judge: str) -> Hearing:
    _check_schedule(order, purpose, on, now)
    return set_hearing(order, purpose, on, at, judge=clean(judge))


def set_hearing(order: Order, purpose: str, on: date, at: time | None = None, *, judge: str = "") -> Hearing:
    """Set a hearing for the day, or set it again if it was continued or canceled on that day.

    Raises `InvalidFact` if it is pending or was held on that day.
    """
    former = Hearing.objects.filter(order=order, purpose=purpose, scheduled_on=on).first()
    if former is None:
        return Hearing.objects.create(
            order=order, purpose=purpose, scheduled_on=on, scheduled_time=at, judge=judge
        )
    if former.outcome not in (HearingOutcome.CONTINUED, HearingOutcome.VACATED):
        raise _duplicate(on)
    former.outcome, former.held_on, former.scheduled_time = "", None, at or former.scheduled_time
    former.judge = judge or former.judge
    former.save(update_fields=["outcome", "held_on", "scheduled_time", "judge"])
    return former


def _duplicate(on: date) -> InvalidFact:
    return InvalidFact(
        "scheduled_on",
        "duplicate_hearing",
        f"A hearing with this purpose is already scheduled for {format_day(on)}.",
    )


def check_hearing(hearing: Hearing, *, now: datetime, confirm: str = "") -> None:
    """Check the corrected day, purpose and outcome of a hearing. Raises `InvalidFact` and `DoubtfulFact`."""
    _check_schedule(hearing.order, hearing.purpose, hearing.scheduled_on, now)
    hearing.judge = clean(hearing.judge)
    same = Hearing.objects.filter(
        order=hearing.order, purpose=hearing.purpose, scheduled_on=hearing.scheduled_on
    )
    if same.exclude(pk=hearing.pk).exists():
        raise _duplicate(hearing.scheduled_on)
    stored = Hearing.objects.get(pk=hearing.pk)
    if stored.scheduled_on != hearing.scheduled_on:
        ask(_doubts_in_chain(hearing), confirm=confirm)
    if stored.held_on is not None:
        check_outcome(hearing, now=now)
        ask(check_correction(hearing, former=stored), confirm=confirm)
    elif (hearing.held_on, hearing.outcome) != (stored.held_on, stored.outcome) or findings_of(hearing):
        refuse(
            "outcome", "not_held", "This hearing has no outcome to correct. Record that it was held instead."
        )


def _doubts_in_chain(hearing: Hearing) -> list[DoubtfulFact]:
    """Return a doubt about a corrected day by which a continuance would set an earlier day."""
    days = [(hearing.scheduled_on, one.following.scheduled_on) for one in hearing.continuances.all()]
    days += [(one.hearing.scheduled_on, hearing.scheduled_on) for one in hearing.set_by.all()]
    return [
        DoubtfulFact(
            "scheduled_on",
            "earlier_day",
            f"The hearing of {format_day(day)} was continued, and would be continued to "
            f"{format_day(following)}, an earlier day. Correct the day, or confirm it with a reason.",
        )
        for day, following in days
        if following < day
    ]


def _check_hearing_withdrawable(hearing: Hearing) -> None:
    if _is_continued(hearing):
        refuse("hearing", "continued", "This hearing was continued. Undo its continuance first.")
    if earlier := hearing.set_by.last():
        refuse(
            "hearing",
            "set_by_continuance",
            f"This hearing was set when the hearing of {format_day(earlier.hearing.scheduled_on)} was "
            "continued. Undo that continuance instead.",
        )


def _unset(hearing: Hearing) -> None:
    """Remove a hearing; one that was continued before it was set again is continued again."""
    withdraw_findings(hearing)
    if hearing.continuances.exists():
        hearing.outcome, hearing.held_on = HearingOutcome.CONTINUED, None
        hearing.save(update_fields=["outcome", "held_on"])
    else:
        hearing.delete()


def _has_outcome(hearing: Hearing) -> bool:
    return hearing.outcome not in ("", HearingOutcome.CONTINUED)


def _is_continued(hearing: Hearing) -> bool:
    return hearing.outcome == HearingOutcome.CONTINUED


def _check_has_outcome(hearing: Hearing) -> None:
    if not _has_outcome(hearing):
        refuse("hearing", "no_outcome", "This hearing has no outcome to withdraw.")


def _clear_outcome(hearing: Hearing) -> None:
    withdraw_findings(hearing)
    hearing.outcome, hearing.held_on = "", None
    hearing.save(update_fields=["outcome", "held_on"])


def _check_following_open(hearing: Hearing) -> None:
    if not _is_continued(hearing):
        refuse("hearing", "not_continued", "This hearing was not continued.")
    last = hearing.continuances.last()
    if last is not None and last.following.outcome:
        refuse(
            "hearing",
            "following_ended",
            f"The hearing of {format_day(last.following.scheduled_on)} has already ended: "
            f"{last.following.get_outcome_display()}. Withdraw that first.",
        )


def _undo_continuance(hearing: Hearing) -> None:
    """Make the hearing pending again, and remove the hearing that the continuance set."""
    if last := hearing.continuances.last():
        following = last.following
        last.delete()
        if not following.set_by.exists():
            _unset(following)
    _clear_outcome(hearing)


def _in_words(hearing: Hearing) -> str:
    return f"hearing of {format_day(hearing.scheduled_on)} ({hearing.get_purpose_display().lower()})"


_HELD = (
    DayColumn(name="held_on", label="Held on"),
    ChoiceColumn(name="outcome", label="Outcome"),
    FINDINGS,
)

HEARING = Correctable(
    name="hearing",
    is_limited=True,
    model=Hearing,
    noun="hearing",
    words=_in_words,
    columns=(
        ChoiceColumn(name="purpose", label="Purpose"),
        DayColumn(name="scheduled_on", label="Day"),
        ClockColumn(name="scheduled_time", label="Time"),
        Column(name="judge", label="Judge"),
        *_HELD,
    ),
    check=check_hearing,
    check_withdrawable=_check_hearing_withdrawable,
    remove=_unset,
    after_correction=refresh_findings,
)

HEARING_OUTCOME = Correctable(
    name="hearing_outcome",
    model=Hearing,
    noun="outcome",
    words=_in_words,
    columns=_HELD,
    is_recorded=_has_outcome,
    check_withdrawable=_check_has_outcome,
    remove=_clear_outcome,
    part_of="hearing",
)

CONTINUANCE = Correctable(
    name="continuance",
    model=Hearing,
    noun="continuance",
    words=_in_words,
    is_recorded=_is_continued,
    check_withdrawable=_check_following_open,
    remove=_undo_continuance,
    part_of="hearing",
)
