"""Requests about firearms in police custody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import DayField, InstantField, NamedField
from accounts.models import POLICE, Agency
from orders.api.base import CaseChildList, OrderAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.listed import ids_field, listed_firearms
from orders.api.serializers import AsGivenField, ConfirmInput, DayOrInstantInput, IdsField, OrderChildOutput
from orders.models import Confirmed, CustodyRequest, CustodyRequestKind, Firearm
from orders.services.firearms.requests import record_custody_request
from orders.services.firearms.return_steps import ChecklistLine, checklist_of


class ChecklistLineOutput(serializers.Serializer[Any]):
    """One condition of a return and its latest check."""

    condition = serializers.ChoiceField(choices=Confirmed.choices)
    is_confirmed = serializers.BooleanField(allow_null=True, help_text="Null: not checked yet.")
    check_id = serializers.UUIDField(
        source="check.public_id", allow_null=True, default=None, help_text="The latest check."
    )


class ChecklistField(serializers.ListField):
    """The conditions of a return, each with its latest check."""

    child = ChecklistLineOutput()

    @override
    def get_attribute(self, instance: CustodyRequest) -> list[ChecklistLine]:
        """Return the lines; empty for a sale."""
        return checklist_of(instance)


class CustodyRequestOutput(OrderChildOutput):
    """The respondent asks police for firearms, or with a dealer gives joint written notice of a sale."""

    resource = "custody_request"
    kind = serializers.ChoiceField(choices=CustodyRequestKind.choices)
    requested_on = serializers.DateField(help_text="The day, in court time.")
    requested_at = AsGivenField(allow_null=True)
    recorded_at = InstantField(help_text="When it was recorded here. The time for notice counts from then.")
    agency = serializers.CharField(source="agency.name", allow_null=True, default=None)
    firearms = IdsField(help_text="Empty: everything that police hold.")
    dealer_license = serializers.CharField()
    taker_name = serializers.CharField()
    checklist = ChecklistField(help_text="What must be checked before a return.")
    decision = serializers.UUIDField(
        source="decision.public_id", allow_null=True, default=None, help_text="How it ended without a return."
    )


class CustodyRequestInput(ConfirmInput, DayOrInstantInput):
    """A request about firearms in police custody, on a day or at an instant."""

    kind = serializers.ChoiceField(choices=CustodyRequestKind.choices)
    requested_on = DayField(required=False, allow_null=True)
    requested_at = InstantField(required=False, allow_null=True)
    agency = NamedField(
        queryset=Agency.objects.filter(kind__in=POLICE),
        required=False,
        allow_null=True,
        help_text="The police agency that received it.",
    )
    firearms = ids_field("Ids of firearms in police custody. Without: all of them.", required=False)
    dealer_license = serializers.CharField(max_length=20, required=False, allow_blank=True)
    taker_name = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate_firearms(self, ids: list[UUID]) -> list[Firearm]:
        """Return the firearms. Firearms of another case count as not found."""
        return listed_firearms(self, ids)


REQUESTS = CustodyRequest.objects.select_related("agency", "decision").prefetch_related("firearms", "checks")


class CustodyRequestList(CaseChildList, OrderAction):
    """The requests about firearms of the case. POST records one."""

    resource = "custody_request"
    actions = {"GET": "view", "POST": "add"}
    queryset = REQUESTS
    input = CustodyRequestInput
    output = CustodyRequestOutput
    service = staticmethod(record_custody_request)
    detail_route = "custody-request"
    undo = "custody-request-withdrawals"


class CustodyRequestDetail(CorrectableDetail):
    """One request. PATCH corrects it; `firearms` replaces all of its firearms."""

    resource = "custody_request"
    queryset = REQUESTS
    input = correction_of(CustodyRequestInput, leave_out=["kind"])
    output = CustodyRequestOutput


class CustodyRequestWithdrawalCreate(WithdrawalCreate):
    """POST: the request was recorded in error and is removed."""

    resource = "custody_request"
    detail_view = CustodyRequestDetail
    undo = "order-custody-requests"


urlpatterns = [
    path("orders/<uuid:id>/custody-requests", CustodyRequestList.as_view(), name="order-custody-requests"),
    path("custody-requests/<uuid:id>", CustodyRequestDetail.as_view(), name="custody-request"),
    path(
        "custody-requests/<uuid:id>/withdrawals",
        CustodyRequestWithdrawalCreate.as_view(),
        name="custody-request-withdrawals",
    ),
]
