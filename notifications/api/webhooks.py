"""Webhooks: subscriptions of an agency's systems to its alerts, and the deliveries to them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from django.urls import path
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.serializers import EmptyInput, InputSerializer, OutputSerializer
from accounts.api.views import (
    ResourceAction,
    ResourceDelete,
    ResourceDetail,
    ResourceList,
    ResourceUpdate,
    ResourceView,
    etag,
)
from accounts.models import Agency
from notifications.models import (
    PING,
    DeliveryState,
    SubscriptionState,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from notifications.services.webhooks import subscriptions
from orders.api.base import refusals_as_problems

#: The states that the API shows. It does not show removed subscriptions.
STATES = [one for one in SubscriptionState.choices if one[0] != SubscriptionState.REMOVED]


class WebhookOutput(OutputSerializer):
    """A subscription."""

    resource = "webhook"
    id = serializers.UUIDField(source="public_id")
    agency = serializers.CharField(source="agency.name")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=WebhookEvent.choices))
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(
        help_text="Why it is disabled: `asked` by a person, or `gone` after a 410. Empty if active."
    )
    disabled_at = InstantField(allow_null=True)
    created_at = InstantField()


class NewWebhookOutput(WebhookOutput):
    """A new subscription, with its secret."""

    secret = serializers.CharField(help_text="Verify signatures with it. Only this response shows it.")


class WebhookInput(InputSerializer):
    """A system of an agency subscribes to events."""

    agency = NamedField(queryset=Agency.objects.all(), help_text="One of your agencies.")
    url = serializers.RegexField(
        r"^https?://[!-~]+$", max_length=500, help_text="Where to POST: https, on the public internet."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=WebhookEvent.choices), min_length=1, max_length=10
    )


class WebhookUpdateInput(InputSerializer):
    """The fields to change. Fields that are left out stay as they are."""

    url = serializers.RegexField(r"^https?://[!-~]+$", max_length=500, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=WebhookEvent.choices),
        min_length=1,
        max_length=10,
        required=False,
    )
    state = serializers.ChoiceField(choices=STATES, required=False)


class WebhookView(ResourceView):
    """Base of the views about subscriptions of the caller's own agencies."""

    resource = "webhook"
    output: ClassVar[type[OutputSerializer]] = WebhookOutput

    @override
    def get_queryset(self) -> Any:
        agencies = self.user.agencies_for("view", "webhook")
        subscribed = WebhookSubscription.objects.filter(agency__in=agencies)
        return subscribed.exclude(state=SubscriptionState.REMOVED).select_related("agency")

    def get_version(self, target: WebhookSubscription | None) -> str:
        """Return the ETag of the subscription, as in `GET /webhooks/{id}`."""
        if target is None:
            return ""
        return etag(self.get_serializer(target, serializer_class=WebhookOutput).data)


class WebhookList(WebhookView, ResourceList, ResourceAction):
    """The subscriptions of the caller's agencies, the newest first. POST makes one."""

    actions = {"GET": "view", "POST": "add"}
    input = WebhookInput
    created_output = NewWebhookOutput

    @override
    def get_target(self) -> None:
        """There is no subscription to act on yet."""

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        with refusals_as_problems():
            subscription, secret = subscriptions.subscribe(**data, by=self.user, now=self.now)
        vars(subscription)["secret"] = secret
        return Response(
            self.get_serializer(subscription, serializer_class=self.created_output).data,
            status=HTTPStatus.CREATED,
            headers={
                "Location": reverse("webhook", args=[subscription.public_id]),
                "ETag": self.get_version(subscription),
            },
        )


class WebhookDetail(WebhookView, ResourceDetail, ResourceUpdate, ResourceDelete):
    """One subscription. PATCH changes it; DELETE removes it, and nothing is sent to it any more."""

    actions = {"GET": "view", "PATCH": "change", "DELETE": "remove"}
    input = WebhookUpdateInput

    @override
    def lock_target(self, target: WebhookSubscription) -> WebhookSubscription:
        """Lock the subscription, which somebody may have removed in between."""
        locked: WebhookSubscription = get_object_or_404(
            self.get_queryset().select_for_update(no_key=True, of=("self",)), pk=target.pk
        )
        return locked

    @override
    def perform_action(self, target: WebhookSubscription, data: dict[str, Any]) -> Response:
        with refusals_as_problems():
            changed = subscriptions.change(target, **data)
        body = self.get_serializer(changed).data
        return Response(body, headers={"ETag": etag(body)})

    @override
    def perform_destroy(self, instance: WebhookSubscription) -> None:
        subscriptions.remove(instance)


class WebhookDeliveryOutput(OutputSerializer):
    """An event that is delivered to a subscription."""

    resource = "webhook_delivery"
    id = serializers.UUIDField(source="public_id", help_text="The `webhook-id` of every attempt.")
    event = serializers.ChoiceField(choices=[*WebhookEvent.choices, (PING, "A test")])
    alert = serializers.UUIDField(allow_null=True)
    order = serializers.UUIDField(allow_null=True)
    occurred_at = InstantField()
    state = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    next_attempt_at = InstantField()
    last_error = serializers.CharField(
        help_text="The result of the last attempt, without the text of the response."
    )
    delivered_at = InstantField(allow_null=True)

    def get_state(self, delivery: WebhookDelivery) -> str:
        """The state of delivery."""
        return DeliveryState(delivery.state).name.lower()


class WebhookDeliveryList(WebhookView, ResourceList):
    """The deliveries to one subscription, the newest first."""

    resource = "webhook_delivery"
    output = WebhookDeliveryOutput

    @override
    def get_queryset(self) -> Any:
        subscription: Any = get_object_or_404(super().get_queryset(), public_id=self.kwargs["id"])
        return subscription.deliveries.all()


class WebhookTestCreate(WebhookView, ResourceAction):
    """POST: send a signed `ping` within seconds."""

    resource = "webhook_delivery"
    actions = {"POST": "test"}
    input = EmptyInput
    output = WebhookDeliveryOutput

    @override
    def perform_action(self, target: WebhookSubscription, data: dict[str, Any]) -> Response:
        with refusals_as_problems():
            delivery = subscriptions.ping(target, now=self.now)
        return Response(self.get_serializer(delivery).data, status=HTTPStatus.CREATED)


urlpatterns = [
    path("webhooks", WebhookList.as_view(), name="webhooks"),
    path("webhooks/<uuid:id>", WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<uuid:id>/tests", WebhookTestCreate.as_view(), name="webhook-tests"),
    path("webhooks/<uuid:id>/deliveries", WebhookDeliveryList.as_view(), name="webhook-deliveries"),
]
