"""Absences: who is away, and so is not alerted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import EmptyInput, InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, ResourceDetail, ResourceList, ResourceView, etag
from accounts.models import Absence, User
from notifications.services import absences
from orders.api.base import refusals_as_problems


class AbsenceOutput(OutputSerializer):
    """A time in which a person is away."""

    resource = "absence"
    id = serializers.UUIDField(source="public_id")
    person = serializers.CharField(source="user.email", help_text="The email address of the account.")
    starts_at = InstantField()
    ends_at = InstantField()
    recorded_at = InstantField()
    ended_at = InstantField(allow_null=True, help_text="When the person was back earlier, or did not go.")


class PersonField(serializers.SlugRelatedField[User]):
    """A person whose absences the caller may record, by the email address of the account."""

    default_error_messages = {
        "does_not_exist": "You lead no one with this address. Use your own, or that of someone you lead."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="email", queryset=User.objects.none(), **kwargs)

    @override
    def get_queryset(self) -> QuerySet[User]:
        return absences.people_of(self.context["request"].user)

    @override
    def to_internal_value(self, data: Any) -> Any:
        """Return the person. Raises `ValidationError`."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AbsenceInput(InputSerializer):
    """A person is away."""

    person = PersonField(help_text="An email address: your own, or that of someone you lead.")
    starts_at = InstantField(required=False, help_text="Now if it is left out or in the past.")
    ends_at = InstantField()


class AbsenceView(ResourceView):
    """Base of the views about the absences that the caller may see."""

    resource = "absence"
    output = AbsenceOutput

    @override
    def get_queryset(self) -> Any:
        return absences.absences_for(self.user)

    def get_version(self, target: Absence | None) -> str:
        """Return the ETag of the absence, as in `GET /absences/{id}`."""
        return "" if target is None else etag(self.get_serializer(target).data)

    def saved(self, absence: Absence, status: HTTPStatus) -> Response:
        """Return the absence as the response."""
        headers = {
            "Location": reverse("absence", args=[absence.public_id]),
            "ETag": self.get_version(absence),
        }
        return Response(self.get_serializer(absence).data, status=status, headers=headers)


class AbsenceList(AbsenceView, ResourceList, ResourceAction):
    """The caller's absences and those of people the caller leads, the newest first. POST records one."""

    actions = {"GET": "view", "POST": "add"}
    input = AbsenceInput

    @override
    def get_target(self) -> None:
        """There is no absence to act on yet."""

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        with refusals_as_problems():
            absence = absences.record_absence(
                user=data["person"],
                starts_at=data.get("starts_at"),
                ends_at=data["ends_at"],
                by=self.user,
                now=self.now,
                request=self.request,
            )
        return self.saved(absence, HTTPStatus.CREATED)


class AbsenceDetail(AbsenceView, ResourceDetail):
    """One absence."""


class AbsenceEndCreate(AbsenceView, ResourceAction):
    """POST: the person is back, or does not go. Alerts reach the person again from now on."""

    actions = {"POST": "end"}
    input = EmptyInput

    @override
    def get_target(self) -> Absence:
        """Return the absence in the URL. Raises `Http404`."""
        absence: Absence = get_object_or_404(self.get_queryset(), public_id=self.kwargs["id"])
        return absence

    @override
    def perform_action(self, target: Absence, data: dict[str, Any]) -> Response:
        with refusals_as_problems():
            ended = absences.end_absence(target, by=self.user, now=self.now, request=self.request)
        return self.saved(ended, HTTPStatus.CREATED)


urlpatterns = [
    path("absences", AbsenceList.as_view(), name="absences"),
    path("absences/<uuid:id>", AbsenceDetail.as_view(), name="absence"),
    path("absences/<uuid:id>/ends", AbsenceEndCreate.as_view(), name="absence-ends"),
]
