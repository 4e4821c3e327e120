"""The persons that an order protects. Only the court sees them."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.views import ResourceUpdate, etag
from orders.api.base import ChildAction, OrderAction, OrderActionView, OrderChildDetail, OrderChildList
from orders.api.serializers import OrderOutput, ProtectedPersonOutput, ReasonInput
from orders.models import ProtectedPerson
from orders.services.parties import protected_persons


class ProtectedPersonInput(ReasonInput):
    """A protected person was left out at entry."""

    name = serializers.CharField(max_length=200)
    address_confidential = serializers.BooleanField(default=False)
    is_applicant = serializers.BooleanField(default=True)


class ProtectedPersonList(OrderChildList, OrderAction):
    """The protected persons of the order. POST adds one."""

    resource = "protected_person"
    actions = {"GET": "view", "POST": "add"}
    queryset = ProtectedPerson.objects.all()
    input = ProtectedPersonInput
    output = ProtectedPersonOutput
    service = staticmethod(protected_persons.add_protected_person)
    detail_route = "protected-person"
    undo = "protected-person-withdrawals"


class ProtectedPersonCorrectionInput(ReasonInput):
    """The corrected values. Fields that are left out stay as they are."""

    name = serializers.CharField(max_length=200, required=False)
    address_confidential = serializers.BooleanField(required=False)
    is_applicant = serializers.BooleanField(required=False)


class ProtectedPersonDetail(OrderChildDetail, OrderActionView, ResourceUpdate):
    """One protected person. PATCH corrects what was entered."""

    resource = "protected_person"
    actions = {"GET": "view", "PATCH": "correct"}
    queryset = ProtectedPerson.objects.all()
    input = ProtectedPersonCorrectionInput
    output = ProtectedPersonOutput
    service = staticmethod(protected_persons.correct_protected_person)
    detail_route = "protected-person"

    @override
    def get_target(self) -> ProtectedPerson:
        """Return the person in the URL."""
        row: ProtectedPerson = self.get_object()
        return row

    @override
    def lock_target(self, target: ProtectedPerson) -> ProtectedPerson:
        """Lock the case and fetch the row again: somebody may have withdrawn it in between."""
        super().lock_target(target)
        return self.get_target()

    @override
    def get_version(self, target: ProtectedPerson) -> str:
        """Return the ETag of the row."""
        return etag(self.get_serializer(target).data)


class ProtectedPersonWithdrawalCreate(ChildAction):
    """POST: the order does not protect this person, who is removed from it."""

    resource = "protected_person"
    actions = {"POST": "withdraw"}
    detail_view = ProtectedPersonDetail
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(protected_persons.withdraw_protected_person)
    detail_route = "order"
    undo = "order-protected-persons"


urlpatterns = [
    path("orders/<uuid:id>/protected-persons", ProtectedPersonList.as_view(), name="order-protected-persons"),
    path("protected-persons/<uuid:id>", ProtectedPersonDetail.as_view(), name="protected-person"),
    path(
        "protected-persons/<uuid:id>/withdrawals",
        ProtectedPersonWithdrawalCreate.as_view(),
        name="protected-person-withdrawals",
    ),
]
