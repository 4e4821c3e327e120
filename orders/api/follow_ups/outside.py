"""A follow-up that police without accounts here were asked to act on."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer
from orders.api.base import ChildAction, OrderChildDetail
from orders.api.follow_ups.follow_ups import FollowUpChildList, FollowUpChildOutput, FollowUpDetail
from orders.api.serializers import ReasonInput
from orders.models import OutsideTransfer, OutsideWay
from orders.services.follow_ups import outside

_ROWS = OutsideTransfer.objects.select_related("follow_up", "sent_by")


class OutsideTransferOutput(FollowUpChildOutput):
    """Police outside were asked to act. The owner of the follow-up stays in charge."""

    resource = "outside_transfer"
    agency_name = serializers.CharField()
    address = serializers.CharField(help_text="Where it was sent, or who was called.")
    way = serializers.ChoiceField(choices=OutsideWay.choices)
    reason = serializers.CharField(help_text="What they were asked to do.")
    sent_at = InstantField()
    sent_by = serializers.CharField(source="sent_by.name")
    withdrawn_at = InstantField(allow_null=True)


class OutsideTransferInput(InputSerializer):
    """Police that have no accounts here are asked to act."""

    agency_name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=300, help_text="Street and state, email, or telephone.")
    way = serializers.ChoiceField(choices=OutsideWay.choices)
    reason = serializers.CharField(max_length=500, help_text="Leave the protected person out.")
    next_action_at = InstantField(help_text="When they are asked again.")


class OutsideTransferList(FollowUpChildList, ChildAction):
    """What was sent outside about one follow-up. POST records one more."""

    resource = "outside_transfer"
    actions = {"GET": "view", "POST": "add"}
    queryset = _ROWS
    detail_view = FollowUpDetail
    input = OutsideTransferInput
    output = OutsideTransferOutput
    service = staticmethod(outside.send_outside)
    detail_route = "outside-transfer"
    undo = "outside-transfer-withdrawals"


class OutsideTransferDetail(OrderChildDetail):
    """One transfer to police outside."""

    resource = "outside_transfer"
    queryset = _ROWS
    output = OutsideTransferOutput


class OutsideTransferWithdrawalCreate(ChildAction):
    """POST: they were not asked, or need not act any more."""

    resource = "outside_transfer"
    actions = {"POST": "withdraw"}
    detail_view = OutsideTransferDetail
    input = ReasonInput
    output = OutsideTransferOutput
    service = staticmethod(outside.withdraw_outside)
    detail_route = "outside-transfer"
    undo = "follow-up-outside-transfers"


urlpatterns = [
    path(
        "follow-ups/<uuid:id>/outside-transfers",
        OutsideTransferList.as_view(),
        name="follow-up-outside-transfers",
    ),
    path("outside-transfers/<uuid:id>", OutsideTransferDetail.as_view(), name="outside-transfer"),
    path(
        "outside-transfers/<uuid:id>/withdrawals",
        OutsideTransferWithdrawalCreate.as_view(),
        name="outside-transfer-withdrawals",
    ),
]
