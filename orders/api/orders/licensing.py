"""Reports of the firearms licensing unit about the respondent of an order."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField
from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import AsGivenField, ConfirmInput, DayOrInstantInput, OrderChildOutput
from orders.models import LicensingReport, LicensingReportKind
from orders.services.orders.licensing import record_licensing_report


class LicensingReportOutput(OrderChildOutput):
    """What the licensing unit reported."""

    resource = "licensing_report"
    kind = serializers.ChoiceField(choices=LicensingReportKind.choices)
    occurred_on = serializers.DateField(help_text="The day, in court time.")
    occurred_at = AsGivenField(allow_null=True)


class LicensingReportInput(ConfirmInput, DayOrInstantInput):
    """An attempt to buy a firearm, an application for a permit, or a permit revoked or reinstated."""

    kind = serializers.ChoiceField(choices=LicensingReportKind.choices)
    occurred_on = DayField(required=False, allow_null=True)
    occurred_at = InstantField(required=False, allow_null=True)


class LicensingReportList(OrderChildList, OrderAction):
    """Reports of the licensing unit. POST records one."""

    resource = "licensing_report"
    actions = {"GET": "view", "POST": "add"}
    queryset = LicensingReport.objects.all()
    input = LicensingReportInput
    output = LicensingReportOutput
    service = staticmethod(record_licensing_report)
    detail_route = "licensing-report"
    undo = "licensing-report-withdrawals"


class LicensingReportDetail(CorrectableDetail):
    """One report. PATCH corrects it."""

    resource = "licensing_report"
    queryset = LicensingReport.objects.all()
    input = correction_of(LicensingReportInput)
    output = LicensingReportOutput


class LicensingReportWithdrawalCreate(WithdrawalCreate):
    """POST: the report was recorded in error and is removed."""

    resource = "licensing_report"
    detail_view = LicensingReportDetail
    undo = "order-licensing-reports"


urlpatterns = [
    path("orders/<uuid:id>/licensing-reports", LicensingReportList.as_view(), name="order-licensing-reports"),
    path("licensing-reports/<uuid:id>", LicensingReportDetail.as_view(), name="licensing-report"),
    path(
        "licensing-reports/<uuid:id>/withdrawals",
        LicensingReportWithdrawalCreate.as_view(),
        name="licensing-report-withdrawals",
    ),
]
