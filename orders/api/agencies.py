"""Agencies that were named for an order: who serves it, and to whom the court gives notice of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, NamedField
from accounts.models import Agency
from orders.api.base import OrderAct, OrderRows
from orders.api.shapes import ConcernOut, OrderOut, ReasonIn
from orders.models import Order
from orders.services import involved


class ConcernIn(Given):
    """The order is an agency's business."""

    agency = NamedField(
        queryset=Agency.objects.all(), help_text="Marshals, a school, or the firearms licensing unit."
    )


class NamedAgencies(OrderRows, OrderAct):
    """The agencies that were named, the first one first; a school only for the court. POST names one."""

    thing = "concern"
    acts = {"GET": "view", "POST": "add"}
    shows = ConcernOut
    body = ConcernIn
    service = staticmethod(involved.involve_agency)

    @override
    def rows_of(self, order: Order) -> QuerySet[Any]:
        """Those of this order that the caller may know of."""
        return involved.involved(order).visible_to(self.user, roles=self.viewers)


class ConcernWithdrawalIn(ReasonIn):
    """Which agency is no longer named, as the list shows it, and why."""

    agency = NamedField(queryset=Agency.objects.all())
    capacity = serializers.ChoiceField(choices=sorted(involved.NAMED.values()))


class AgencyWithdrawals(OrderAct):
    """POST: the agency sees the order no more, and is told nothing more of it."""

    thing = "concern"
    acts = {"POST": "remove"}
    shows = OrderOut
    body = ConcernWithdrawalIn
    service = staticmethod(involved.drop_agency)
    route = "order"
