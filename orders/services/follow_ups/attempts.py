"""Attempts of the owner of a follow-up: recorded, corrected, withdrawn. They meet no deadline: proof does."""

from __future__ import annotations

from datetime import datetime

from accounts.dates import format_instant
from accounts.models import User
from accounts.text import clean
from orders.models import Attempt, AttemptKind, AttemptResult, FollowUp
from orders.services.change import plain
from orders.services.correctable import ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import check_not_before_issue, zone_of
from orders.services.follow_ups.actions import acting_on, check_for, set_next_action
from orders.services.said_before import ask_if_recorded
from orders.services.validation import check_instant, need_one_of


def record_attempt(
    follow_up: FollowUp,
    *,
    attempted_at: datetime,
    kind: str,
    result: str,
    next_action_at: datetime,
    by: User,
    now: datetime,
    place: str = "",
    officers: str = "",
    note: str = "",
    confirm: str = "",
) -> Attempt:
    """Record an attempt at `attempted_at`, an instant with its offset, and the time of the next action.

    The history has neither place nor note: both can name people. Raises `InvalidFact`, and `DoubtfulFact` for
    an attempt that is recorded, unless `confirm` gives the reason.
    """
    with acting_on(
        follow_up, "follow_up_attempted", by=by, now=now, occurred_at=attempted_at, reason=clean(confirm)
    ) as (change, row):
        check_for(row.owner_id, by, "add", "attempt")
        attempt = Attempt(
            follow_up=row,
            order=change.order,
            attempted_at=attempted_at,
            kind=kind,
            result=result,
            former_next_action_at=row.next_action_at,
            by=by,
            place=clean(place),
            officers=clean(officers),
            note=clean(note),
        )
        check_attempt(attempt, now=now, confirm=confirm)
        attempt.next_action_at = set_next_action(row, next_action_at, by, now)
        attempt.save()
        told = {"kind": kind, "result": result, "next_action": plain(attempt.next_action_at)}
        change.data["attempt"] = told
    return attempt


def check_attempt(attempt: Attempt, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved attempt and set its offset. Raises `InvalidFact` and `DoubtfulFact`."""
    order, at = attempt.order, attempt.attempted_at
    attempt.attempted_offset = check_instant("attempted_at", at, now=now, zone=zone_of(order))
    check_not_before_issue("attempted_at", order, at, "attempted_before_issued")
    need_one_of("kind", "unknown_kind", attempt.kind, AttemptKind.values)
    need_one_of("result", "unknown_result", attempt.result, AttemptResult.values)
    attempt.place, attempt.officers = clean(attempt.place), clean(attempt.officers)
    attempt.note = clean(attempt.note)
    told = ("attempted_at", "follow_up_id", "kind", "result", "place", "officers")
    ask_if_recorded(attempt, told, words=ATTEMPT.words, confirm=confirm)


def _check_owner(attempt: Attempt, by: User) -> None:
    check_for(attempt.follow_up.owner_id, by, "withdraw", "attempt")


def _remove(attempt: Attempt) -> None:
    """Remove the attempt. The next action is again the one before, unless someone set another one since."""
    former, set_to = attempt.former_next_action_at, attempt.next_action_at
    attempt.delete()
    if former is None:
        return
    FollowUp.objects.filter(pk=attempt.follow_up_id, next_action_at=set_to).update(next_action_at=former)
    # A later attempt, withdrawn too, goes back to what this one began with.
    later = Attempt.objects.filter(follow_up=attempt.follow_up_id, former_next_action_at=set_to)
    later.update(former_next_action_at=former)


ATTEMPT = Correctable(
    name="follow_up_attempt",
    model=Attempt,
    noun="attempt",
    words=lambda row: (
        f"{row.get_kind_display().lower()}, {format_instant(row.attempted_at, zone_of(row.order))}"
    ),
    columns=(
        InstantColumn(name="attempted_at", label="When"),
        ChoiceColumn(name="kind", label="Kind of attempt"),
        ChoiceColumn(name="result", label="Result"),
        # Free text about a door: it can have an address or a name.
        Column(name="place", label="Place", is_private=True),
        Column(name="officers", label="Officers"),
        Column(name="note", label="Note", is_private=True),
    ),
    check=check_attempt,
    check_person=_check_owner,
    remove=_remove,
)
