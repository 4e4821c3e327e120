"""Confidentiality releases: written permission for an advocacy organization to see an order."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import DayField, InstantField, NamedField
from accounts.api.serializers import EmptyInput
from accounts.models import Agency, AgencyKind
from orders.api.base import ChildAction, OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import ConfirmInput, OrderChildOutput
from orders.models import ConfidentialityRelease, Order, ReleasePurpose
from orders.services.parties import releases


class ConfidentialityReleaseOutput(OrderChildOutput):
    """While it is in force, the organization's advocates see the order's state. The signer is not stored."""

    resource = "confidentiality_release"
    agency = serializers.CharField(source="agency.name", help_text="The organization.")
    signed_on = serializers.DateField()
    begins_at = InstantField()
    ends_at = InstantField(help_text="From this instant on, it gives no access.")
    revoked_at = InstantField(allow_null=True)
    purpose = serializers.ChoiceField(choices=ReleasePurpose.choices, allow_blank=True)
    covers_service = serializers.BooleanField()
    covers_firearms = serializers.BooleanField()
    covers_hearings = serializers.BooleanField()
    covers_ending = serializers.BooleanField()


class ConfidentialityReleaseInput(ConfirmInput):
    """A written release for a limited time."""

    agency = NamedField(
        queryset=Agency.objects.filter(kind=AgencyKind.ADVOCACY), help_text="The advocacy organization."
    )
    signed_on = DayField(help_text="The date on the release.")
    begins_at = InstantField()
    ends_at = InstantField()
    purpose = serializers.ChoiceField(
        choices=ReleasePurpose.choices, required=False, help_text="Its purpose."
    )
    covers_service = serializers.BooleanField(
        required=False, help_text="Whether it covers service. True, if left out."
    )
    covers_firearms = serializers.BooleanField(
        required=False, help_text="Whether it covers firearms. True, if left out."
    )
    covers_hearings = serializers.BooleanField(
        required=False, help_text="Whether it covers hearings. True, if left out."
    )
    covers_ending = serializers.BooleanField(
        required=False, help_text="Whether it covers the end of the order. True, if left out."
    )


class ConfidentialityReleaseList(OrderChildList, OrderAction):
    """The order's releases; an advocate sees those to their own organization. POST records one."""

    resource = "confidentiality_release"
    actions = {"GET": "view", "POST": "add"}
    queryset = ConfidentialityRelease.objects.select_related("agency")
    input = ConfidentialityReleaseInput
    output = ConfidentialityReleaseOutput
    service = staticmethod(releases.record_release)
    detail_route = "confidentiality-release"
    undo = "confidentiality-release-withdrawals"

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Return the releases of this order that the caller sees."""
        visible: QuerySet[Any] = queryset.visible_to(self.user, roles=self.viewers).filter(order=order)
        return visible


class ConfidentialityReleaseDetail(CorrectableDetail):
    """One release. PATCH corrects its days and, while nothing was seen by it, its organization."""

    resource = "confidentiality_release"
    queryset = ConfidentialityRelease.objects.select_related("agency")
    input = correction_of(ConfidentialityReleaseInput)
    output = ConfidentialityReleaseOutput


class ReleaseWithdrawalCreate(WithdrawalCreate):
    """POST: the release was recorded in error and is removed, while nothing was seen by it."""

    resource = "confidentiality_release"
    detail_view = ConfidentialityReleaseDetail
    undo = "order-confidentiality-releases"


class RevocationCreate(ChildAction):
    """POST: the release is revoked, as of now."""

    resource = "confidentiality_release"
    actions = {"POST": "revoke"}
    detail_view = ConfidentialityReleaseDetail
    input = EmptyInput
    output = ConfidentialityReleaseOutput
    service = staticmethod(releases.revoke_release)
    detail_route = "confidentiality-release"
    undo = "order-confidentiality-releases"


urlpatterns = [
    path(
        "orders/<uuid:id>/confidentiality-releases",
        ConfidentialityReleaseList.as_view(),
        name="order-confidentiality-releases",
    ),
    path(
        "confidentiality-releases/<uuid:id>",
        ConfidentialityReleaseDetail.as_view(),
        name="confidentiality-release",
    ),
    path(
        "confidentiality-releases/<uuid:id>/revocations",
        RevocationCreate.as_view(),
        name="confidentiality-release-revocations",
    ),
    path(
        "confidentiality-releases/<uuid:id>/withdrawals",
        ReleaseWithdrawalCreate.as_view(),
        name="confidentiality-release-withdrawals",
    ),
]
