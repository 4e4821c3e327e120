"""The three numbers of an order's firearms."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.serializers import OutputSerializer
from accounts.api.views import ResourceDetail
from orders.api.base import OrderView
from orders.api.serializers import IdsField
from orders.services.firearms.accounting import FirearmAccount, account_of


class InventoryOutput(OutputSerializer):
    """What the application alleges, what is listed, and what is accounted for.

    The surrender duty is proven only when the whole is accounted for: every listed item, and as many firearms
    as are alleged.
    """

    resource = "inventory"
    alleged = serializers.IntegerField(
        allow_null=True, help_text="How many firearms the application alleges; null without a number."
    )
    listed = serializers.IntegerField(help_text="Firearms on the list of the case.")
    accounted_for = serializers.IntegerField(source="accounted")
    whole = serializers.IntegerField(help_text="How many firearms must be accounted for.")
    is_complete = serializers.BooleanField()
    words = serializers.CharField(source="numbers", help_text="The numbers in one line.")
    open_firearms = IdsField(source="open_items", help_text="Listed items that are not accounted for.")
    open_reasons = serializers.ListField(
        child=serializers.CharField(), source="why_open", help_text="Why the duty is open, in sentences."
    )


class InventoryDetail(OrderView, ResourceDetail):
    """The three numbers of the order: alleged, listed, accounted for."""

    resource = "inventory"
    output = InventoryOutput

    @override
    def get_object(self) -> FirearmAccount:
        order = self.get_order()
        self.check_order_roles(order, "view")
        return account_of(order)


urlpatterns = [path("orders/<uuid:id>/inventory", InventoryDetail.as_view(), name="order-inventory")]
