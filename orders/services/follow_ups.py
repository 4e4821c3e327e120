"""What the agency that answers for a follow-up does about it: attempts, whose task it is, when it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db.models import QuerySet

from accounts.access import MATRIX
from accounts.models import User
from orders.errors import InvalidFact, NotYours
from orders.models import Attempt, AttemptKind, AttemptResult, FollowUp
from orders.models.fields import offset_of
from orders.services.change import (
    Change,
    changing,
    check_instant,
    check_not_before_issue,
    need_one_of,
    need_reason,
    plain,
)


def may_for(agency_id: int, person: User, act: str, thing: str) -> bool:
    """True where the person holds a role in that very agency which may do `act` to such an object."""
    return agency_id in person.agencies_for(act, thing)


def check_for(agency_id: int, person: User, act: str, thing: str) -> None:
    """Raises `NotYours` where the person may not do that for the agency."""
    if not may_for(agency_id, person, act, thing):
        raise NotYours(
            "follow_up", "not_yours", "This is for people of another agency to do. See who answers for it."
        )


def assignable(follow_up: FollowUp) -> QuerySet[User]:
    """The people of the owner agency who may act on it: each could take it."""
    may = MATRIX.things["follow_up"].acts["assign"]
    return User.objects.filter(
        is_active=True,
        is_system=False,
        memberships__agency=follow_up.owner_id,
        memberships__role__in=may,
    ).distinct()


@contextmanager
def acting_on(
    follow_up: FollowUp,
    kind: str,
    *,
    by: User,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
) -> Iterator[tuple[Change, FollowUp]]:
    """The frame of every act on a follow-up: yields it, freshly read, with the change of its order.

    Raises `InvalidFact` for one that is closed: its deadline was met, moved or withdrawn.
    """
    with changing(follow_up.order, kind, by=by, now=now, occurred_at=occurred_at, reason=reason) as change:
        row = FollowUp.objects.select_related("owner", "deadline").get(pk=follow_up.pk)
        row.order = change.order
        if row.closed_at is not None:
            raise InvalidFact(
                "follow_up",
                "closed",
                f"This follow-up is closed ({row.outcome}); nothing is left to do in it.",
            )
        change.data["rule"] = row.deadline.rule_id
        yield change, row


def record_attempt(
    follow_up: FollowUp,
    *,
    at: datetime,
    kind: str,
    result: str,
    next_action_at: datetime,
    by: User,
    now: datetime,
) -> Attempt:
    """Somebody tried at `at`, an instant with its offset; the task goes on at `next_action_at`.

    Raises `InvalidFact`.
    """
    with acting_on(follow_up, "follow_up_attempted", by=by, now=now, occurred_at=at) as (change, row):
        check_for(row.owner_id, by, "add", "attempt")
        check_instant("attempted_at", at, now=now)
        check_not_before_issue("attempted_at", change.order, at, "attempted_before_issued")
        need_one_of("kind", "unknown_kind", kind, AttemptKind.values)
        need_one_of("result", "unknown_result", result, AttemptResult.values)
        next_action_at = _go_on(row, next_action_at, now)
        change.data["attempt"] = {"kind": kind, "result": result, "next_action": plain(next_action_at)}
        return Attempt.objects.create(
            follow_up=row,
            order=change.order,
            attempted_at=at,
            attempted_offset=offset_of(at),
            kind=kind,
            result=result,
            next_action_at=next_action_at,
            by=by,
        )


def assign(follow_up: FollowUp, *, to: User | None, by: User, now: datetime) -> FollowUp:
    """The task is `to`'s, of the people of its owner; nobody's own where None. Raises `InvalidFact`."""
    with acting_on(follow_up, "follow_up_assigned", by=by, now=now) as (change, row):
        check_for(row.owner_id, by, "assign", "follow_up")
        if to is not None and not assignable(row).filter(pk=to.pk).exists():
            raise InvalidFact(
                "assigned_to", "not_of_the_owner", f"Choose somebody of {row.owner} who may act on it."
            )
        row.assigned_to = to
        row.save(update_fields=["assigned_to"])
        # Who that is stands on the row; a history that is kept for ever names people only as its actors.
        change.data["changed"] = ["assigned_to"]
    return row


def reschedule(
    follow_up: FollowUp, *, next_action_at: datetime, reason: str, by: User, now: datetime
) -> FollowUp:
    """The task goes on at `next_action_at` instead, and why. Raises `InvalidFact`."""
    with acting_on(follow_up, "follow_up_rescheduled", by=by, now=now, reason=need_reason(reason)) as (
        change,
        row,
    ):
        check_for(row.owner_id, by, "reschedule", "follow_up")
        change.data["changes"] = {"next_action_at": [plain(row.next_action_at), plain(next_action_at)]}
        _go_on(row, next_action_at, now)
    return row


def _go_on(row: FollowUp, at: datetime, now: datetime) -> datetime:
    """Sets when the task goes on, in UTC. Refuses an instant that is past: nobody can act then."""
    if at.utcoffset() is None:
        raise InvalidFact("next_action_at", "invalid_timestamp", "The time has no offset from UTC; add one.")
    if at <= now:
        raise InvalidFact(
            "next_action_at", "not_ahead", f"{at.isoformat()} is past. Say when somebody will act next."
        )
    row.next_action_at = at.astimezone(UTC)
    row.save(update_fields=["next_action_at"])
    return row.next_action_at
