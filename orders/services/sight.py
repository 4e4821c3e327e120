"""In which roles a person sees an order: it decides which of its fields are shown and what may be done."""

from __future__ import annotations

from collections.abc import Collection

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.models import Concern, Release


def roles_over(user: User, orders: Collection[int]) -> dict[int, frozenset[str]]:
    """For each of these orders (by key), which the person sees, the roles by which the person does.

    One role that sees orders is all a person usually has, and then nothing is asked.
    """
    seeing = user.roles & (MATRIX.concerned_as.keys() | {Role.ADVOCATE})
    if len(seeing) < 2:  # noqa: PLR2004 - one or none
        return dict.fromkeys(orders, frozenset(seeing))
    found: dict[int, set[str]] = {pk: set() for pk in orders}
    concerns = set(Concern.objects.filter(order__in=orders).values_list("order", "agency", "capacity"))
    releases = set(Release.objects.standing().filter(order__in=orders).values_list("order", "agency"))
    for membership in user.memberships.all():
        capacities = MATRIX.concerned_as.get(membership.role, ())
        for pk, roles in found.items():
            if any((pk, membership.agency_id, capacity) in concerns for capacity in capacities) or (
                membership.role == Role.ADVOCATE and (pk, membership.agency_id) in releases
            ):
                roles.add(membership.role)
    return {pk: frozenset(roles) for pk, roles in found.items()}
