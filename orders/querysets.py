"""Sets of rows: who sees which orders, and what is open."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.access import MATRIX
from accounts.models import Membership, Role, User

Row = TypeVar("Row", bound=models.Model)


class OrderQuerySet(models.QuerySet[Row]):
    """Orders."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        through: int | None = None,
    ) -> Self:
        """The orders that concern an agency of this person's, in a capacity that the person's role looks at;
        for an advocate, those for which a release stands now, by the database's clock.

        The one gate: what it leaves out does not exist for the person. With `roles` only what the person sees
        in one of these; with `through`, as a member of that agency.
        """
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        concerned, released = Q(), []
        for membership in user.memberships.all():
            if not _is_asked_for(membership, roles, through):
                continue
            if capacities := MATRIX.concerned_as.get(membership.role):
                concerned |= Q(agency=membership.agency_id, capacity__in=capacities)
            elif membership.role == Role.ADVOCATE:
                released.append(membership.agency_id)
        ways = []
        if concerned:
            concerns: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("orders", "Concern"))
            ways.append(Exists(concerns.filter(concerned, order=OuterRef("pk"))))
        if released:
            releases: ReleaseQuerySet[models.Model] = ReleaseQuerySet(apps.get_model("orders", "Release"))
            ways.append(Exists(releases.standing().filter(agency__in=released, order=OuterRef("pk"))))
        return self.filter(reduce(or_, map(Q, ways))) if ways else self.none()


def _is_asked_for(membership: Membership, roles: Collection[str] | None, through: int | None) -> bool:
    """True for a membership in one of these roles, in that agency; None asks for any."""
    return (roles is None or membership.role in roles) and through in (None, membership.agency_id)


class OfOrderQuerySet(models.QuerySet[Row]):
    """Rows that belong to one order and are seen by whoever sees the order."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        through: int | None = None,
    ) -> Self:
        """The rows of orders that this person sees; with `roles`, in one of these; `through` an agency."""
        orders: OrderQuerySet[models.Model] = OrderQuerySet(apps.get_model("orders", "Order"))
        seen = orders.filter(pk=OuterRef("order_id")).visible_to(user, roles=roles, through=through)
        return self.filter(Exists(seen))


class ReleaseQuerySet(OfOrderQuerySet[Row]):
    """Releases."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        through: int | None = None,
    ) -> Self:
        """The releases of orders that concern an agency of this person's; for an advocate those to the own
        organization alone, while they stand: that there is another says whose client the person is, too."""
        seeing = MATRIX.concerned_as.keys() & (roles or MATRIX.roles)
        concerned = super().visible_to(user, roles=seeing, through=through)
        if not isinstance(user, User) or not user.is_active or Role.ADVOCATE not in (roles or MATRIX.roles):
            return concerned
        own = [one.agency_id for one in user.memberships.all() if one.role == Role.ADVOCATE]
        return concerned | self.standing().filter(agency__in=own)

    def standing(self) -> Self:
        """Those that stand at this instant."""
        return self.filter(begins_at__lte=Now(), ends_at__gt=Now()).exclude(revoked_at__lte=Now())
