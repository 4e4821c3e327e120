"""Which follow-ups stand at somebody's desk."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from accounts.access import MATRIX
from accounts.models import Agency, User
from orders.models import FollowUp, HandOver, Referral
from orders.services.offers import OPEN


class Desk(StrEnum):
    """A part of what somebody sees."""

    MINE = "mine"
    AGENCY = "agency"
    OFFERED = "offered"
    REFERRED = "referred"
    ALL = "all"


#: The roles that see follow-ups.
VIEWERS = MATRIX.things["follow_up"].acts["view"]

#: In which capacities an order concerns agencies that see no follow-ups, and so answer for none.
BYSTANDERS = tuple(capacity for capacity, role in MATRIX.told_as.items() if role not in VIEWERS)


def is_offered_to(agencies: Collection[Agency | int]) -> Exists:
    """True of follow-ups that wait for an answer of one of these."""
    return Exists(HandOver.objects.filter(OPEN, follow_up=OuterRef("pk"), to_agency__in=agencies))


def is_referred_to(agencies: Collection[Agency | int]) -> Exists:
    """True of follow-ups that lie before one of these, undecided."""
    return Exists(Referral.objects.filter(outcome="", follow_up=OuterRef("pk"), agency__in=agencies))


def desks_of(person: User) -> list[Desk]:
    """The parts that the person has, the one to begin with first."""
    desks: list[Desk] = []
    if person.agencies_for("assign", "follow_up"):
        desks += [Desk.AGENCY, Desk.MINE]
    if person.agencies_for("answer", "hand_over"):
        desks.append(Desk.OFFERED)
    if person.agencies_for("decide", "referral"):
        desks.append(Desk.REFERRED)
    return [*desks, Desk.ALL] if person.roles & VIEWERS else []


def queue_of(person: User, desk: Desk) -> QuerySet[FollowUp]:
    """The open follow-ups of that part, the next action first, with what a list shows of each."""
    found = FollowUp.objects.filter(closed_at=None).visible_to(person, roles=VIEWERS)
    match desk:
        case Desk.MINE:
            found = found.filter(assigned_to=person)
        case Desk.AGENCY:
            found = found.filter(owner__in=person.agencies_for("assign", "follow_up"))
        case Desk.OFFERED:
            found = found.filter(is_offered_to(person.agencies_for("answer", "hand_over")))
        case Desk.REFERRED:
            found = found.filter(is_referred_to(person.agencies_for("decide", "referral")))
    return with_all(found).order_by("next_action_at", "public_id")


def offers_to(person: User) -> QuerySet[HandOver]:
    """The offers that wait for an answer of the person's agencies, the longest first."""
    asked = person.agencies_for("answer", "hand_over")
    return (
        HandOver.objects.filter(OPEN, to_agency__in=asked)
        .visible_to(person, roles=VIEWERS)
        .select_related("from_agency", "to_agency", "follow_up__deadline")
        .select_related("order__case__respondent__town")
        .order_by("offered_at", "id")
    )


def with_all(found: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """The follow-ups with all that a page shows of one in a line; `standing_offers` are the open ones."""
    offers = HandOver.objects.filter(OPEN).select_related("to_agency")
    return found.select_related(
        "order__case__respondent__town", "order__case__court", "deadline", "owner", "assigned_to"
    ).prefetch_related(Prefetch("hand_overs", queryset=offers, to_attr="standing_offers"))
