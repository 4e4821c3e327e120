"""The signatures of a receipt."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import OutputSerializer
from accounts.api.views import UnpagedList
from orders.api.base import OrderView
from orders.models import Receipt, SignatureMethod, SignatureParty
from orders.services.firearms.signatures import signatures_of


class SignatureOutput(OutputSerializer):
    """Who signed a receipt and how. The drawing is only on the printed receipt."""

    resource = "signature"
    party = serializers.ChoiceField(choices=SignatureParty.choices)
    method = serializers.ChoiceField(choices=SignatureMethod.choices)
    name = serializers.CharField(help_text="Of an officer, with the badge number.")
    signed_at = InstantField()
    is_current = serializers.BooleanField(help_text="False if the receipt was corrected after it was signed.")


class SignatureList(OrderView, UnpagedList):
    """The signatures of a receipt."""

    resource = "signature"
    output = SignatureOutput

    @override
    def get_queryset(self) -> Any:
        receipt = self.get_row(Receipt.objects.all())
        valid = {one.pk for one in signatures_of(receipt)}
        rows: list[Any] = list(receipt.signatures.order_by("id"))
        for one in rows:
            one.order, one.order_id, one.is_current = receipt.order, receipt.order_id, one.pk in valid
        return rows


urlpatterns = [
    path("receipts/<uuid:id>/signatures", SignatureList.as_view(), name="receipt-signatures"),
]
