"""What was done to an order, by whom, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.body import InstantField, Shown
from orders.api.base import OrderRows
from orders.models import Event, Order
from orders.services.involved import OF_SCHOOLS
from orders.services.releases import OF_RELEASES
from orders.services.sight import roles_over


class EventOut(Shown):
    """One act. It never changes."""

    thing = "event"
    number = serializers.IntegerField(help_text="Counts the order's events that you see; the oldest is 1.")
    order = serializers.UUIDField(source="order.public_id")
    kind = serializers.CharField()
    occurred_at = InstantField(help_text="When it happened in the world.")
    recorded_at = InstantField(help_text="When it was recorded here.")
    actor = serializers.CharField(source="actor.name", allow_null=True)
    reason = serializers.CharField()
    data = serializers.JSONField(  # type: ignore[assignment]
        help_text="What changed, old and new, and which deadlines that moved."
    )


class Events(OrderRows):
    """What was done to the order, the newest first."""

    thing = "event"
    shows = EventOut
    order_by = ("-id",)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Event.objects.select_related("actor")

    @override
    def rows_of(self, order: Order) -> QuerySet[Any]:
        """Without those of releases for whoever sees no releases, and for all but the court without those of
        a school: that there is one says enough."""
        events, roles = super().rows_of(order), roles_over(self.user, {order.pk})[order.pk]
        if not MATRIX.may(roles, "view", "release"):
            events = events.exclude(kind__in=OF_RELEASES)
        return events if roles & MATRIX.capacities["court"].seen_by else events.exclude(OF_SCHOOLS)

    @override
    def shown(self, rows: Sequence[Any], shape: type[Shown] | None = None) -> list[dict[str, Any]]:
        """One page, each event with its number within the order: one that counts all orders' would tell."""
        if rows:
            newest = rows[0]
            number = self.rows_of(newest.order).filter(id__lte=newest.pk).count()
            for back, event in enumerate(rows):
                event.number = number - back
        return super().shown(rows, shape)
