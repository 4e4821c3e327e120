"""Receipts: proof of who took which firearms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import POLICE, Agency
from orders.api.base import CaseChildList, OrderAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.listed import MANY, ids_field, listed_firearms, listed_permits
from orders.api.serializers import AsGivenField, IdsField, OrderChildOutput, TownField
from orders.models import Firearm, ItemKind, Permit, Receipt, ReceiptGiver, ReceiptKind
from orders.services.firearms import receipts
from orders.services.firearms.found import FoundItem
from orders.services.firearms.inventory import MOST_OF_A_LOT


class ReceiptOutput(OrderChildOutput):
    """Proof of who took which firearms."""

    resource = "receipt"
    kind = serializers.ChoiceField(choices=ReceiptKind.choices)
    received_at = AsGivenField(help_text="When the firearms changed hands.")
    receipt_number = serializers.CharField()
    agency = serializers.CharField(source="agency.name", allow_null=True)
    dealer_license = serializers.CharField()
    taker_name = serializers.CharField()
    town = serializers.CharField(source="town.name", allow_null=True, default=None)
    handed_over_at = serializers.CharField(help_text="The place in that town; empty if not known.")
    taker_address = serializers.CharField(help_text="Of the dealer or the person who took them.")
    eligibility_check = serializers.CharField(help_text="The number of the check before it.")
    lives_apart = serializers.BooleanField(
        allow_null=True, help_text="Whether the person lives elsewhere than the respondent."
    )
    giver = serializers.ChoiceField(choices=ReceiptGiver.choices, help_text="Who handed them over.")
    firearms = IdsField()
    permits = IdsField(help_text="Permits that were handed in with it.")


class FoundItemInput(InputSerializer):
    """A line of a receipt that is not on the list of the case."""

    item_kind = serializers.ChoiceField(choices=ItemKind.choices, required=False)
    serial = serializers.CharField(max_length=40, required=False, allow_blank=True)
    make = serializers.CharField(max_length=23, required=False, allow_blank=True)
    model = serializers.CharField(max_length=20, required=False, allow_blank=True)
    caliber = serializers.CharField(max_length=10, required=False, allow_blank=True)
    firearm_type = serializers.CharField(max_length=10, required=False, allow_blank=True)
    quantity = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST_OF_A_LOT)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)


class ReceiptInput(InputSerializer):
    """Firearms changed hands. Of agency, dealer license and taker name, give the one that the kind needs."""

    kind = serializers.ChoiceField(choices=ReceiptKind.choices)
    received_at = InstantField()
    firearms = ids_field("Ids of items on the list of the case.", required=False)
    found = FoundItemInput(
        **MANY,
        required=False,
        help_text="What else the receipt names: it is added to the list, with the receipt as source.",
    )
    permits = ids_field("Ids of permits that were handed in with it.", required=False)
    receipt_number = serializers.CharField(max_length=40, required=False, allow_blank=True)
    agency = NamedField(
        queryset=Agency.objects.filter(kind__in=POLICE),
        required=False,
        allow_null=True,
        help_text="The police agency that took them.",
    )
    dealer_license = serializers.CharField(
        max_length=20, required=False, allow_blank=True, help_text="For example, 6-06-014-01-7M-12345."
    )
    taker_name = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="The person, if it was neither police nor a dealer.",
    )
    town = TownField(required=False, allow_null=True, help_text="The town of the hand-over.")
    handed_over_at = serializers.CharField(max_length=120, required=False, allow_blank=True)
    taker_address = serializers.CharField(max_length=200, required=False, allow_blank=True)
    eligibility_check = serializers.CharField(max_length=40, required=False, allow_blank=True)
    lives_apart = serializers.BooleanField(
        required=False, allow_null=True, help_text="For another person who took them; false is refused."
    )
    giver = serializers.ChoiceField(
        choices=ReceiptGiver.choices,
        required=False,
        help_text="Who handed them over; if left out, the respondent.",
    )
    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason to store a doubtful fact anyway, such as proof from before the order.",
    )

    def validate_firearms(self, ids: list[UUID]) -> list[Firearm]:
        """Return the firearms. Firearms of another case count as not found."""
        return listed_firearms(self, ids)

    def validate_permits(self, ids: list[UUID]) -> list[Permit]:
        """Return the permits of the order."""
        return listed_permits(self, ids)

    def validate_found(self, found: list[dict[str, Any]]) -> list[FoundItem]:
        """Return the lines as the service takes them."""
        return [FoundItem(**one) for one in found]


class ReceiptList(CaseChildList, OrderAction):
    """The receipts of the case. POST records one: the firearms on it count as surrendered."""

    resource = "receipt"
    actions = {"GET": "view", "POST": "add"}
    queryset = Receipt.objects.select_related("agency", "town").prefetch_related("firearms", "permits")
    input = ReceiptInput
    output = ReceiptOutput
    service = staticmethod(receipts.record_receipt)
    detail_route = "receipt"
    undo = "receipt-withdrawals"


class ReceiptDetail(CorrectableDetail):
    """One receipt. PATCH corrects it; `firearms` replaces all of its firearms."""

    resource = "receipt"
    queryset = Receipt.objects.select_related("agency", "town").prefetch_related("firearms", "permits")
    input = correction_of(ReceiptInput, leave_out=("found", "permits"))
    output = ReceiptOutput


class ReceiptWithdrawalCreate(WithdrawalCreate):
    """POST: the receipt was an error and is removed. Its firearms count as believed held again."""

    resource = "receipt"
    detail_view = ReceiptDetail
    undo = "order-receipts"


urlpatterns = [
    path("orders/<uuid:id>/receipts", ReceiptList.as_view(), name="order-receipts"),
    path("receipts/<uuid:id>", ReceiptDetail.as_view(), name="receipt"),
    path("receipts/<uuid:id>/withdrawals", ReceiptWithdrawalCreate.as_view(), name="receipt-withdrawals"),
]
