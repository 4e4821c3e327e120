"""Query sets: the one gate for who sees which orders."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any, Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q

from accounts.access import MATRIX
from accounts.models import Agency, Membership, Role, User
from orders.predicates import not_in_error, release_covers_all, release_in_force

Row = TypeVar("Row", bound=models.Model)


class OrderQuerySet(models.QuerySet[Row]):
    """Orders."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """Orders visible to `user`: those of the person's agencies, in a capacity that the role may see.

        An advocate sees orders with a release in force, by the database's clock. This is the one gate: what
        it leaves out does not exist for the person. `roles` keeps only what the person sees in one of these
        roles, `via_agency` what the person sees as a member of that agency.
        """
        return self.filter(order_visibility(user, roles=roles, via_agency=via_agency).for_index_scan("pk"))

    def entered_in_error(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Orders entered in error that `user` may see: the court's people alone."""
        return self.filter(_in_error(user))

    def known_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Orders visible to `user`, and those entered in error that `user` may see."""
        return self.filter(order_visibility(user).for_index_scan("pk") | _in_error(user))


def _in_error(user: AbstractBaseUser | AnonymousUser) -> Q:
    """Orders entered in error that `user` sees as the court."""
    court = MATRIX.capacities["court"].seen_by
    visibility = order_visibility(user, roles=court, entered_in_error=True)
    return Q(withdrawn_at__isnull=False) & visibility.for_index_scan("pk")


class _IsAnyOf(Func):
    """True if a column's value is in an array.

    Not `IN`: PostgreSQL would turn that into a join and might use another index than the column's.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


@dataclass(frozen=True)
class OrderVisibility:
    """The orders that a person sees. `sources` are query sets of order agencies and of releases."""

    sources: tuple[models.QuerySet[Any], ...]

    def for_index_scan(self, order: str) -> Q:
        """Test each row while PostgreSQL walks an index of the rows; `order` names the order's column."""
        tests = (Q(Exists(source.filter(order=OuterRef(order)))) for source in self.sources)
        return reduce(or_, tests, Q(pk__in=[]))

    def by_agency(self, order: str) -> Q:
        """The same condition, but PostgreSQL finds the visible orders first and then their rows.

        The work grows with the orders that the person sees, not with other people's rows that sort first.
        """
        tests = (Q(_IsAnyOf(F(order), ArraySubquery(source.values("order")))) for source in self.sources)
        return reduce(or_, tests, Q(pk__in=[]))

    def also_of(self, agency: Agency, **capacity: str) -> OrderVisibility:
        """Keep only orders that are also the business of `agency`.

        The filter starts from `OrderAgency`, which has an index on the agency. Starting from the case would
        look up the court of each row.
        """
        theirs = _order_agencies().filter(agency=agency, order=OuterRef("order"), **capacity)
        return OrderVisibility(tuple(source.filter(Exists(theirs)) for source in self.sources))


def order_visibility(
    user: AbstractBaseUser | AnonymousUser,
    *,
    roles: Collection[str] | None = None,
    via_agency: int | None = None,
    entered_in_error: bool = False,
) -> OrderVisibility:
    """The orders that the person sees, optionally only in some roles or as a member of one agency (by key).

    Without a role that sees orders, and for inactive accounts, it is empty. Orders entered in error are left
    out, unless `entered_in_error`.
    """
    if not isinstance(user, User) or not user.is_active:
        return OrderVisibility(())
    by_capacity, released_to = Q(), []
    for membership in user.memberships.all():
        if not _is_wanted(membership, roles, via_agency):
            continue
        if capacities := MATRIX.capacities_by_role.get(membership.role):
            by_capacity |= Q(agency=membership.agency_id, capacity__in=capacities)
        elif membership.role == Role.ADVOCATE:
            released_to.append(membership.agency_id)
    sources = _sources(by_capacity, released_to)
    if not entered_in_error:
        sources = [source.filter(not_in_error("order_id")) for source in sources]
    return OrderVisibility(tuple(sources))


def _sources(by_capacity: Q, released_to: Collection[int | None]) -> list[models.QuerySet[Any]]:
    """The order agencies and the releases that make orders visible."""
    sources: list[models.QuerySet[Any]] = []
    if by_capacity:
        sources.append(_order_agencies().filter(by_capacity))
    if released_to:
        releases: ConfidentialityReleaseQuerySet[models.Model] = ConfidentialityReleaseQuerySet(
            apps.get_model("orders", "ConfidentialityRelease")
        )
        # What a narrower release covers is on the pages of its organization only.
        sources.append(releases.in_force().filter(release_covers_all(), agency__in=released_to))
    return sources


