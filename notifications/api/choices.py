"""What the caller hears of one client: which news comes by message, and which waits on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceDetail, TargetView, etag
from accounts.models import Role
from notifications.models import ClientChoice, News
from notifications.services.contacts import choices, contacts
from notifications.services.recipients.news import optional_kinds
from orders.api.base import OrderView, refusals_as_problems
from orders.models import ConfidentialityRelease

_OPTIONAL = [(one.value, one.label) for one in optional_kinds()]


class ClientChoiceOutput(OutputSerializer):
    """Which news of the client the caller gets by message."""

    resource = "client_choice"
    release = serializers.UUIDField(source="release.public_id")
    messages = serializers.SerializerMethodField(help_text="Optional news that comes by message.")
    always = serializers.SerializerMethodField(
        help_text="News that comes by message whatever is chosen. So do corrections."
    )
    by_email_only = serializers.BooleanField(
        help_text="Optional news comes by no text message and no other service."
    )

    def get_messages(self, choice: ClientChoice) -> list[str]:
        """The optional news that is not left to the page."""
        return choices.messages_of(choice)

    def get_always(self, _choice: ClientChoice) -> list[str]:
        """The news that no one can turn off."""
        return [one.value for one in News if one not in optional_kinds()]


class ClientChoiceInput(InputSerializer):
    """Which optional news comes by message; the rest of it waits on the page."""

    messages = serializers.ListField(
        child=serializers.ChoiceField(choices=_OPTIONAL), max_length=len(_OPTIONAL)
    )
    by_email_only = serializers.BooleanField(required=False, default=False)


class ClientChoiceDetail(OrderView, TargetView, ResourceDetail):
    """The caller's own choice for one release. PUT replaces it."""

    resource = "client_choice"
    actions = {"GET": "view", "PUT": "set"}
    input = ClientChoiceInput
    output = ClientChoiceOutput

    @override
    def get_object(self) -> ClientChoice:
        """Return the caller's choice, or the default. Raises `Http404` without a release in force."""
        releases = contacts.releases_of(self.user).select_related("order__case")
        release: ConfidentialityRelease = get_object_or_404(releases, public_id=self.kwargs["id"])
        return choices.choice_of(release, self.user)

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function to the role of advocate: other roles that the caller has do not see it."""
        return lambda _row: frozenset({Role.ADVOCATE.value})

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """Return the case of the release's order."""
        return {row.release.order.case.public_id for row in rows}

    @override
    def perform_action(self, target: ClientChoice, data: dict[str, Any]) -> Response:
        chosen = choices.choose(target.release, **data, by=self.user, now=self.now)
        chosen.release = target.release
        body = self.get_serializer(chosen).data
        return Response(body, headers={"ETag": etag(body)})

    def put(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Set the choice."""
        target = self.get_object()
        with refusals_as_problems(self.input().fields), transaction.atomic():
            return self.perform_action(target, self.get_input(target))


urlpatterns = [
    path(
        "confidentiality-releases/<uuid:id>/choice",
        ClientChoiceDetail.as_view(),
        name="release-choice",
    ),
]
