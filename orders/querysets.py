"""Sets of rows: who sees which orders, and what is open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.functions import Now

from accounts.access import MATRIX
from accounts.models import Agency, Membership, Role, User

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
        return self.filter(sight(user, roles=roles, through=through).of("pk"))


class _IsAnyOf(Func):
    """True of a column whose value is in an array.

    Not `IN`: PostgreSQL would turn that into a join and might walk another index than the column's.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


@dataclass(frozen=True)
class Sight:
    """The orders that somebody sees: `ways` are sets of concerns and of releases, each row with its order."""

    ways: tuple[models.QuerySet[Any], ...]

    def of(self, order: str) -> Q:
        """The condition, to be asked of each row; `order` is the column with the order's key."""
        asked = (Q(Exists(way.filter(order=OuterRef(order)))) for way in self.ways)
        return reduce(or_, asked, Q(pk__in=[]))

    def all_of(self, order: str) -> Q:
        """The same condition, where the orders are found first and the rows by their order: the work grows
        with the orders that the person sees, and not with the rows of others that come before theirs."""
        found = (Q(_IsAnyOf(F(order), ArraySubquery(way.values("order")))) for way in self.ways)
        return reduce(or_, found, Q(pk__in=[]))

    def concerning(self, agency: Agency, **capacity: str) -> Sight:
        """Of these orders those that are this agency's business too.

        Asked of concerns, which have an index from the agency, and never of the case: which court a case is
        in would be found out row by row.
        """
        theirs = _concerns().filter(agency=agency, order=OuterRef("order"), **capacity)
        return Sight(tuple(way.filter(Exists(theirs)) for way in self.ways))


def sight(
    user: AbstractBaseUser | AnonymousUser,
    *,
    roles: Collection[str] | None = None,
    through: int | None = None,
) -> Sight:
    """What the person sees; with `roles` in one of these, with `through` as a member of that agency."""
    if not isinstance(user, User) or not user.is_active:
        return Sight(())
    concerned, released = Q(), []
    for membership in user.memberships.all():
        if not _is_asked_for(membership, roles, through):
            continue
        if capacities := MATRIX.concerned_as.get(membership.role):
            concerned |= Q(agency=membership.agency_id, capacity__in=capacities)
        elif membership.role == Role.ADVOCATE:
            released.append(membership.agency_id)
    ways: list[models.QuerySet[Any]] = []
    if concerned:
        ways.append(_concerns().filter(concerned))
    if released:
        releases: ReleaseQuerySet[models.Model] = ReleaseQuerySet(apps.get_model("orders", "Release"))
        ways.append(releases.standing().filter(agency__in=released))
    return Sight(tuple(ways))


def _concerns() -> models.QuerySet[models.Model]:
    return models.QuerySet(apps.get_model("orders", "Concern"))


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
        return self.filter(sight(user, roles=roles, through=through).of("order_id"))


#: A school tells where somebody is by day.
_NO_SCHOOL = ~Q(capacity="school")


def school_for_court(
    user: AbstractBaseUser | AnonymousUser,
    *,
    roles: Collection[str] | None = None,
    through: int | None = None,
) -> Q:
    """True of rows in any other capacity than a school's, and of a school's where the person sees the row's
    order as the court."""
    court = MATRIX.capacities["court"].seen_by & (MATRIX.roles if roles is None else frozenset(roles))
    return _NO_SCHOOL | sight(user, roles=court, through=through).of("order_id")


class ConcernQuerySet(OfOrderQuerySet[Row]):
    """Agencies, each with the order that is its business."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        through: int | None = None,
    ) -> Self:
        """Those of orders that this person sees; a school only of orders that are seen as the court."""
        seen = super().visible_to(user, roles=roles, through=through)
        return seen.filter(school_for_court(user, roles=roles, through=through))

    def but_schools(self) -> Self:
        """Those that whoever is concerned may know of."""
        return self.filter(_NO_SCHOOL)


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
