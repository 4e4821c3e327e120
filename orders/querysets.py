"""Sets of rows: who sees which orders, and what is open."""

from __future__ import annotations

from typing import Self, TypeVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Role, User

Row = TypeVar("Row", bound=models.Model)

#: In which capacities an order must concern a person's agency for the person to see it. A role that is not
#: here sees no order: an advocate's releases come with the access rules, an administrator's role shows none.
SEES_AS: dict[str, tuple[str, ...]] = {
    Role.CLERK: ("court",),
    Role.JUDGE: ("court",),
    Role.LIAISON: ("respondent_police", "service_police"),
    Role.MARSHAL: ("marshal",),
    Role.PROSECUTOR: ("prosecutor",),
}


class OrderQuerySet(models.QuerySet[Row]):
    """Orders."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The orders that concern an agency of this person's, in a capacity that the person's role looks at.

        The one gate: what it leaves out does not exist for the person.
        """
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        allowed = Q(pk__in=[])
        for membership in user.memberships.all():
            if capacities := SEES_AS.get(membership.role):
                allowed |= Q(agency=membership.agency_id, capacity__in=capacities)
        concerns: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("orders", "Concern"))
        return self.filter(Exists(concerns.filter(allowed, order=OuterRef("pk"))))


class OfOrderQuerySet(models.QuerySet[Row]):
    """Rows that belong to one order and are seen by whoever sees the order."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The rows of orders that this person sees."""
        orders: OrderQuerySet[models.Model] = OrderQuerySet(apps.get_model("orders", "Order"))
        return self.filter(Exists(orders.filter(pk=OuterRef("order_id")).visible_to(user)))
