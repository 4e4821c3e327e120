"""Cautions for officers."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import ConfirmInput, OrderChildOutput
from orders.models import Caution
from orders.services.cautions import add_caution


class CautionOutput(OrderChildOutput):
    """What officers must know before they go to the respondent."""

    resource = "caution"
    known_on = serializers.DateField(help_text="The day from which it is known.")
    words = serializers.CharField()


class CautionInput(ConfirmInput):
    """Officers must know something before they go there."""

    known_on = serializers.DateField()
    words = serializers.CharField(
        max_length=200, help_text="Never who applied for the order, or where that person is."
    )


class CautionList(OrderChildList, OrderAction):
    """The cautions of an order. POST adds one."""

    resource = "caution"
    actions = {"GET": "view", "POST": "add"}
    queryset = Caution.objects.all()
    input = CautionInput
    output = CautionOutput
    service = staticmethod(add_caution)
    detail_route = "caution"
    undo = "caution-withdrawals"


class CautionDetail(CorrectableDetail):
    """One caution. PATCH corrects it."""

    resource = "caution"
    queryset = Caution.objects.all()
    input = correction_of(CautionInput)
    output = CautionOutput


class CautionWithdrawalCreate(WithdrawalCreate):
    """POST: the caution no longer holds, or was an error; it is removed."""

    resource = "caution"
    detail_view = CautionDetail
    undo = "order-cautions"


urlpatterns = [
    path("orders/<uuid:id>/cautions", CautionList.as_view(), name="order-cautions"),
    path("cautions/<uuid:id>", CautionDetail.as_view(), name="caution"),
    path("cautions/<uuid:id>/withdrawals", CautionWithdrawalCreate.as_view(), name="caution-withdrawals"),
]
