"""Firearms that leave police custody other than to the respondent."""

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
from orders.models import DisposalKind, Firearm, FirearmDisposal
from orders.services.firearms import disposals


class DisposalOutput(OrderChildOutput):
    """Police destroyed or transferred one firearm."""

    resource = "firearm_disposal"
    firearm = serializers.UUIDField(source="firearm.public_id")
    kind = serializers.ChoiceField(choices=DisposalKind.choices)
    disposed_at = AsGivenField()
    agency = serializers.CharField(source="agency.name", help_text="The agency that had custody.")
    officer = serializers.CharField()
    authority = serializers.CharField(help_text="What allows it.")
    dealer_license = serializers.CharField()
    taker_name = serializers.CharField()


class DisposalInput(ConfirmInput):
    """The firearm left police custody. A transfer names the dealer or the person who took it."""

    kind = serializers.ChoiceField(choices=DisposalKind.choices)
    disposed_at = InstantField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    officer = serializers.CharField(max_length=120)
    authority = serializers.CharField(max_length=200, help_text="Such as a court order with its date.")
    dealer_license = serializers.CharField(max_length=20, required=False, allow_blank=True)
    taker_name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class DisposalDetail(CorrectableDetail):
    """One disposal. PATCH corrects it."""

    resource = "firearm_disposal"
    queryset = FirearmDisposal.objects.select_related("firearm", "agency")
    input = correction_of(DisposalInput)
    output = DisposalOutput


def dispose(firearm: Firearm, *, by: User, now: datetime, **facts: Any) -> FirearmDisposal:
    """Record the disposal of one firearm. Raises `InvalidFact`."""
    (row,) = disposals.record_disposal(firearm.order, firearms=[firearm], by=by, now=now, **facts)
    return row


class DisposalCreate(ChildAction):
    """POST: police destroyed the firearm in their custody, or transferred it."""

    resource = "firearm_disposal"
    actions = {"POST": "add"}
    detail_view = FirearmDetail
    input = DisposalInput
    output = DisposalOutput
    service = staticmethod(dispose)
    detail_route = "disposal"
    undo = "disposal-withdrawals"


class DisposalWithdrawalCreate(WithdrawalCreate):
    """POST: the disposal was recorded in error. Police have the firearm."""

    resource = "firearm_disposal"
    detail_view = DisposalDetail
    undo = "firearm-disposals"


class DisposalList(CaseChildList):
    """The disposals of firearms of the case."""

    resource = "firearm_disposal"
    queryset = DisposalDetail.queryset
    output = DisposalOutput


urlpatterns = [
    path("orders/<uuid:id>/disposals", DisposalList.as_view(), name="order-disposals"),
    path("firearms/<uuid:id>/disposals", DisposalCreate.as_view(), name="firearm-disposals"),
    path("disposals/<uuid:id>", DisposalDetail.as_view(), name="disposal"),
    path("disposals/<uuid:id>/withdrawals", DisposalWithdrawalCreate.as_view(), name="disposal-withdrawals"),
]
