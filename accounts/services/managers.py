"""Who manages whose account: administrators all, agency administrators the people of their own agency.

An agency administrator manages an account only if every role of it is in an agency of theirs, and no role is
one of the whole site. So no one gains a right elsewhere by it.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.models import Agency, Membership, Role, User
from accounts.models.people import SITE_ROLES


def is_site_administrator(by: Any) -> bool:
    """Return True for administrators of the whole site."""
    return isinstance(by, User) and Role.ADMINISTRATOR in by.roles


def managed_agencies(by: Any) -> frozenset[int]:
    """Return the agencies (keys) that the person administers."""
    held = by.memberships.all() if isinstance(by, User) else ()
    return frozenset(
        one.agency_id for one in held if one.role == Role.AGENCY_ADMINISTRATOR and one.agency_id is not None
    )


def agencies_to_choose(by: Any) -> QuerySet[Agency]:
    """Return the agencies in which the person may grant roles."""
    return (
        Agency.objects.all()
        if is_site_administrator(by)
        else Agency.objects.filter(pk__in=managed_agencies(by))
    )


def people_managed_by(by: Any) -> QuerySet[User]:
    """Return the accounts that the person may see and manage."""
    if is_site_administrator(by):
        return User.objects.all()
    agencies = managed_agencies(by)
    held = Membership.objects.filter(user=OuterRef("pk"))
    elsewhere = held.filter(Q(agency=None) | ~Q(agency__in=agencies) | Q(role__in=SITE_ROLES))
    return User.objects.filter(Exists(held), ~Exists(elsewhere), is_system=False)


def check_manages(request: HttpRequest | None, user: User) -> None:
    """Raise PermissionDenied unless the person of the request may manage the account, or it is their own.

    Without a person, the system itself or someone who is signing in acts.
    """
    by = getattr(request, "user", None)
    if not isinstance(by, User) or by == user or is_site_administrator(by):
        return
    if not people_managed_by(by).filter(pk=user.pk).exists():
        raise PermissionDenied


def check_grants(request: HttpRequest | None, membership: Membership) -> None:
    """Raise PermissionDenied unless the person of the request may grant, change or revoke this role."""
    by = getattr(request, "user", None)
    if not isinstance(by, User) or is_site_administrator(by):
        return
    is_theirs = membership.agency_id in managed_agencies(by) and membership.role not in SITE_ROLES
    has_others = Membership.objects.filter(user=membership.user).exists()
    if not is_theirs or (has_others and not people_managed_by(by).filter(pk=membership.user_id).exists()):
        raise PermissionDenied
