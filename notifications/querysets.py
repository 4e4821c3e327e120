"""Querysets of alerts, preferences and safe contacts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.predicates import transfer_is_open
from orders.querysets import (
    ABOUT_SCHOOL,
    ConfidentialityReleaseQuerySet,
    OfOrderQuerySet,
    order_visibility,
    school_for_court,
)

Row = TypeVar("Row", bound=models.Model)

#: `AlertState.WITHDRAWN`; querysets import no model.
WITHDRAWN = 7
#: `AlertState.FAILED`.
FAILED = 6
#: States in which an alert reaches no one.
_NOT_SENT = (FAILED, WITHDRAWN)
#: Alerts that show that a school was named: to it, about its answer, and that no one there was reached.
_OF_SCHOOL = (
    models.Q(capacity="school")
    | models.Q(note="no_school")
    | models.Q(checkpoint__deadline__rule_id__startswith=ABOUT_SCHOOL)
)
#: What a list of alerts shows of each.
LISTED = (
    "order__case",
    "checkpoint__deadline",
    "transfer__follow_up__deadline",
    "follow_up__deadline",
    "agency",
    "recipient",
    "acknowledged_by",
)


class AlertQuerySet(OfOrderQuerySet[Row]):
    """Alerts. Who sees the order sees them; those written because of a release, only its organization."""

    @override
    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """The alerts about orders visible to `user`, without those that `known_to` leaves out."""
        return super().visible_to(user, roles=roles, via_agency=via_agency).known_to(user)

    def known_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Leave out alerts that would show too much.

        Alerts because of a release show who is a client of an organization: only its members see them. Alerts
        to a school, and those about it, show where someone is by day: only its own members and the court see
        them. Alerts about a transfer or a follow-up are for roles that see these. A marshal, a school and the
        licensing unit see alerts to their own agency only.
        """
        held = list(user.memberships.all()) if isinstance(user, User) else []
        clients = [one.agency_id for one in held if one.role == Role.ADVOCATE]
        known = self.filter(models.Q(release=None) | models.Q(agency__in=clients))
        if not MATRIX.may({one.role for one in held}, "view", "transfer"):
            known = known.filter(transfer=None)
        if not MATRIX.may({one.role for one in held}, "view", "follow_up"):
            known = known.filter(follow_up=None)
        own = models.Q(agency__in=[one.agency_id for one in held if one.agency_id])
        known = known.filter(school_for_court(user, of_school=_OF_SCHOOL) | own)
        wide = MATRIX.resources["alert"].actions["view_others"]
        if all(one.role in wide for one in held):
            return known
        return known.filter(order_visibility(user, roles=wide).for_index_scan("order_id") | own)

    def unacknowledged(self) -> Self:
        """Alerts that no one acknowledged and that are still news; the index `alert_unanswered` serves it.

        An offer is news until it is answered or withdrawn; a refusal, as long as the agency that offered owns
        the open follow-up.
        """
        offers: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("orders", "Transfer"))
        news = offers.filter(
            (models.Q(to_agency=OuterRef("agency")) & transfer_is_open())
            | models.Q(from_agency=OuterRef("agency"), follow_up__owner=OuterRef("agency"))
            & models.Q(follow_up__closed_at=None),
            pk=OuterRef("transfer"),
        )
        # The subquery runs only for the few alerts about a transfer.
        is_news = models.Q(transfer=None) | Exists(news)
        return self.filter(is_news, ~models.Q(state=WITHDRAWN), acknowledged_at=None)

    def leading(self) -> Self:
        """One alert for each case and person, the newest: acknowledging it answers the others.

        Offers and corrections are rows of their own. Use it on unacknowledged alerts; one that the agency no
        longer sees hides no other.
        """
        agencies: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("orders", "OrderAgency"))
        is_seen = agencies.filter(
            order=OuterRef("order"), agency=OuterRef("agency"), capacity=OuterRef("capacity")
        )
        newer = (
            type(self)(self.model)
            .unacknowledged()
            .to_same_recipient()
            .filter(
                models.Q(created_at__gt=OuterRef("created_at"))
                | models.Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")),
                models.Q(release__isnull=False) | Exists(is_seen),
                order__case=OuterRef("order__case"),
                order__withdrawn_at=None,
                transfer=None,
                correction=None,
            )
        )
        return self.filter(~models.Q(transfer=None, correction=None) | ~Exists(newer))

    def with_replaced(self) -> Self:
        """Annotate `is_replaced`: a later stage of the same deadline was sent to the same recipient."""
        later = (
            type(self)(self.model)
            .to_same_recipient()
            .filter(
                checkpoint__deadline=OuterRef("checkpoint__deadline"),
                checkpoint__revision=OuterRef("checkpoint__revision"),
                checkpoint__fires_at__gt=OuterRef("checkpoint__fires_at"),
                channel=OuterRef("channel"),
                correction=None,
            )
        )
        later = later.exclude(state__in=_NOT_SENT)
        return self.annotate(
            is_replaced=models.Case(
                models.When(
                    ~models.Q(state=FAILED) & models.Q(acknowledged_at=None, correction=None, note=""),
                    then=Exists(later),
                ),
                default=models.Value(value=False),
            )
        )

    def not_replaced(self) -> Self:
        """Leave out what a later stage replaced."""
        return self.with_replaced().filter(is_replaced=False)

    def to_same_recipient(self) -> Self:
        """In a subquery: those that went to the recipient of the outer alert.

        Of alerts because of a release, only those of the same release and for the same reason: news that an
        advocate passes on stays apart.
        """
        keyed = self.annotate(person=Coalesce("recipient", 0), of_release=Coalesce("release", 0))
        return keyed.filter(
            models.Q(release=None) | models.Q(via=OuterRef("via")),
            agency=OuterRef("agency"),
            person=Coalesce(OuterRef("recipient"), 0),
            of_release=Coalesce(OuterRef("release"), 0),
        )

    def with_details(self) -> Self:
        """Fetch in the same query all that a page shows of an alert."""
        return self.select_related(
            *LISTED,
            "order__case__respondent__town",
            "order__case__court",
            "transfer__from_agency",
            "transfer__to_agency",
            "handed_by",
        )


class SafeContactQuerySet(models.QuerySet[Row]):
    """Safe contacts. Only the organization that the release names sees them."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Contacts of the advocate's own organization, while the release is in force."""
        releases: ConfidentialityReleaseQuerySet[models.Model] = ConfidentialityReleaseQuerySet(
            apps.get_model("orders", "ConfidentialityRelease")
        )
        visible = releases.filter(pk=OuterRef("release_id")).visible_to(user, roles={Role.ADVOCATE})
        return self.filter(Exists(visible))

    def in_force(self) -> Self:
        """Contacts that have not ended, of a release in force."""
        releases: ConfidentialityReleaseQuerySet[models.Model] = ConfidentialityReleaseQuerySet(
            apps.get_model("orders", "ConfidentialityRelease")
        )
        return self.filter(Exists(releases.filter(pk=OuterRef("release_id")).in_force()), ended_at=None)

    def unconfirmed(self) -> Self:
        """Contacts that were not confirmed in time: nothing is sent to them."""
        return self.filter(ended_at=None, confirmed_at__lte=Now() - F("confirm_every"))


class PreferenceQuerySet(models.QuerySet[Row]):
    """Preferences."""

    def with_number(self, number: str) -> Self:
        """The preference of the person who uses the number (E.164), whatever key its digest was made with."""
        field: Any = self.model._meta.get_field("phone_digest")
        return self.filter(Q(phone_digest__in=field.candidates(number)) | Q(open_phone=number))
