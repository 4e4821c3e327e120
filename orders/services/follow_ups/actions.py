"""Acts of the agency that owns a follow-up: assignment, and the next action."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from accounts.access import MATRIX
from accounts.dates import format_instant
from accounts.models import Role, User
from accounts.predicates import can_act
from orders.errors import NotYours
from orders.models import DeadlineState, FollowUp
from orders.services.change import Change, changing, plain
from orders.services.court_days import check_day_ahead, court_day, zone_of
from orders.services.one_round import refuse
from orders.services.planning.rulebooks import alarm_rules
from orders.services.validation import need_offset, need_reason


def may_for(agency_id: int, person: User, action: str, resource: str) -> bool:
    """True if the person has a role in this agency that may do `action` to `resource`."""
    return agency_id in person.agencies_for(action, resource)


def check_for(agency_id: int, person: User, action: str, resource: str) -> None:
    """Raise `NotYours` if the person may not do that for the agency."""
    if not may_for(agency_id, person, action, resource):
        raise NotYours(
            "follow_up",
            "not_yours",
            "Only people of the responsible agency can do this. See the owner of the follow-up.",
        )


def assignable(follow_up: FollowUp) -> QuerySet[User]:
    """The people of the owner agency who can act, and so can be assigned."""
    may = MATRIX.resources["follow_up"].actions["assign"]
    return User.objects.filter(
        can_act(),
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
    also_when_closed: bool = False,
) -> Iterator[tuple[Change, FollowUp]]:
    """Yield the follow-up, as just read, with the change of its order: the frame of every act on one.

    Raises `InvalidFact` if it is closed because its deadline was met, moved or withdrawn, unless the act is
    `also_when_closed`.
    """
    with changing(follow_up.order, kind, by=by, now=now, occurred_at=occurred_at, reason=reason) as change:
        row = FollowUp.objects.select_related("owner", "deadline").get(pk=follow_up.pk)
        row.order = change.order
        if row.closed_at is not None and not also_when_closed:
            refuse(
                "follow_up",
                "closed",
                f"This follow-up is closed ({row.outcome}). Nothing is left to do.",
            )
        change.data["rule"] = row.deadline.rule_id
        yield change, row


def assign(follow_up: FollowUp, *, assigned_to: User | None, by: User, now: datetime) -> FollowUp:
    """Assign the task to a person of its owner agency, or to no one. Raises `InvalidFact`."""
    with acting_on(follow_up, "follow_up_assigned", by=by, now=now) as (change, row):
        check_for(row.owner_id, by, "assign", "follow_up")
        if assigned_to is not None and not assignable(row).filter(pk=assigned_to.pk).exists():
            refuse(
                "assigned_to",
                "not_of_the_owner",
                f"Choose a person of {row.owner} who may act on follow-ups.",
            )
        row.assigned_to = assigned_to
        row.save(update_fields=["assigned_to"])
        # The row has the person. The history is kept forever and names people only as actors.
        change.data["changed"] = ["assigned_to"]
    return row


def reschedule(
    follow_up: FollowUp, *, next_action_at: datetime, reason: str, by: User, now: datetime
) -> FollowUp:
    """Move the next action to `next_action_at`, with a reason. Raises `InvalidFact`."""
    with acting_on(follow_up, "follow_up_rescheduled", by=by, now=now, reason=need_reason(reason)) as (
        change,
        row,
    ):
        check_for(row.owner_id, by, "reschedule", "follow_up")
        change.data["changes"] = {"next_action_at": [plain(row.next_action_at), plain(next_action_at)]}
        set_next_action(row, next_action_at, by, now)
    return row


def set_next_action(row: FollowUp, at: datetime, by: User, now: datetime) -> datetime:
    """Set the time of the next action, in UTC. It must be in the future, and for overdue firearms soon."""
    need_offset("next_action_at", at)
    if at <= now:
        refuse(
            "next_action_at",
            "not_ahead",
            f"{format_instant(at, zone_of(row.order))} is in the past. Enter when someone will act next.",
        )
    check_day_ahead("next_action_at", court_day(row.order, at), now=now)
    _check_soon(row, at, by, now)
    row.next_action_at, row.passed_at = at.astimezone(UTC), None
    row.save(update_fields=["next_action_at", "passed_at"])
    return row.next_action_at


def _check_soon(row: FollowUp, at: datetime, by: User, now: datetime) -> None:
    """Refuse a later next action on firearms that are overdue, unless a supervisor of the owner sets it."""
    days = settings.MOST_DAYS_TO_NEXT_ACTION
    is_overdue = row.deadline.state == DeadlineState.OVERDUE and row.deadline.rule_id in alarm_rules()
    is_supervisor = any(
        one.role == Role.SUPERVISOR and one.agency_id == row.owner_id for one in by.memberships.all()
    )
    if is_overdue and not is_supervisor and at > now + timedelta(days=days):
        refuse(
            "next_action_at",
            "needs_supervisor",
            f"{format_instant(at, zone_of(row.order))} is more than {days} days ahead. While firearms are "
            f"overdue, only a supervisor of {row.owner} sets it later. Enter an earlier time.",
        )
