"""Service of the order on the respondent."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField
from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import (
    AsGivenField,
    ConfirmInput,
    OrderChildOutput,
    OrderOutput,
    ReasonInput,
    TownField,
)
from orders.models import AttemptReason, FirearmsAnswer, ServiceAttempt, ServiceMethod
from orders.services import service


class ServiceInput(ConfirmInput):
    """The order was served."""

    served_at = InstantField()
    service_method = serializers.ChoiceField(choices=ServiceMethod.choices)
    service_officer = serializers.CharField(max_length=120, required=False, allow_blank=True)
    served_in_custody = serializers.BooleanField(default=False)
    firearms_answer = serializers.ChoiceField(
        choices=FirearmsAnswer.choices,
        required=False,
        allow_blank=True,
        help_text="What the respondent answered when asked about firearms.",
    )
    town = TownField(
        required=False,
        allow_null=True,
        help_text="The town of service. Its police are notified, too. Without it, those that a notice of "
        "service named stay; null removes them.",
    )


class ServiceCreate(OrderAction):
    """POST: the order was served. Deadlines that run from service are set."""

    resource = "service"
    actions = {"POST": "serve"}
    input = ServiceInput
    output = OrderOutput
    service = staticmethod(service.record_service)
    detail_route = "order"
    undo = "order-service-withdrawals"


class ServiceCorrectionInput(ConfirmInput, ReasonInput):
    """The return of service was recorded with an error. What is not given stays as it is."""

    served_at = InstantField()
    service_method = serializers.ChoiceField(choices=ServiceMethod.choices, required=False)
    service_officer = serializers.CharField(max_length=120, required=False, allow_blank=True)
    served_in_custody = serializers.BooleanField(required=False)
    firearms_answer = serializers.ChoiceField(
        choices=FirearmsAnswer.choices, required=False, allow_blank=True
    )
    town = TownField(
        required=False,
        allow_null=True,
        help_text="The town of service. Its police replace those of the former one; null removes them.",
    )


class ServiceCorrectionCreate(OrderAction):
    """POST: correct the return of service. Deadlines that run from service move."""

    resource = "service"
    actions = {"POST": "correct"}
    input = ServiceCorrectionInput
    output = OrderOutput
    service = staticmethod(service.correct_service)
    detail_route = "order"
    undo = "order-service-corrections"


class ServiceWithdrawalCreate(OrderAction):
    """POST: the return of service was wrong. The order counts as not served."""

    resource = "service"
    actions = {"POST": "withdraw"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(service.withdraw_service)
    detail_route = "order"
    undo = "order-services"


class ServiceAttemptOutput(OrderChildOutput):
    """A failed attempt at service."""

    resource = "service_attempt"
    attempted_at = AsGivenField()
    method = serializers.CharField()
    officer = serializers.CharField()
    reason = serializers.CharField()
    code = serializers.CharField(help_text="The reason as a code; empty for older attempts.")
    place = serializers.CharField(help_text="Where it was tried.")


class ServiceAttemptInput(ConfirmInput):
    """An attempt at service failed."""

    attempted_at = InstantField()
    method = serializers.ChoiceField(choices=ServiceMethod.choices)
    officer = serializers.CharField(max_length=120, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=200)
    code = serializers.ChoiceField(
        choices=AttemptReason.choices, required=False, allow_blank=True, help_text="The reason as a code."
    )
    place = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Where it was tried."
    )


class ServiceAttemptList(OrderChildList, OrderAction):
    """Failed attempts at service. POST records one."""

    resource = "service_attempt"
    actions = {"GET": "view", "POST": "add"}
    queryset = ServiceAttempt.objects.all()
    input = ServiceAttemptInput
    output = ServiceAttemptOutput
    service = staticmethod(service.record_failed_attempt)
    detail_route = "service-attempt"
    undo = "service-attempt-withdrawals"


class ServiceAttemptDetail(CorrectableDetail):
    """One failed attempt. PATCH corrects it; `why_failed` replaces the reason of the attempt."""

    resource = "service_attempt"
    queryset = ServiceAttempt.objects.all()
    input = correction_of(
        ServiceAttemptInput,
        extra={"why_failed": serializers.CharField(max_length=200, required=False)},
    )
    output = ServiceAttemptOutput


class ServiceAttemptWithdrawalCreate(WithdrawalCreate):
    """POST: the failed attempt was recorded in error and is removed."""

    resource = "service_attempt"
    detail_view = ServiceAttemptDetail
    undo = "order-service-attempts"


urlpatterns = [
    path("orders/<uuid:id>/services", ServiceCreate.as_view(), name="order-services"),
    path(
        "orders/<uuid:id>/service-corrections",
        ServiceCorrectionCreate.as_view(),
        name="order-service-corrections",
    ),
    path(
        "orders/<uuid:id>/service-withdrawals",
        ServiceWithdrawalCreate.as_view(),
        name="order-service-withdrawals",
    ),
    path("orders/<uuid:id>/service-attempts", ServiceAttemptList.as_view(), name="order-service-attempts"),
    path("service-attempts/<uuid:id>", ServiceAttemptDetail.as_view(), name="service-attempt"),
    path(
        "service-attempts/<uuid:id>/withdrawals",
        ServiceAttemptWithdrawalCreate.as_view(),
        name="service-attempt-withdrawals",
    ),
]
