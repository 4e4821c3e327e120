"""The history of an order: what was done to it, by whom, when and why."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import OutputSerializer
from orders.api.base import OrderChildList
from orders.models import HistoryEntry, Order
from orders.services.orders.history_seen import seen_by
from orders.services.parties.visibility import roles_over


class HistoryEntryOutput(OutputSerializer):
    """An entry in an order's history. It never changes."""

    resource = "history_entry"
    number = serializers.IntegerField(
        help_text="Counts the entries of the order that you see, beginning with 1 for the oldest."
    )
    order = serializers.UUIDField(source="order.public_id")
    kind = serializers.CharField()
    occurred_at = InstantField(help_text="When it happened.")
    recorded_at = InstantField(help_text="When it was recorded here.")
    actor = serializers.CharField(source="actor.name", allow_null=True)
    reason = serializers.CharField()
    data: Any = serializers.JSONField(
        help_text="What changed, with old and new values, and which deadlines moved."
    )


class HistoryList(OrderChildList):
    """What was done to the order, the newest entry first."""

    resource = "history_entry"
    queryset = HistoryEntry.objects.select_related("actor")
    output = HistoryEntryOutput
    ordering = ("-id",)

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Leave out entries about what the caller may not know."""
        roles = roles_over(self.user, {order.pk})[order.pk]
        return seen_by(super().get_children(queryset, order), roles)

    @override
    def paginate_queryset(self, queryset: Any, **options: Any) -> list[Any]:
        """Return one page, numbered within the order: a global number would show how many there are."""
        page = super().paginate_queryset(queryset, **options)
        if page:
            newest = page[0]
            numbered = self.get_children(HistoryEntry.objects.all(), newest.order)
            number = numbered.filter(id__lte=newest.pk).count()
            for back, entry in enumerate(page):
                entry.number = number - back
        return page


urlpatterns = [path("orders/<uuid:id>/history", HistoryList.as_view(), name="order-history")]
