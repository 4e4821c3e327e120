"""Queues of follow-ups: the parts of them that a person sees."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from accounts.access import MATRIX
from accounts.models import Agency, User
from orders.models import FollowUp, Referral, Transfer
from orders.predicates import transfer_is_open


class Desk(StrEnum):
    """A part of the follow-ups that a person sees."""

    MINE = "mine"
    AGENCY = "agency"
    OFFERED = "offered"
    REFERRED = "referred"
    ALL = "all"


#: The roles that see follow-ups.
VIEWERS = MATRIX.resources["follow_up"].actions["view"]

#: Capacities whose roles see no follow-ups: these agencies are notified and never own a follow-up.
NOTIFY_ONLY = tuple(capacity for capacity, role in MATRIX.alert_role.items() if role not in VIEWERS)


def is_offered_to(agencies: Collection[Agency | int]) -> Exists:
    """True for follow-ups offered to one of these agencies and not answered yet."""
    return Exists(
        Transfer.objects.filter(transfer_is_open(), follow_up=OuterRef("pk"), to_agency__in=agencies)
    )


def is_referred_to(agencies: Collection[Agency | int]) -> Exists:
    """True for follow-ups referred to one of these agencies and not decided yet."""
    return Exists(Referral.objects.filter(outcome="", follow_up=OuterRef("pk"), agency__in=agencies))


def desks_of(person: User) -> list[Desk]:
    """The parts that the person has, the default first."""
    desks: list[Desk] = []
    if person.agencies_for("assign", "follow_up"):
        desks += [Desk.AGENCY, Desk.MINE]
    if person.agencies_for("answer", "transfer"):
        desks.append(Desk.OFFERED)
    if person.agencies_for("decide", "referral"):
        desks.append(Desk.REFERRED)
    return [*desks, Desk.ALL] if person.roles & VIEWERS else []


def queue_of(person: User, desk: Desk) -> QuerySet[FollowUp]:
    """The open follow-ups of that part, the next action first, with the data that a list shows."""
    found = FollowUp.objects.filter(closed_at=None).visible_to(person, roles=VIEWERS)
    match desk:
        case Desk.MINE:
            found = found.filter(assigned_to=person)
        case Desk.AGENCY:
            found = found.filter(owner__in=person.agencies_for("assign", "follow_up"))
        case Desk.OFFERED:
            found = found.filter(is_offered_to(person.agencies_for("answer", "transfer")))
        case Desk.REFERRED:
            found = found.filter(is_referred_to(person.agencies_for("decide", "referral")))
    return with_all(found).order_by("next_action_at", "id")


def offers_to(person: User) -> QuerySet[Transfer]:
    """Offers waiting for an answer of the person's agencies, the oldest first."""
    asked = person.agencies_for("answer", "transfer")
    return (
        Transfer.objects.filter(transfer_is_open(), to_agency__in=asked)
        .visible_to(person, roles=VIEWERS)
        .select_related("from_agency", "to_agency", "follow_up__deadline")
        .select_related("order__case__respondent__town")
        .order_by("offered_at", "id")
    )


def with_all(found: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """The follow-ups with the data that a list shows; `open_offers` has the open transfers."""
    offers = Transfer.objects.filter(transfer_is_open()).select_related("to_agency")
    return found.select_related(
        "order__case__respondent__town", "order__case__court", "deadline", "owner", "assigned_to"
    ).prefetch_related(Prefetch("transfers", queryset=offers, to_attr="open_offers"))
