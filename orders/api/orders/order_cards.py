"""Cards of an order, and their verification by police."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceSearch
from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.documents.documents import DocumentFile
from orders.api.serializers import OrderChildOutput
from orders.models import OrderCard, OrderKind
from orders.services.order_state import STATE_CHOICES
from orders.services.orders.order_cards import VerifiedCard, issue_card, printed_number
from orders.views.documents import pdf_response
from orders.views.order_cards import card_page, found_card


class OrderCardOutput(OrderChildOutput):
    """A card that shows the order elsewhere. It names no one."""

    resource = "order_card"
    number = serializers.SerializerMethodField(help_text="As printed; police verify it.")
    telephone = serializers.CharField()
    issued_at = InstantField()

    def get_number(self, card: OrderCard) -> str:
        """Return the number as it is printed."""
        return printed_number(card)


class OrderCardInput(InputSerializer):
    """The protected person asks for a card."""

    telephone = serializers.CharField(max_length=20, help_text="The telephone of the clerk's office.")


class OrderCardList(OrderChildList, OrderAction):
    """The cards of an order. POST issues one."""

    resource = "order_card"
    actions = {"GET": "view", "POST": "add"}
    queryset = OrderCard.objects.all()
    input = OrderCardInput
    output = OrderCardOutput
    service = staticmethod(issue_card)
    detail_route = "order-card"
    undo = "order-card-withdrawals"


class OrderCardDetail(CorrectableDetail):
    """One card. PATCH corrects its telephone."""

    resource = "order_card"
    queryset = OrderCard.objects.all()
    input = correction_of(OrderCardInput)
    output = OrderCardOutput


class OrderCardWithdrawalCreate(WithdrawalCreate):
    """POST: the card is withdrawn, and its number verifies no more."""

    resource = "order_card"
    detail_view = OrderCardDetail
    undo = "order-cards"


class OrderCardFile(DocumentFile):
    """The card as PDF."""

    action = "order_card"

    def get(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the PDF."""
        card = self.get_row(OrderCard.objects.select_related("order__case__court"))
        return pdf_response(card_page(card, self.words))


class CardVerificationInput(InputSerializer):
    """The number on a card that a person shows."""

    number = serializers.CharField(max_length=40, help_text="With or without the dash.")


class VerifiedCardOutput(OutputSerializer):
    """What the number of a card shows: the order, the respondent, and whether it is in force."""

    resource = "verified_card"
    docket_number = serializers.CharField(source="order.case.docket_number")
    court = serializers.CharField(source="order.case.court.name")
    telephone = serializers.CharField(source="card.telephone", help_text="Of the clerk's office.")
    kind = serializers.ChoiceField(choices=OrderKind.choices, source="order.kind")
    issued_on = serializers.DateField(source="order.issued_on")
    last_day = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    respondent_name = serializers.CharField(source="order.case.respondent.name")
    respondent_dob = serializers.DateField(source="order.case.respondent.date_of_birth", allow_null=True)

    @override
    def to_representation(self, instance: VerifiedCard) -> dict[str, Any]:
        """Return the fields with a code in place of the words of the state."""
        body = super().to_representation(instance)
        body["state"] = instance.state.name.lower()
        return body


class VerifiedCardPageOutput(serializers.Serializer[Any]):
    """The card with this number; empty for another number or a withdrawn card."""

    results = VerifiedCardOutput(many=True)


class CardVerificationCreate(ResourceSearch):
    """Verify the number of a card. A number without a card counts against the guard."""

    resource = "verified_card"
    input = CardVerificationInput
    output = VerifiedCardOutput
    created_output = VerifiedCardPageOutput

    @override
    def search(self, data: dict[str, Any]) -> Sequence[Any]:
        found = found_card(self.request, data["number"])
        return [] if found is None else [found]

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        return lambda _row: self.user.roles

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        return {row.order.case.public_id for row in rows}


urlpatterns = [
    path("card-verifications", CardVerificationCreate.as_view(), name="card-verifications"),
    path("orders/<uuid:id>/cards", OrderCardList.as_view(), name="order-cards"),
    path("cards/<uuid:id>", OrderCardDetail.as_view(), name="order-card"),
    path("cards/<uuid:id>/withdrawals", OrderCardWithdrawalCreate.as_view(), name="order-card-withdrawals"),
    path("cards/<uuid:id>/document", OrderCardFile.as_view(), name="order-card-document"),
]
