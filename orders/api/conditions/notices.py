"""Documents and notices that the law requires, and those that were sent."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import DayField, InstantField
from accounts.api.serializers import OutputSerializer
from orders.api.base import OrderAction, OrderChildList
from orders.api.computed import OrderComputedList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import AsGivenField, ConfirmInput, DayOrInstantInput, OrderChildOutput
from orders.models import NoticeSent
from orders.services.conditions.notices import record_notice_sent, required_notices


class NoticeSentOutput(OrderChildOutput):
    """A document or notice that was sent or handed over."""

    resource = "notice_sent"
    entry = serializers.CharField(help_text="The rulebook's id of what is required, for example CT-SVC-04.")
    sent_on = serializers.DateField(help_text="The day, in court time.")
    sent_at = AsGivenField(allow_null=True)


class NoticeSentInput(ConfirmInput, DayOrInstantInput):
    """A document or notice was sent or handed over."""

    entry = serializers.CharField(max_length=20, help_text="The id of one of the order's required notices.")
    sent_on = DayField(required=False, allow_null=True)
    sent_at = InstantField(required=False, allow_null=True)


class NoticeSentList(OrderChildList, OrderAction):
    """The documents and notices that were sent. POST records one."""

    resource = "notice_sent"
    actions = {"GET": "view", "POST": "add"}
    queryset = NoticeSent.objects.all()
    input = NoticeSentInput
    output = NoticeSentOutput
    service = staticmethod(record_notice_sent)
    detail_route = "notice-sent"
    undo = "notice-sent-withdrawals"


class NoticeSentDetail(CorrectableDetail):
    """One document or notice that was sent. PATCH corrects it."""

    resource = "notice_sent"
    queryset = NoticeSent.objects.all()
    input = correction_of(NoticeSentInput)
    output = NoticeSentOutput


class NoticeSentWithdrawalCreate(WithdrawalCreate):
    """POST: the notice was recorded as sent in error. It counts as not sent."""

    resource = "notice_sent"
    detail_view = NoticeSentDetail
    undo = "order-notices-sent"


class RequiredNoticeOutput(OutputSerializer):
    """A document or notice that the law requires for the order, and when it was sent."""

    resource = "required_notice"
    entry = serializers.CharField(source="entry.id")
    title = serializers.CharField(source="entry.title")
    recipient = serializers.CharField(source="entry.recipient", help_text="To whom it must be sent.")
    sources = serializers.ListField(child=serializers.CharField(), source="entry.sources")
    source_status = serializers.CharField(
        source="entry.source_status.value", help_text="How well the source is known."
    )
    certainty = serializers.CharField(source="entry.certainty.value")
    doubt = serializers.CharField(source="entry.doubt", help_text="What is debatable; empty if nothing is.")
    notices_sent = NoticeSentOutput(many=True, help_text="Empty if it has not been sent yet.")


class RequiredNoticeList(OrderComputedList):
    """The notices that the law requires for the order, in the rulebook's order, on a single page."""

    resource = "required_notice"
    output = RequiredNoticeOutput

    @override
    def get_queryset(self) -> Any:
        return required_notices(self.order)


urlpatterns = [
    path("orders/<uuid:id>/required-notices", RequiredNoticeList.as_view(), name="order-required-notices"),
    path("orders/<uuid:id>/notices-sent", NoticeSentList.as_view(), name="order-notices-sent"),
    path("notices-sent/<uuid:id>", NoticeSentDetail.as_view(), name="notice-sent"),
    path(
        "notices-sent/<uuid:id>/withdrawals",
        NoticeSentWithdrawalCreate.as_view(),
        name="notice-sent-withdrawals",
    ),
]
