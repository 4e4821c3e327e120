"""Sets of alerts and of safe contacts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.querysets import OfOrderQuerySet, ReleaseQuerySet, school_for_court

Row = TypeVar("Row", bound=models.Model)

#: What a list of alerts shows of each.
LISTED = (
    "order__case",
    "checkpoint__deadline",
    "hand_over__follow_up__deadline",
    "agency",
    "recipient",
    "acknowledged_by",
)


class AlertQuerySet(OfOrderQuerySet[Row]):
    """Alerts, seen by whoever sees their order; those that a release led to, by its organization alone."""

    @override
    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        through: int | None = None,
    ) -> Self:
        """The alerts of orders that this person sees, and may know of."""
        return super().visible_to(user, roles=roles, through=through).known_to(user)

    def known_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Without those that a release called for, but for members of its organization: that there is one
        says whose client somebody is, and how the person hears. And without those to a school, but for its
        own people and where the order is seen as the court: it tells where somebody is by day. Those of an
        offer are for who sees offers."""
        held = list(user.memberships.all()) if isinstance(user, User) else []
        clients = [one.agency_id for one in held if one.role == Role.ADVOCATE]
        known = self.filter(models.Q(release=None) | models.Q(agency__in=clients))
        if not MATRIX.may({one.role for one in held}, "view", "hand_over"):
            known = known.filter(hand_over=None)
        own = models.Q(agency__in=[one.agency_id for one in held])
        return known.filter(school_for_court(user) | own)

    def unanswered(self) -> Self:
        """Alerts that nobody acknowledged and that still stand; the index `alert_unanswered` serves it.

        One of an offer stands until the offer is answered or withdrawn; one of a refusal, as long as who
        offered it answers for the open task.
        """
        offers: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("orders", "HandOver"))
        news = offers.filter(
            models.Q(to_agency=OuterRef("agency"), answered_at=None, withdrawn_at=None)
            | models.Q(from_agency=OuterRef("agency"), follow_up__owner=OuterRef("agency"))
            & models.Q(follow_up__closed_at=None),
            pk=OuterRef("hand_over"),
        )
        # Asked of the few alerts that tell of an offer alone.
        stands = models.Q(hand_over=None) | Exists(news)
        return self.filter(stands, ~models.Q(state=7), acknowledged_at=None)

    def with_what_they_tell(self) -> Self:
        """With all that a page shows of each, however many they are."""
        return self.select_related(
            *LISTED,
            "order__case__respondent__town",
            "order__case__court",
            "hand_over__from_agency",
            "hand_over__to_agency",
            "handed_by",
        )


class SafeContactQuerySet(models.QuerySet[Row]):
    """Safe contacts: the business of the organization that the release names, and of nobody else."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Those of the advocate's own organization, while the release stands."""
        releases: ReleaseQuerySet[models.Model] = ReleaseQuerySet(apps.get_model("orders", "Release"))
        standing = releases.filter(pk=OuterRef("release_id")).visible_to(user, roles={Role.ADVOCATE})
        return self.filter(Exists(standing))

    def in_force(self) -> Self:
        """Those that stand at this instant: not ended, and of a release that stands."""
        releases: ReleaseQuerySet[models.Model] = ReleaseQuerySet(apps.get_model("orders", "Release"))
        return self.filter(Exists(releases.filter(pk=OuterRef("release_id")).standing()), ended_at=None)

    def unconfirmed(self) -> Self:
        """Those that nobody confirmed in their time: nothing is sent by them."""
        return self.filter(ended_at=None, confirmed_at__lte=Now() - F("confirm_every"))
