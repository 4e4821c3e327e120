"""Where firearms in police custody are, and the storage places of an agency."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, ResourceList, etag
from accounts.models import POLICE, Agency
from orders.api.base import CaseChildList, ChildAction, refusals_as_problems
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.inventory import FirearmDetail
from orders.api.serializers import AsGivenField, ConfirmInput, OrderChildOutput
from orders.models import CustodyStep, StoragePlace
from orders.services.firearms import custody


class CustodyStepOutput(OrderChildOutput):
    """One item came to a place or an officer. The latest step shows where it is."""

    resource = "custody_step"
    firearm = serializers.UUIDField(source="firearm.public_id")
    agency = serializers.CharField(source="agency.name", help_text="The police that have it from then on.")
    place = serializers.UUIDField(source="place.public_id", allow_null=True, default=None)
    shelf = serializers.CharField()
    tag = serializers.CharField()
    given_by = serializers.CharField(help_text="The officer who gave it; empty for the first step.")
    taken_by = serializers.CharField()
    moved_at = AsGivenField()
    why = serializers.CharField()


class PlaceField(serializers.SlugRelatedField[StoragePlace]):
    """A storage place of the caller's own police, by its id."""

    default_error_messages = {
        "does_not_exist": "Your police have no open storage place with this id. "
        "`GET /api/v1/storage-places` lists them."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="public_id", queryset=StoragePlace.objects.none(), **kwargs)

    @override
    def get_queryset(self) -> Any:
        mine = self.context["request"].user.agencies_for("view", "storage_place")
        return StoragePlace.objects.filter(agency__in=mine, is_open=True)

    @override
    def to_internal_value(self, data: Any) -> Any:
        """Return the place. Raises `ValidationError`, also for what is no id."""
        try:
            return super().to_internal_value(serializers.UUIDField().to_internal_value(data))
        except serializers.ValidationError:
            self.fail("does_not_exist", slug_name="id", value="")


class CustodyStepInput(ConfirmInput):
    """An officer gave an item in custody to another officer, place or agency."""

    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    given_by = serializers.CharField(max_length=120)
    taken_by = serializers.CharField(max_length=120)
    moved_at = InstantField()
    place = PlaceField(required=False, allow_null=True, help_text="The id of a storage place of the agency.")
    shelf = serializers.CharField(max_length=40, required=False, allow_blank=True)
    tag = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="A new tag; without one it keeps its tag."
    )
    why = serializers.CharField(max_length=200, required=False, allow_blank=True)


class CustodyStepDetail(CorrectableDetail):
    """One step of custody. PATCH corrects it, for the police that gave or took the firearm."""

    resource = "custody_step"
    queryset = CustodyStep.objects.select_related("firearm", "agency", "place")
    input = correction_of(CustodyStepInput)
    output = CustodyStepOutput


class CustodyStepList(CaseChildList):
    """Every step of custody of the case."""

    resource = "custody_step"
    queryset = CustodyStepDetail.queryset
    output = CustodyStepOutput


class CustodyStepCreate(ChildAction):
    """POST: a firearm in custody goes to another officer, place or police agency."""

    resource = "custody_step"
    actions = {"POST": "add"}
    detail_view = FirearmDetail
    input = CustodyStepInput
    output = CustodyStepOutput
    service = staticmethod(custody.move_firearm)
    detail_route = "custody-step"
    undo = "custody-step-withdrawals"


class CustodyStepWithdrawalCreate(WithdrawalCreate):
    """POST: the step was recorded in error and is removed. The firearm is where the step before left it."""

    resource = "custody_step"
    detail_view = CustodyStepDetail
    undo = "firearm-custody-steps"


class StoragePlaceOutput(OutputSerializer):
    """A place where a police agency keeps firearms. Only its own people see it."""

    resource = "storage_place"
    id = serializers.UUIDField(source="public_id")
    agency = serializers.CharField(source="agency.name")
    name = serializers.CharField()
    capacity = serializers.IntegerField(allow_null=True, help_text="The most items it takes.")
    is_open = serializers.BooleanField(help_text="False if it is no longer in use.")


class StoragePlaceInput(InputSerializer):
    """A new storage place of the caller's police."""

    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    name = serializers.CharField(max_length=80)
    capacity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, allow_null=True)


class StoragePlaceList(ResourceList, ResourceAction):
    """The storage places of the caller's police. POST adds one."""

    resource = "storage_place"
    actions = {"GET": "view", "POST": "add"}
    input = StoragePlaceInput
    output = StoragePlaceOutput

    @override
    def get_queryset(self) -> Any:
        mine = self.user.agencies_for("view", "storage_place")
        return StoragePlace.objects.filter(agency__in=mine).select_related("agency")

    @override
    def get_target(self) -> None:
        """There is no place to act on yet."""

    def get_version(self, target: None) -> str:
        """Return no ETag: a new place has no version."""
        return ""

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        """Add the place."""
        with refusals_as_problems():
            place = custody.add_place(**data, by=self.user)
        shown = self.get_serializer(place).data
        return Response(shown, status=HTTPStatus.CREATED, headers={"ETag": etag(shown)})


urlpatterns = [
    path("orders/<uuid:id>/custody-steps", CustodyStepList.as_view(), name="order-custody-steps"),
    path("custody-steps/<uuid:id>", CustodyStepDetail.as_view(), name="custody-step"),
    path(
        "custody-steps/<uuid:id>/withdrawals",
        CustodyStepWithdrawalCreate.as_view(),
        name="custody-step-withdrawals",
    ),
    path("firearms/<uuid:id>/custody-steps", CustodyStepCreate.as_view(), name="firearm-custody-steps"),
    path("storage-places", StoragePlaceList.as_view(), name="storage-places"),
]
