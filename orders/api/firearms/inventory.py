"""The firearms, permits and certificates that the respondent is believed to hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import POLICE, Agency, AgencyKind, User
from orders.api.base import CaseChildList, ChildAction, OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import ConfirmInput, OrderChildOutput
from orders.models import Firearm, FirearmSource, FirearmStatus, ItemKind, Order, Permit
from orders.services.firearms import inventory


class FirearmOutput(OrderChildOutput):
    """A firearm that the respondent is believed to hold, in the order that named it."""

    resource = "firearm"
    serial = serializers.CharField(help_text="Empty if unknown.")
    make = serializers.CharField()
    model = serializers.CharField()
    caliber = serializers.CharField()
    firearm_type = serializers.CharField()
    source: Any = serializers.ChoiceField(choices=FirearmSource.choices)
    item_kind = serializers.ChoiceField(choices=ItemKind.choices)
    quantity = serializers.IntegerField(allow_null=True, help_text="Of ammunition or magazines.")
    description = serializers.CharField(help_text="Of ammunition or magazines.")
    status = serializers.ChoiceField(
        choices=FirearmStatus.choices, help_text="According to the proof on file."
    )
    believed_place = serializers.CharField(help_text="Where it is believed to be. For court and police only.")
    believed_source = serializers.CharField(help_text="Who reported it.")
    believed_on = serializers.DateField(allow_null=True, help_text="The day of that report.")
    officer_notes = serializers.CharField(help_text="Notes for officers.")


class FirearmInput(InputSerializer):
    """A firearm, described by at least one of serial, make, model and type."""

    source: Any = serializers.ChoiceField(choices=FirearmSource.choices)
    serial = serializers.CharField(max_length=40, required=False, allow_blank=True)
    make = serializers.CharField(max_length=23, required=False, allow_blank=True)
    model = serializers.CharField(max_length=20, required=False, allow_blank=True)
    caliber = serializers.CharField(max_length=10, required=False, allow_blank=True)
    firearm_type = serializers.CharField(max_length=10, required=False, allow_blank=True)
    item_kind = serializers.ChoiceField(choices=ItemKind.choices, required=False)
    quantity = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=inventory.MOST_OF_A_LOT
    )
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    believed_place = serializers.CharField(max_length=200, required=False, allow_blank=True)
    believed_source = serializers.CharField(max_length=120, required=False, allow_blank=True)
    believed_on = DayField(required=False, allow_null=True)
    officer_notes = serializers.CharField(max_length=500, required=False, allow_blank=True)
    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason, if the serial number may be one of the list and is not.",
    )


class FirearmList(CaseChildList, OrderAction):
    """The firearms that the respondent is believed to hold, of all orders of the case. POST adds one."""

    resource = "firearm"
    actions = {"GET": "view", "POST": "add"}
    queryset = Firearm.objects.all()
    input = FirearmInput
    output = FirearmOutput
    service = staticmethod(inventory.list_firearm)
    detail_route = "firearm"
    undo = "firearm-withdrawals"


class FirearmDetail(CorrectableDetail):
    """One firearm, and where it is according to the proof on file. PATCH corrects its description."""

    resource = "firearm"
    queryset = Firearm.objects.all()
    input = correction_of(FirearmInput)
    output = FirearmOutput


class FirearmWithdrawalCreate(WithdrawalCreate):
    """POST: the firearm was listed in error and is removed from the list."""

    resource = "firearm"
    detail_view = FirearmDetail
    undo = "order-firearms"


class PermitOutput(OrderChildOutput):
    """A permit or certificate that the respondent holds."""

    resource = "permit"
    kind = serializers.CharField()
    number = serializers.CharField()
    handed_in_on = serializers.DateField(allow_null=True)
    handed_in_to = serializers.CharField(source="handed_in_to.name", allow_null=True, default=None)
    receipt = serializers.UUIDField(
        source="receipt.public_id",
        allow_null=True,
        default=None,
        help_text="The receipt by which it was handed in, if there is one.",
    )


class PermitInput(ConfirmInput):
    """A permit or certificate."""

    kind = serializers.CharField(max_length=60, help_text="For example, pistol permit.")
    number = serializers.CharField(max_length=40, required=False, allow_blank=True)


class PermitList(OrderChildList, OrderAction):
    """The permits and certificates that the respondent holds. POST adds one."""

    resource = "permit"
    actions = {"GET": "view", "POST": "add"}
    queryset = Permit.objects.select_related("handed_in_to", "receipt")
    input = PermitInput
    output = PermitOutput
    service = staticmethod(inventory.record_permit)
    detail_route = "permit"
    undo = "permit-withdrawals"


class PermitDetail(CorrectableDetail):
    """One permit or certificate. PATCH corrects it."""

    resource = "permit"
    queryset = Permit.objects.select_related("handed_in_to", "receipt")
    input = correction_of(PermitInput)
    output = PermitOutput


class PermitWithdrawalCreate(WithdrawalCreate):
    """POST: the permit was listed in error and is removed from the list."""

    resource = "permit"
    detail_view = PermitDetail
    undo = "order-permits"


class PermitHandInInput(ConfirmInput):
    """The permit was handed in to police or the licensing unit."""

    handed_in_on = DayField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=[*POLICE, AgencyKind.LICENSING]))


class PermitHandInCreate(ChildAction):
    """POST: the permit was handed in, without a receipt for firearms that names it."""

    resource = "permit"
    actions = {"POST": "hand_in"}
    detail_view = PermitDetail
    input = PermitHandInInput
    output = PermitOutput
    service = staticmethod(inventory.hand_in_permit)
    detail_route = "permit"
    undo = "permit-hand-in-withdrawals"


def take_back(row: Any, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw the hand-in of a permit and return the order. Raises `InvalidFact`."""
    order: Order = inventory.HAND_IN.withdraw(row, by=by, now=now, reason=reason)
    return order


class PermitHandInWithdrawalCreate(WithdrawalCreate):
    """POST: the permit was not handed in."""

    resource = "permit"
    actions = {"POST": "hand_in"}
    detail_view = PermitDetail
    service = staticmethod(take_back)
    undo = "permit-hand-ins"


urlpatterns = [
    path("permits/<uuid:id>/hand-ins", PermitHandInCreate.as_view(), name="permit-hand-ins"),
    path(
        "permits/<uuid:id>/hand-in-withdrawals",
        PermitHandInWithdrawalCreate.as_view(),
        name="permit-hand-in-withdrawals",
    ),
    path("orders/<uuid:id>/firearms", FirearmList.as_view(), name="order-firearms"),
    path("firearms/<uuid:id>", FirearmDetail.as_view(), name="firearm"),
    path("firearms/<uuid:id>/withdrawals", FirearmWithdrawalCreate.as_view(), name="firearm-withdrawals"),
    path("orders/<uuid:id>/permits", PermitList.as_view(), name="order-permits"),
    path("permits/<uuid:id>", PermitDetail.as_view(), name="permit"),
    path("permits/<uuid:id>/withdrawals", PermitWithdrawalCreate.as_view(), name="permit-withdrawals"),
]
