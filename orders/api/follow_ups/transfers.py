"""Transfer of a follow-up to another police agency: offered, answered, withdrawn."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import EmptyInput, InputSerializer
from accounts.models import POLICE, Agency
from orders.api.base import ChildAction, OrderChildDetail
from orders.api.follow_ups.follow_ups import FollowUpChildList, FollowUpChildOutput, FollowUpDetail
from orders.models import Transfer
from orders.services.follow_ups import transfers

TRANSFERS = Transfer.objects.select_related(
    "follow_up", "from_agency", "to_agency", "offered_by", "answered_by"
)


class TransferOutput(FollowUpChildOutput):
    """An offer to transfer the follow-up. The offering agency stays in charge until it is accepted."""

    resource = "transfer"
    from_agency = serializers.CharField(source="from_agency.name")
    to_agency = serializers.CharField(source="to_agency.name")
    reason = serializers.CharField(help_text="Why it was offered.")
    offered_at = InstantField()
    offered_by = serializers.CharField(source="offered_by.name")
    accepted = serializers.BooleanField(allow_null=True, help_text="Null until it is answered.")
    answer = serializers.CharField(help_text="Why it was declined.")
    answered_at = InstantField(allow_null=True)
    answered_by = serializers.CharField(source="answered_by.name", allow_null=True)
    withdrawn_at = InstantField(
        allow_null=True, help_text="When it was withdrawn, by a person or because the deadline was met."
    )


class TransferInput(InputSerializer):
    """The follow-up is offered to another police agency, which sees the order from then on."""

    to_agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    reason = serializers.CharField(max_length=500)


class TransferList(FollowUpChildList, ChildAction):
    """The transfers of one follow-up. POST offers one."""

    resource = "transfer"
    actions = {"GET": "view", "POST": "add"}
    queryset = TRANSFERS
    detail_view = FollowUpDetail
    input = TransferInput
    output = TransferOutput
    service = staticmethod(transfers.offer_transfer)
    detail_route = "transfer"


class TransferDetail(OrderChildDetail):
    """One transfer."""

    resource = "transfer"
    queryset = TRANSFERS
    output = TransferOutput


class TransferAnswerInput(InputSerializer):
    """The agency accepts, or declines with a reason."""

    accepted = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, required=False, help_text="Required to decline.")

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to decline without a reason."""
        if not attrs["accepted"] and not attrs.get("reason"):
            raise Problem("refused", errors=[FieldError("reason", "required", "Say why you decline.")])
        return attrs


class TransferAnswerCreate(ChildAction):
    """POST: the agency accepts or declines. An agency that declines may no longer see the transfer."""

    resource = "transfer"
    actions = {"POST": "answer"}
    detail_view = TransferDetail
    input = TransferAnswerInput
    output = TransferOutput
    service = staticmethod(transfers.answer_transfer)
    detail_route = "transfer"


class TransferWithdrawalCreate(ChildAction):
    """POST: withdraw the offer."""

    resource = "transfer"
    actions = {"POST": "withdraw"}
    detail_view = TransferDetail
    input = EmptyInput
    output = TransferOutput
    service = staticmethod(transfers.withdraw_transfer)
    detail_route = "transfer"


urlpatterns = [
    path("follow-ups/<uuid:id>/transfers", TransferList.as_view(), name="follow-up-transfers"),
    path("transfers/<uuid:id>", TransferDetail.as_view(), name="transfer"),
    path("transfers/<uuid:id>/answers", TransferAnswerCreate.as_view(), name="transfer-answers"),
    path("transfers/<uuid:id>/withdrawals", TransferWithdrawalCreate.as_view(), name="transfer-withdrawals"),
]
