"""A coming service, and the answer of police whether they will be present."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import POLICE, Agency, User
from orders.api.base import ChildAction, OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import AsGivenField, OrderChildOutput, TownField
from orders.models import ComingService, Order, PresenceAnswer
from orders.services import coming_service


class ComingServiceOutput(OrderChildOutput):
    """When and where an order will be served, and whether police will be present."""

    resource = "coming_service"
    planned_at = AsGivenField()
    place = serializers.CharField()
    officer = serializers.CharField(help_text="Who serves the order.")
    asks_police = serializers.BooleanField(help_text="True if police are asked to be present.")
    answer = serializers.CharField(help_text="yes, no, or empty without an answer.")
    answer_note = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answered_for = serializers.CharField(source="answered_for.name", allow_null=True, default=None)


class ComingServiceInput(InputSerializer):
    """The order will be served at a time and a place."""

    planned_at = InstantField()
    place = serializers.CharField(max_length=200, help_text="Where the respondent will be.")
    officer = serializers.CharField(max_length=120, required=False, allow_blank=True)
    asks_police = serializers.BooleanField(required=False)
    town = TownField(required=False, help_text="The town of service. Its police are notified, too.")


class PresenceInput(InputSerializer):
    """Police answer whether they will be present."""

    answer = serializers.ChoiceField(choices=PresenceAnswer.choices)
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE), help_text="The caller's own police.")
    answer_note = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ComingServiceList(OrderChildList, OrderAction):
    """The coming services of an order. POST announces one."""

    resource = "coming_service"
    actions = {"GET": "view", "POST": "add"}
    queryset = ComingService.objects.select_related("answered_for")
    input = ComingServiceInput
    output = ComingServiceOutput
    service = staticmethod(coming_service.plan_service)
    detail_route = "coming-service"
    undo = "coming-service-withdrawals"


class ComingServiceDetail(CorrectableDetail):
    """One coming service. PATCH corrects it."""

    resource = "coming_service"
    queryset = ComingService.objects.select_related("answered_for")
    input = correction_of(ComingServiceInput, leave_out=("town",))
    output = ComingServiceOutput


class ComingServiceWithdrawalCreate(WithdrawalCreate):
    """POST: the order will not be served then; the notice is removed."""

    resource = "coming_service"
    detail_view = ComingServiceDetail
    undo = "order-coming-services"


class PresenceCreate(ChildAction):
    """POST: police answer whether they will be present."""

    resource = "coming_service"
    actions = {"POST": "answer"}
    detail_view = ComingServiceDetail
    input = PresenceInput
    output = ComingServiceOutput
    service = staticmethod(coming_service.answer_presence)
    detail_route = "coming-service"
    undo = "coming-service-presence-withdrawals"


def _withdraw_presence(row: Any, *, by: User | None, now: datetime, reason: str) -> Order:
    """Take the answer back and return the order. Raises `InvalidFact`."""
    order: Order = coming_service.PRESENCE.withdraw(row, by=by, now=now, reason=reason)
    return order


class PresenceWithdrawalCreate(WithdrawalCreate):
    """POST: the answer of police was an error."""

    resource = "coming_service"
    actions = {"POST": "answer"}
    detail_view = ComingServiceDetail
    service = staticmethod(_withdraw_presence)
    undo = "coming-service-presences"


urlpatterns = [
    path("orders/<uuid:id>/coming-services", ComingServiceList.as_view(), name="order-coming-services"),
    path("coming-services/<uuid:id>", ComingServiceDetail.as_view(), name="coming-service"),
    path(
        "coming-services/<uuid:id>/withdrawals",
        ComingServiceWithdrawalCreate.as_view(),
        name="coming-service-withdrawals",
    ),
    path("coming-services/<uuid:id>/presences", PresenceCreate.as_view(), name="coming-service-presences"),
    path(
        "coming-services/<uuid:id>/presence-withdrawals",
        PresenceWithdrawalCreate.as_view(),
        name="coming-service-presence-withdrawals",
    ),
]
