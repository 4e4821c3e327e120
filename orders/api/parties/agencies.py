"""Agencies added to an order: those that serve it, and those that get the court's notice of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import Agency
from orders.api.base import OrderAction, OrderChildList
from orders.api.serializers import OrderAgencyOutput, OrderOutput, ReasonInput
from orders.models import Order, OrderAgency
from orders.services.parties import agencies


class OrderAgencyInput(InputSerializer):
    """An agency is added to the order."""

    agency = NamedField(
        queryset=Agency.objects.all(), help_text="Marshals, a school, or the firearms licensing unit."
    )


class OrderAgencyList(OrderChildList, OrderAction):
    """The agencies that were added, in that order; schools only for the court. POST adds one."""

    resource = "order_agency"
    actions = {"GET": "view", "POST": "add"}
    queryset = OrderAgency.objects.all()
    input = OrderAgencyInput
    output = OrderAgencyOutput
    service = staticmethod(agencies.add_agency)
    undo = "order-agency-removals"

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Return the added agencies that the caller may know of."""
        return agencies.added_agencies(order).visible_to(self.user, roles=self.viewers)


class AgencyRemovalInput(ReasonInput):
    """Which agency to remove, as the list shows it, and why."""

    agency = NamedField(queryset=Agency.objects.all())
    capacity = serializers.ChoiceField(choices=sorted(agencies.ADDABLE.values()))


class AgencyRemovalCreate(OrderAction):
    """POST: the agency no longer sees the order and gets no further notifications about it."""

    resource = "order_agency"
    actions = {"POST": "remove"}
    input = AgencyRemovalInput
    output = OrderOutput
    service = staticmethod(agencies.remove_agency)
    detail_route = "order"
    undo = "order-agencies"


urlpatterns = [
    path("orders/<uuid:id>/agencies", OrderAgencyList.as_view(), name="order-agencies"),
    path("orders/<uuid:id>/agency-removals", AgencyRemovalCreate.as_view(), name="order-agency-removals"),
]
