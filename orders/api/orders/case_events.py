"""Dated case events that rules use and that have no other endpoint."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField
from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import AsGivenField, ConfirmInput, DayOrInstantInput, OrderChildOutput
from orders.models import CaseEvent
from orders.services.orders.case_events import RECORDABLE, record_case_event


class CaseEventOutput(OrderChildOutput):
    """An event in the case, on a day or at an instant."""

    resource = "case_event"
    kind = serializers.CharField()
    occurred_on = serializers.DateField(help_text="The day, in court time.")
    occurred_at = AsGivenField(allow_null=True)


class CaseEventInput(ConfirmInput, DayOrInstantInput):
    """An event in the case, such as the filing of a motion to extend."""

    kind = serializers.ChoiceField(choices=sorted(RECORDABLE))
    occurred_on = DayField(required=False, allow_null=True)
    occurred_at = InstantField(required=False, allow_null=True)


class CaseEventList(OrderChildList, OrderAction):
    """Events in the case. POST records one."""

    resource = "case_event"
    actions = {"GET": "view", "POST": "add"}
    queryset = CaseEvent.objects.all()
    input = CaseEventInput
    output = CaseEventOutput
    service = staticmethod(record_case_event)
    detail_route = "case-event"
    undo = "case-event-withdrawals"


class CaseEventDetail(CorrectableDetail):
    """One event. PATCH corrects it."""

    resource = "case_event"
    queryset = CaseEvent.objects.all()
    input = correction_of(CaseEventInput)
    output = CaseEventOutput


class CaseEventWithdrawalCreate(WithdrawalCreate):
    """POST: the event was recorded in error and is removed."""

    resource = "case_event"
    detail_view = CaseEventDetail
    undo = "order-case-events"


urlpatterns = [
    path("orders/<uuid:id>/case-events", CaseEventList.as_view(), name="order-case-events"),
    path("case-events/<uuid:id>", CaseEventDetail.as_view(), name="case-event"),
    path(
        "case-events/<uuid:id>/withdrawals",
        CaseEventWithdrawalCreate.as_view(),
        name="case-event-withdrawals",
    ),
]
