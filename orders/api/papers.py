"""The papers to serve: the pick-up at the court, and the return of service that is filed with it."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer
from orders.api.base import OrderAction
from orders.api.documents.attachments import AttachmentOutput
from orders.api.serializers import OrderOutput, ReasonInput
from orders.services import papers
from orders.services.firearms.signatures import LONGEST


class PickUpInput(InputSerializer):
    """The papers are with the caller's office."""

    picked_up_at = InstantField()


class ServiceReturnInput(InputSerializer):
    """The return of service, signed by the officer who served."""

    served_papers = serializers.ListField(
        child=serializers.ChoiceField(choices=papers.PAPERS), max_length=len(papers.PAPERS)
    )
    name = serializers.CharField(max_length=120, help_text="Name and title of the officer.")
    drawing = serializers.CharField(
        max_length=LONGEST, help_text="The path of the pen in a field of 600 by 200, as in SVG: M and L only."
    )
    entered_at = InstantField(
        required=False, help_text="When the officer entered the service in the court's tracking system."
    )


class PickUpCreate(OrderAction):
    """POST: a marshal's office has the papers to serve."""

    resource = "service_papers"
    actions = {"POST": "pick_up"}
    input = PickUpInput
    output = OrderOutput
    service = staticmethod(papers.confirm_pick_up)
    detail_route = "order"
    undo = "order-pick-up-withdrawals"


class PickUpWithdrawalCreate(OrderAction):
    """POST: the pick-up was recorded in error."""

    resource = "service_papers"
    actions = {"POST": "withdraw_pick_up"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(papers.withdraw_pick_up)
    detail_route = "order"
    undo = "order-pick-ups"


class ServiceReturnCreate(OrderAction):
    """POST: make the return of service as PDF, store it with the order and file it with the court.

    For the marshal who serves the order, and for police who recorded its service.
    """

    resource = "service_papers"
    actions = {"POST": "file_return"}
    input = ServiceReturnInput
    output = AttachmentOutput
    service = staticmethod(papers.file_return)
    undo = "order-service-return-withdrawals"


class ServiceReturnWithdrawalCreate(OrderAction):
    """POST: the return was filed in error. The court has it no more."""

    resource = "service_papers"
    actions = {"POST": "file_return"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(papers.withdraw_return)
    detail_route = "order"
    undo = "order-service-returns"


urlpatterns = [
    path("orders/<uuid:id>/pick-ups", PickUpCreate.as_view(), name="order-pick-ups"),
    path(
        "orders/<uuid:id>/pick-up-withdrawals",
        PickUpWithdrawalCreate.as_view(),
        name="order-pick-up-withdrawals",
    ),
    path("orders/<uuid:id>/service-returns", ServiceReturnCreate.as_view(), name="order-service-returns"),
    path(
        "orders/<uuid:id>/service-return-withdrawals",
        ServiceReturnWithdrawalCreate.as_view(),
        name="order-service-return-withdrawals",
    ),
]
