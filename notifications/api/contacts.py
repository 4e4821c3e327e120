"""Safe contacts: how to notify the protected person of a release, kept by the organization's advocates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import EmptyInput, InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, ResourceDelete, ResourceDetail, TargetView, etag
from accounts.models import Role
from accounts.services.access import access_log
from notifications.models import ContactChannel, Language, SafeContact
from notifications.services.contacts import contacts
from notifications.services.contacts.contacts import LONGEST_ADDRESS, LONGEST_PHRASE, ContactSettings
from notifications.services.recipients.news import FOR_PERSON
from orders.api.base import OrderView, refusals_as_problems
from orders.models import ConfidentialityRelease

#: The kinds of news that a protected person chooses among.
_KINDS = [(one.value, one.label) for one in FOR_PERSON]


class SafeContactOutput(OutputSerializer):
    """How the protected person is notified, without the address and the phrase."""

    resource = "safe_contact"
    release = serializers.UUIDField(source="release.public_id")
    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    second_channel = serializers.ChoiceField(
        choices=[("", "None"), *ContactChannel.choices[:2]], help_text="For what failed by the first way."
    )
    has_phrase = serializers.SerializerMethodField()
    news = serializers.SerializerMethodField(help_text="The news that the person gets a message about.")
    language = serializers.ChoiceField(choices=Language.choices)
    hours_from = serializers.TimeField(format="%H:%M", allow_null=True, help_text="Court time.")
    hours_until = serializers.TimeField(format="%H:%M", allow_null=True)
    confirm_every_days = serializers.IntegerField(source="confirm_every.days")
    confirmed_at = InstantField()
    is_unconfirmed = serializers.SerializerMethodField(
        help_text="If true, nothing is sent until somebody confirms it again."
    )
    set_at = InstantField()

    def get_news(self, contact: SafeContact) -> list[str]:
        """The kinds of news that the person chose."""
        return [one.value for one in contacts.wanted_news(contact)]

    def get_has_phrase(self, contact: SafeContact) -> bool:
        """Whether messages contain a phrase that the person chose."""
        return bool(contact.encrypted_phrase)

    def get_is_unconfirmed(self, contact: SafeContact) -> bool:
        """Whether the time to confirm it has passed."""
        return contacts.is_unconfirmed(contact, self.context["now"])


class SavedContactOutput(SafeContactOutput):
    """The safe contact that was just set, with its address as it is stored, to be checked."""

    address = serializers.CharField(
        source="shown_address", help_text="As stored; empty for `relay`. Only this response shows it."
    )


class SafeContactInput(InputSerializer):
    """How the protected person wants to be notified. It replaces the former contact as a whole."""

    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    address = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_ADDRESS,
        help_text="An email address or phone number; for `relay`, leave it out. Only this response shows it.",
    )
    second_channel = serializers.ChoiceField(
        choices=ContactChannel.choices[:2],
        required=False,
        allow_blank=True,
        help_text="A second way that the person chose, for a message that failed by the first.",
    )
    second_address = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_ADDRESS,
        help_text="The email address or phone number of the second way. Never returned.",
    )
    phrase = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_PHRASE,
        help_text="Words that the person chose and that reveal nothing about the case. Never returned.",
    )
    pin = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=8,
        help_text="4 to 8 digits with which the person answers a message. Never returned.",
    )
    news = serializers.ListField(
        child=serializers.ChoiceField(choices=_KINDS),
        required=False,
        max_length=len(_KINDS),
        help_text="The news that the person wants a message about. All, if left out.",
    )
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    hours_from = serializers.TimeField(required=False, allow_null=True, help_text="Court time.")
    hours_until = serializers.TimeField(required=False, allow_null=True)
    confirm_every_days = serializers.IntegerField(
        required=False,
        min_value=settings.MIN_SAFE_CONTACT_DAYS,
        max_value=settings.MAX_SAFE_CONTACT_DAYS,
        help_text="After how many days it must be confirmed again.",
    )


class SafeContactView(OrderView, TargetView):
    """Base of the views about the safe contact of one release to the caller's own organization."""

    resource = "safe_contact"
    output = SafeContactOutput

    def get_release(self) -> ConfidentialityRelease:
        """Return the release in the URL, and log the access.

        Raises `Http404` unless it is in force and to the caller's organization.
        """
        releases = contacts.releases_of(self.user).select_related("order__case")
        release: ConfidentialityRelease = get_object_or_404(releases, public_id=self.kwargs["id"])
        access_log.log_access(self.request, [release.order.case.public_id])
        return release

    @override
    def get_object(self) -> SafeContact:
        """Return the current safe contact of the release. Raises `Http404` if there is none."""
        release = self.get_release()
        contact = contacts.contact_of(release)
        if contact is None:
            raise Http404
        contact.release = release
        return contact

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function to the role of advocate: other roles that the caller has do not see it."""
        return lambda _row: frozenset({Role.ADVOCATE.value})

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """Return the cases of the releases' orders."""
        return {row.release.order.case.public_id for row in rows}

    @override
    def get_version(self, target: SafeContact) -> str:
        """Return the ETag of the safe contact."""
        return etag(self.get_serializer(target).data)

    def contact_response(self, contact: SafeContact, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Return the safe contact and its ETag as a response."""
        body = self.get_serializer(contact).data
        return Response(body, status=status, headers={"ETag": etag(body)})


class SafeContactDetail(SafeContactView, ResourceDetail, ResourceDelete):
    """The safe contact of a release. PUT replaces it; DELETE erases it."""

    actions = {"GET": "view", "PUT": "set", "DELETE": "end"}
    input = SafeContactInput
    replaced_output = SavedContactOutput

    def put(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Set the safe contact."""
        release = self.get_release()
        data = self.get_input(release)
        if (days := data.pop("confirm_every_days", None)) is not None:
            data["confirm_every"] = timedelta(days=days)
        with _all_or_nothing():
            contact = contacts.set_contact(release, ContactSettings(**data), by=self.user, now=self.now)
        vars(contact)["shown_address"] = contacts.readable_address(contact)
        saved = self.get_serializer(contact, serializer_class=SavedContactOutput).data
        return Response(saved, headers={"ETag": self.get_version(contact)})

    @override
    def perform_destroy(self, instance: SafeContact) -> None:
        """Erase the contact. Nothing is sent to it any more."""
        contacts.end(instance, now=self.now)


class ConfirmationCreate(SafeContactView, ResourceAction):
    """POST: the protected person confirmed that this contact is still safe."""

    actions = {"POST": "confirm"}
    input = EmptyInput

    @override
    def perform_action(self, target: SafeContact, data: dict[str, Any]) -> Response:
        with _all_or_nothing():
            confirmed = contacts.confirm(target, now=self.now)
        return self.contact_response(confirmed, HTTPStatus.CREATED)


class NewsInput(InputSerializer):
    """The news that the person wants a message about."""

    news = serializers.ListField(
        child=serializers.ChoiceField(choices=_KINDS), min_length=1, max_length=len(_KINDS)
    )


class NewsCreate(SafeContactView, ResourceAction):
    """POST: the protected person chose the news again. The address and all else stay."""

    actions = {"POST": "choose_news"}
    input = NewsInput

    @override
    def perform_action(self, target: SafeContact, data: dict[str, Any]) -> Response:
        with _all_or_nothing():
            chosen = contacts.choose_news(target, data["news"])
        return self.contact_response(chosen, HTTPStatus.CREATED)


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Run a service in one transaction and turn its refusal into a `Problem`."""
    with refusals_as_problems(SafeContactInput().fields), transaction.atomic():
        yield


urlpatterns = [
    path(
        "confidentiality-releases/<uuid:id>/safe-contact",
        SafeContactDetail.as_view(),
        name="release-safe-contact",
    ),
    path(
        "confidentiality-releases/<uuid:id>/safe-contact/confirmations",
        ConfirmationCreate.as_view(),
        name="release-safe-contact-confirmations",
    ),
    path(
        "confidentiality-releases/<uuid:id>/safe-contact/news",
        NewsCreate.as_view(),
        name="release-safe-contact-news",
    ),
]
