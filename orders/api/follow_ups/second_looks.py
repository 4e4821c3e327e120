"""Second looks of a supervisor at checks that found a sworn denial true."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer
from accounts.models import User
from orders.api.base import ChildAction, OrderChildDetail, OrderChildList
from orders.api.firearms.verifications import VerificationDetail
from orders.api.serializers import OrderChildOutput, OrderOutput, ReasonInput
from orders.models import LookResult, Order, SecondLook
from orders.services.follow_ups import second_looks

_ROWS = SecondLook.objects.select_related("verification", "agency", "looked_by")


def _own(rows: Any, person: User) -> Any:
    return rows.filter(agency__in=person.agencies_for("view", "second_look"))


class SecondLookOutput(OrderChildOutput):
    """A supervisor looked again at a check."""

    resource = "second_look"
    verification = serializers.UUIDField(
        source="verification.public_id", allow_null=True, default=None, help_text="Null if it was withdrawn."
    )
    agency = serializers.CharField(source="agency.name")
    checked_at = InstantField()
    result = serializers.ChoiceField(choices=LookResult.choices)
    note = serializers.CharField()
    looked_at = InstantField()
    looked_by = serializers.CharField(source="looked_by.name")


class SecondLookInput(InputSerializer):
    """What the look found. A doubtful check is withdrawn, and the surrender is due again."""

    result = serializers.ChoiceField(choices=LookResult.choices)
    note = serializers.CharField(max_length=500, help_text="Leave the protected person out.")


class SecondLookList(OrderChildList):
    """The second looks of an order at checks of the caller's police."""

    resource = "second_look"
    queryset = _ROWS
    output = SecondLookOutput

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Leave out those of other agencies."""
        return super().get_children(_own(queryset, self.user), order)


class SecondLookDetail(OrderChildDetail):
    """One second look at a check of the caller's police."""

    resource = "second_look"
    queryset = _ROWS
    output = SecondLookOutput

    @override
    def get_queryset(self) -> Any:
        """Leave out those of other agencies."""
        return _own(super().get_queryset(), self.user)


class SecondLookCreate(ChildAction):
    """POST: a supervisor of the agency that checked looks again."""

    resource = "second_look"
    actions = {"POST": "add"}
    detail_view = VerificationDetail
    input = SecondLookInput
    output = SecondLookOutput
    service = staticmethod(second_looks.record_look)
    detail_route = "second-look"
    undo = "second-look-withdrawals"


class SecondLookWithdrawalCreate(ChildAction):
    """POST: the look was recorded in error. A check that it withdrew stays withdrawn. Returns the order."""

    resource = "second_look"
    actions = {"POST": "withdraw"}
    detail_view = SecondLookDetail
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(second_looks.withdraw_look)
    detail_route = "order"
    undo = "verification-second-looks"

    @override
    def get_target(self) -> Any:
        """Return the look; that of another agency does not exist."""
        return self.get_row(_own(SecondLookDetail.queryset, self.user))


urlpatterns = [
    path("orders/<uuid:id>/second-looks", SecondLookList.as_view(), name="order-second-looks"),
    path(
        "verifications/<uuid:id>/second-looks", SecondLookCreate.as_view(), name="verification-second-looks"
    ),
    path("second-looks/<uuid:id>", SecondLookDetail.as_view(), name="second-look"),
    path(
        "second-looks/<uuid:id>/withdrawals",
        SecondLookWithdrawalCreate.as_view(),
        name="second-look-withdrawals",
    ),
]
