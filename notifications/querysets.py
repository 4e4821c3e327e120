"""Sets of alerts."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef


class AlertQuerySet(models.QuerySet["rows.Alert"]):
    """Alerts."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> AlertQuerySet:
        """The alerts about orders that this person sees."""
        from orders.models import Order

        seen = Order.objects.filter(pk=OuterRef("order_id"))
        return self.filter(Exists(seen.visible_to(user)))

    def unanswered(self) -> AlertQuerySet:
        """Alerts that nobody acknowledged and that still mean something."""
        from notifications.models import AlertState

        return self.filter(acknowledged_at=None).exclude(state=AlertState.WITHDRAWN)
