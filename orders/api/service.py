"""Notice of the order to the respondent."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import Given, InstantField, NamedField
from accounts.models import Town
from orders.api.base import OrderAct, OrderRows
from orders.api.shapes import AsGivenField, OfOrderOut, OrderOut, ReasonIn
from orders.models import ServiceAttempt, ServiceMethod
from orders.services import service


class ServiceIn(Given):
    """Service took place."""

    served_at = InstantField(source="at")
    service_method = serializers.ChoiceField(choices=ServiceMethod.choices, source="method")
    service_officer = serializers.CharField(
        max_length=120, required=False, allow_blank=True, source="officer"
    )
    served_in_custody = serializers.BooleanField(default=False, source="in_custody")
    town = NamedField(
        queryset=Town.objects.select_related("police"),
        required=False,
        allow_null=True,
        help_text="The town of service: its police are told too.",
    )


class Services(OrderAct):
    """POST: the order is served, and what runs from service runs."""

    thing = "service"
    acts = {"POST": "serve"}
    shows = OrderOut
    body = ServiceIn
    service = staticmethod(service.record_service)
    route = "order"


class ServiceCorrectionIn(ReasonIn):
    """Service took place at another time, or in another way."""

    served_at = InstantField(source="at")
    service_method = serializers.ChoiceField(choices=ServiceMethod.choices, source="method", required=False)


class ServiceCorrections(OrderAct):
    """POST: what runs from service runs from another instant."""

    thing = "service"
    acts = {"POST": "correct"}
    shows = OrderOut
    body = ServiceCorrectionIn
    service = staticmethod(service.correct_service)
    route = "order"


class ServiceWithdrawals(OrderAct):
    """POST: the return of service was wrong, and the order counts as not served."""

    thing = "service"
    acts = {"POST": "withdraw"}
    shows = OrderOut
    body = ReasonIn
    service = staticmethod(service.withdraw_service)
    route = "order"


class AttemptOut(OfOrderOut):
    """An attempt at service that failed."""

    thing = "service_attempt"
    attempted_at = AsGivenField()
    method = serializers.CharField()
    officer = serializers.CharField()
    reason = serializers.CharField()


class AttemptIn(Given):
    """An attempt at service failed."""

    attempted_at = InstantField(source="at")
    method = serializers.ChoiceField(choices=ServiceMethod.choices)
    officer = serializers.CharField(max_length=120, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=200)


class ServiceAttempts(OrderRows, OrderAct):
    """The attempts that failed; POST records one."""

    thing = "service_attempt"
    acts = {"GET": "view", "POST": "add"}
    shows = AttemptOut
    body = AttemptIn
    service = staticmethod(service.record_failed_attempt)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return ServiceAttempt.objects.all()
