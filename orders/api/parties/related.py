"""The other orders against the respondent of an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.serializers import OutputSerializer
from orders.api.computed import OrderComputedList
from orders.services.order_state import STATE_CHOICES
from orders.services.related_orders import RelatedOrder, related_orders


class RelatedOrderOutput(OutputSerializer):
    """Another order against the same person."""

    resource = "related_order"
    order = serializers.UUIDField(
        source="visible_id", allow_null=True, help_text="Null if you do not see it."
    )
    court = serializers.CharField(source="order.case.court.name")
    docket_number = serializers.CharField(source="order.case.docket_number")
    last_day = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    conflicts = serializers.ListField(
        child=serializers.CharField(),
        help_text="The terms that differ from this order, if both protect the same person and are in force.",
    )

    @override
    def to_representation(self, instance: RelatedOrder) -> dict[str, Any]:
        """Return the fields that the caller may see; of an order that the caller does not see, no service."""
        body = super().to_representation(instance)
        body["state"] = instance.state.name.lower() if instance.is_visible else "in_force"
        return body


class RelatedOrderList(OrderComputedList):
    """The other orders against the person: those that you see, and that another court has one in force."""

    resource = "related_order"
    output = RelatedOrderOutput

    @override
    def get_queryset(self) -> Any:
        return related_orders(self.order, user=self.user, now=self.now)

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        return {row.order.case.public_id for row in rows}


urlpatterns = [
    path("orders/<uuid:id>/related-orders", RelatedOrderList.as_view(), name="order-related-orders"),
]
