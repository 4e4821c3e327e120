"""Checks that confirmed a sworn statement of no firearms."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import POLICE, Agency, AgencyKind
from orders.api.base import ChildAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.statements import StatementDetail
from orders.api.serializers import AsGivenField, IdsField, OrderChildOutput
from orders.models import StatementVerification, VerificationMethod
from orders.services.firearms import statements


class VerificationOutput(OrderChildOutput):
    """A check that confirmed a statement of no firearms."""

    resource = "statement_verification"
    statement = serializers.UUIDField(source="statement.public_id")
    verified_at = AsGivenField()
    agency = serializers.CharField(source="agency.name", help_text="The court or police agency that checked.")
    verified_by = serializers.CharField(help_text="The person who checked.")
    method = serializers.ChoiceField(choices=VerificationMethod.choices)
    note = serializers.CharField()
    firearms = IdsField(help_text="The listed items for which the check accounts.")


class VerificationInput(InputSerializer):
    """Someone checked the statement and confirmed it. It accounts for everything that is still open."""

    verified_at = InstantField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=[*POLICE, AgencyKind.COURT]))
    verified_by = serializers.CharField(max_length=120)
    method = serializers.ChoiceField(choices=VerificationMethod.choices)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason, if the respondent admitted firearms at service.",
    )


class VerificationDetail(CorrectableDetail):
    """One check of a statement. PATCH corrects it."""

    resource = "statement_verification"
    queryset = StatementVerification.objects.select_related("statement", "agency").prefetch_related(
        "firearms"
    )
    input = correction_of(VerificationInput)
    output = VerificationOutput


class VerificationCreate(ChildAction):
    """POST: the statement was checked and confirmed."""

    resource = "statement_verification"
    actions = {"POST": "add"}
    detail_view = StatementDetail
    input = VerificationInput
    output = VerificationOutput
    service = staticmethod(statements.verify_statement)
    detail_route = "verification"
    undo = "verification-withdrawals"


class VerificationWithdrawalCreate(WithdrawalCreate):
    """POST: the check was recorded in error and is removed. The statement is sworn only, as before."""

    resource = "statement_verification"
    detail_view = VerificationDetail
    undo = "statement-verifications"


class VerificationList(OrderChildList):
    """The checks of the statements of an order."""

    resource = "statement_verification"
    queryset = VerificationDetail.queryset
    output = VerificationOutput


urlpatterns = [
    path("orders/<uuid:id>/verifications", VerificationList.as_view(), name="order-verifications"),
    path("statements/<uuid:id>/verifications", VerificationCreate.as_view(), name="statement-verifications"),
    path("verifications/<uuid:id>", VerificationDetail.as_view(), name="verification"),
    path(
        "verifications/<uuid:id>/withdrawals",
        VerificationWithdrawalCreate.as_view(),
        name="verification-withdrawals",
    ),
]
