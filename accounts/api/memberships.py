"""The roles of people in agencies: who is alerted, and who is a backup."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import NamedField
from accounts.api.pagination import PageQuery
from accounts.api.problems import FieldError, Problem, invalid_rows_as_problems
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, ResourceList
from accounts.mail_addresses import LONGEST
from accounts.models import Agency, AuditAction, Membership, Role, User
from accounts.services import people
from accounts.services.access.access_log import record_for
from accounts.services.managers import is_site_administrator, people_managed_by

_NO_ROLE = "This person does not hold this role in this agency. An administrator gives it in the admin."


def _is_managed_by(by: User) -> Q:
    """Memberships of people that the person manages."""
    return Q() if is_site_administrator(by) else Q(user__in=people_managed_by(by).values("pk"))


class MembershipOutput(OutputSerializer):
    """A role that a person or a system holds in an agency."""

    resource = "membership"
    person = serializers.CharField(source="user.email", help_text="The email address of the account.")
    role = serializers.ChoiceField(choices=Role.choices)
    agency = serializers.CharField(
        source="agency.name", allow_null=True, help_text="Null for a role that needs no agency."
    )
    receives_alerts = serializers.BooleanField(help_text="Whether the agency's alerts go to this person.")
    is_backup = serializers.BooleanField(
        help_text="Whether the person is alerted only if the first recipients do not respond or are missing."
    )


class MembershipQuery(PageQuery):
    """Whose memberships."""

    agency = NamedField(queryset=Agency.objects.all(), required=False, help_text="Its name.")


class MembershipList(ResourceList):
    """Memberships of the people that the caller manages, the newest first. The access log keeps that."""

    resource = "membership"
    queryset = Membership.objects.select_related("user", "agency")
    query = MembershipQuery
    output = MembershipOutput

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.filter(_is_managed_by(self.user), **self.filters)

    @override
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        # DRF's request passes on the attributes of Django's.
        own: Any = request
        record_for(own, AuditAction.ACCOUNTS_READ, detail={"filters": sorted(self.filters)})
        return response


class MembershipChangeInput(InputSerializer):
    """Whether a person is alerted, or is a backup. What is left out stays as it is."""

    person = serializers.EmailField(max_length=LONGEST, help_text="The email address of the account.")
    role = serializers.ChoiceField(choices=Role.choices)
    agency = NamedField(
        queryset=Agency.objects.all(),
        allow_null=True,
        help_text="Its name; null for a role that needs no agency.",
    )
    receives_alerts = serializers.BooleanField(required=False)
    is_backup = serializers.BooleanField(required=False)

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject a body that changes nothing."""
        if not attrs.keys() & {"receives_alerts", "is_backup"}:
            message = "Send what to change: receives_alerts, is_backup."
            raise serializers.ValidationError(message, code="required")
        return attrs


class MembershipChangeCreate(ResourceAction):
    """POST: make a person a backup, or the first to be alerted, or stop alerts to the person."""

    resource = "membership"
    actions = {"POST": "change"}
    input = MembershipChangeInput
    output = MembershipOutput

    @override
    def get_target(self) -> None:
        """The body names the membership."""

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        row = (
            Membership.objects.select_for_update(of=("self",))
            .select_related("user", "agency")
            .alias(address=Lower("user__email"))
            .filter(
                _is_managed_by(self.user),
                address=Lower(Value(data["person"])),
                role=data["role"],
                agency=data["agency"],
            )
            .first()
        )
        if row is None:
            raise Problem("refused", errors=[FieldError("person", "does_not_exist", _NO_ROLE)])
        row.receives_alerts = data.get("receives_alerts", row.receives_alerts)
        row.is_backup = data.get("is_backup", row.is_backup)
        request: Any = self.request
        with invalid_rows_as_problems(()):
            people.record_membership(membership=row, request=request)
        return Response(self.get_serializer(row).data, status=HTTPStatus.CREATED)


urlpatterns = [
    path("memberships", MembershipList.as_view(), name="memberships"),
    path("membership-changes", MembershipChangeCreate.as_view(), name="membership-changes"),
]
