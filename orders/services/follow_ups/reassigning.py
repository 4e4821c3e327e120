"""A supervisor gives the open follow-ups of one person of the agency to another."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.access import MATRIX
from accounts.models import Agency, User
from accounts.predicates import can_act
from orders.errors import InvalidFact
from orders.models import FollowUp
from orders.services.follow_ups.actions import assign, check_for

#: The most follow-ups that are given at once: each is an act on its own case.
MOST = 50


def colleagues_of(agency: Agency | int) -> QuerySet[User]:
    """Return the people of an agency who can take follow-ups, each with `open_tasks`."""
    may = MATRIX.resources["follow_up"].actions["assign"]
    mine = Q(follow_ups__closed_at=None, follow_ups__owner=agency, follow_ups__order__withdrawn_at=None)
    people = User.objects.filter(can_act(), memberships__agency=agency, memberships__role__in=may)
    return people.annotate(open_tasks=Count("follow_ups", filter=mine, distinct=True)).order_by("name", "pk")


def open_of(agency: Agency | int, person: User | None) -> QuerySet[FollowUp]:
    """Return the agency's open follow-ups of a person, or those that no person has."""
    return FollowUp.objects.filter(
        owner=agency, assigned_to=person, closed_at=None, order__withdrawn_at=None
    ).order_by("next_action_at", "id")


def reassign(agency: Agency, *, from_person: User | None, to_person: User, by: User, now: datetime) -> int:
    """Give the open follow-ups of one person to another and return how many, at most `MOST`.

    Each is an act of its own on its case, with its own entry in the history. Raises `InvalidFact`.
    """
    check_for(agency.pk, by, "reassign_all", "follow_up")
    if from_person == to_person:
        raise InvalidFact("to_person", "unchanged", "Choose another person than the one who has them.")
    given = 0
    for row in list(open_of(agency, from_person).select_related("order")[:MOST]):
        assign(row, assigned_to=to_person, by=by, now=now)
        given += 1
    return given