def _order_agencies() -> models.QuerySet[models.Model]:
    return models.QuerySet(apps.get_model("orders", "OrderAgency"))


def _is_wanted(membership: Membership, roles: Collection[str] | None, via_agency: int | None) -> bool:
    """True for a membership in one of these roles and in that agency; None means any."""
    return (roles is None or membership.role in roles) and via_agency in (None, membership.agency_id)


class OfOrderQuerySet(models.QuerySet[Row]):
    """Rows that belong to one order and are visible to everyone who sees the order."""

    def of_case(self, *cases: int) -> Self:
        """Rows of the orders of these cases (by key), without orders entered in error."""
        return self.filter(order__case__in=cases, order__withdrawn_at=None)

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """Rows of orders visible to `user`; the arguments are as in `OrderQuerySet.visible_to`."""
        return self.filter(
            order_visibility(user, roles=roles, via_agency=via_agency).for_index_scan("order_id")
        )


#: A school reveals where a protected person is during the day.
_OF_SCHOOL = Q(capacity="school")
#: How the ids of the announcements begin that show that a school was named.
ABOUT_SCHOOL = "ANN-SCHOOL"


def school_for_court(
    user: AbstractBaseUser | AnonymousUser,
    *,
    roles: Collection[str] | None = None,
    via_agency: int | None = None,
    of_school: Q = _OF_SCHOOL,
) -> Q:
    """Rows that are not `of_school`; those that are, only if the person sees the order as the court."""
    court = MATRIX.capacities["court"].seen_by & (MATRIX.roles if roles is None else frozenset(roles))
    return ~of_school | order_visibility(user, roles=court, via_agency=via_agency).for_index_scan("order_id")


class OrderAgencyQuerySet(OfOrderQuerySet[Row]):
    """The agencies of orders."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """Agencies of the visible orders; schools only if the person sees the order as the court."""
        seen = super().visible_to(user, roles=roles, via_agency=via_agency)
        return seen.filter(school_for_court(user, roles=roles, via_agency=via_agency))

    def without_schools(self) -> Self:
        """The agencies that everyone with access to the order may know."""
        return self.filter(~_OF_SCHOOL)


class ConfidentialityReleaseQuerySet(OfOrderQuerySet[Row]):
    """Releases."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """Releases of the visible orders; for an advocate only those to the own organization, while in force.

        A release to another organization would reveal whose client the protected person is.
        """
        in_capacity = MATRIX.capacities_by_role.keys() & (roles or MATRIX.roles)
        visible = super().visible_to(user, roles=in_capacity, via_agency=via_agency)
        if not isinstance(user, User) or not user.is_active or Role.ADVOCATE not in (roles or MATRIX.roles):
            return visible
        own = [one.agency_id for one in user.memberships.all() if one.role == Role.ADVOCATE]
        return visible | self.in_force().filter(agency__in=own)

    def in_force(self) -> Self:
        """Releases in force now, by the database's clock."""
        return self.filter(release_in_force())


class AttachmentQuerySet(OfOrderQuerySet[Row]):
    """Files. Each kind is visible to the roles that the matrix names for it; withdrawn ones to no one."""

    def visible_to(
        self,
        user: AbstractBaseUser | AnonymousUser,
        *,
        roles: Collection[str] | None = None,
        via_agency: int | None = None,
    ) -> Self:
        """Files of the visible orders, of the kinds that the person sees in a role over that order."""
        wanted = MATRIX.roles if roles is None else frozenset(roles)
        seen = Q(pk__in=[])
        for viewers, kinds in _kinds_by_viewers().items():
            visible = order_visibility(user, roles=viewers & wanted, via_agency=via_agency)
            seen |= Q(kind__in=kinds) & visible.for_index_scan("order_id")
        return self.filter(seen, withdrawn_at=None)


#: How the actions of the matrix begin that name who sees a kind of file.
VIEW_KIND = "view_"


@cache
def _kinds_by_viewers() -> dict[frozenset[str], list[str]]:
    """The kinds of files by the roles that see them."""
    found: dict[frozenset[str], list[str]] = {}
    for action, viewers in MATRIX.resources["attachment"].actions.items():
        if action.startswith(VIEW_KIND):
            found.setdefault(viewers, []).append(action.removeprefix(VIEW_KIND))
    return found
