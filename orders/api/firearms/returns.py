"""Return of firearms by police to the respondent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField, NamedField
from accounts.models import POLICE, Agency, User
from orders.api.base import CaseChildList, ChildAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.inventory import FirearmDetail
from orders.api.serializers import AsGivenField, ConfirmInput, OrderChildOutput
from orders.models import Confirmed, Firearm, FirearmReturn
from orders.services.firearms import returns


class FirearmReturnOutput(OrderChildOutput):
    """The return of one firearm."""

    resource = "firearm_return"
    firearm = serializers.UUIDField(source="firearm.public_id")
    returned_at = AsGivenField()
    agency = serializers.CharField(source="agency.name", help_text="The agency that had custody.")
    officer = serializers.CharField(help_text="The officer who returned it.")
    confirmed = serializers.ListField(child=serializers.ChoiceField(choices=Confirmed.choices))


class FirearmReturnInput(ConfirmInput):
    """The firearm was returned."""

    returned_at = InstantField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    officer = serializers.CharField(max_length=120)
    confirmed = serializers.ListField(
        child=serializers.ChoiceField(choices=Confirmed.choices),
        required=False,
        max_length=len(Confirmed),
        help_text="Which legal conditions were checked. Whether the order has ended is on record already.",
    )


def return_firearm(firearm: Firearm, *, by: User, now: datetime, **facts: Any) -> FirearmReturn:
    """Record the return of one firearm. Raises `InvalidFact`."""
    (returned,) = returns.record_return(firearm.order, firearms=[firearm], by=by, now=now, **facts)
    return returned


class FirearmReturnCreate(ChildAction):
    """POST: the firearm was returned to the respondent, if the law that applies to the order allows it."""

    resource = "firearm"
    actions = {"POST": "return"}
    detail_view = FirearmDetail
    input = FirearmReturnInput
    output = FirearmReturnOutput
    service = staticmethod(return_firearm)
    detail_route = "return"
    undo = "return-withdrawals"


class OrderReturnList(CaseChildList):
    """The returns of firearms of the case."""

    resource = "firearm_return"
    queryset = FirearmReturn.objects.select_related("firearm", "agency")
    output = FirearmReturnOutput


class FirearmReturnDetail(CorrectableDetail):
    """The return of one firearm. PATCH corrects it."""

    resource = "firearm_return"
    queryset = FirearmReturn.objects.select_related("firearm", "agency")
    input = correction_of(FirearmReturnInput)
    output = FirearmReturnOutput


class ReturnWithdrawalCreate(WithdrawalCreate):
    """POST: the return was an error and is removed. Police have the firearm."""

    resource = "firearm_return"
    detail_view = FirearmReturnDetail
    undo = "firearm-returns"


urlpatterns = [
    path("orders/<uuid:id>/returns", OrderReturnList.as_view(), name="order-returns"),
    path("firearms/<uuid:id>/returns", FirearmReturnCreate.as_view(), name="firearm-returns"),
    path("returns/<uuid:id>", FirearmReturnDetail.as_view(), name="return"),
    path("returns/<uuid:id>/withdrawals", ReturnWithdrawalCreate.as_view(), name="return-withdrawals"),
]
