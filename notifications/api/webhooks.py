"""Webhooks: the systems that an agency wants told of its alerts, and what they were told."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.body import Given, InstantField, NamedField, Shown
from accounts.api.problems import Fault, Problem
from accounts.api.views import Acting, Answer, ApiView, Changing, Listing, Removing, Showing
from accounts.models import Agency
from notifications.models import (
    PING,
    DeliveryState,
    HookEvent,
    HookState,
    WebhookDelivery,
    WebhookSubscription,
)
from notifications.services import webhooks
from orders.errors import InvalidFact

_Made = TypeVar("_Made")

#: The states that are seen: what is removed is not there.
STATES = [one for one in HookState.choices if one[0] != HookState.REMOVED]


class WebhookOut(Shown):
    """A subscription."""

    thing = "webhook"
    id = serializers.UUIDField(source="public_id")
    agency = serializers.CharField(source="agency.name")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=HookEvent.choices))
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(
        help_text="Why it is disabled: `asked`, or `gone` after an answer of 410. Empty while it is active."
    )
    disabled_at = InstantField(allow_null=True)
    created_at = InstantField()


class NewWebhookOut(WebhookOut):
    """A subscription that was just made."""

    secret = serializers.CharField(help_text="Verify signatures with it. It is shown in this answer only.")


class WebhookIn(Given):
    """An agency's system wants to be told."""

    agency = NamedField(queryset=Agency.objects.all(), help_text="One of yours.")
    url = serializers.RegexField(
        r"^https?://[!-~]+$", max_length=500, help_text="Where to POST: https, in a public network."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=HookEvent.choices), min_length=1, max_length=10
    )


class WebhookChangeIn(Given):
    """What is to be otherwise."""

    url = serializers.RegexField(r"^https?://[!-~]+$", max_length=500, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=HookEvent.choices),
        min_length=1,
        max_length=10,
        required=False,
    )
    state = serializers.ChoiceField(choices=STATES, required=False)


class OfWebhooks(ApiView):
    """An address about subscriptions of the caller's own agencies."""

    thing = "webhook"
    shows: ClassVar[type[Shown]] = WebhookOut

    def hooks(self) -> QuerySet[WebhookSubscription]:
        """Those that the caller sees."""
        agencies = self.user.agencies_for("view", "webhook")
        seen = WebhookSubscription.objects.filter(agency__in=agencies).exclude(state=HookState.REMOVED)
        return seen.select_related("agency")

    def hook(self, id: UUID, *, is_locked: bool = False) -> WebhookSubscription:  # noqa: A002 - the address's
        """The subscription of that public id. Raises `Http404` where the caller sees none."""
        hooks = self.hooks()
        if is_locked:
            hooks = hooks.select_for_update(no_key=True, of=("self",))
        found = hooks.filter(public_id=id).first()
        if found is None:
            raise Http404
        return found

    def version_of(self, subject: WebhookSubscription | None) -> str:
        """As `GET /webhooks/{id}` gives it."""
        if subject is None:
            return ""
        return str(Answer(self.shown([subject], WebhookOut)[0], is_versioned=True).headers["ETag"])


class Webhooks(OfWebhooks, Listing, Acting):
    """The subscriptions of the caller's agencies, the newest first; POST makes one."""

    acts = {"GET": "view", "POST": "add"}
    body = WebhookIn
    makes = NewWebhookOut

    @override
    def rows(self, **asked: Any) -> QuerySet[WebhookSubscription]:
        """All of them."""
        return self.hooks()

    @override
    def perform(self, subject: None, given: dict[str, Any]) -> HttpResponse:
        """The subscription, with its secret."""
        made, secret = _unless_refused(lambda: webhooks.subscribe(**given, by=self.user, now=self.now))
        vars(made)["secret"] = secret
        answer = Answer(
            self.shown([made], NewWebhookOut)[0],
            status=HTTPStatus.CREATED,
            location=reverse("webhook", args=[made.public_id]),
        )
        answer.headers["ETag"] = self.version_of(made)
        return answer


class OneWebhook(OfWebhooks, Showing, Changing, Removing):
    """One subscription. Removed, it is told nothing more, and is not there any more."""

    acts = {"GET": "view", "PATCH": "change", "DELETE": "remove"}
    body = WebhookChangeIn

    @override
    def row(self, **ids: Any) -> WebhookSubscription:
        """The subscription of the address."""
        return self.hook(ids["id"])

    @override
    def subject(self, **ids: Any) -> WebhookSubscription:
        """The subscription of the address."""
        return self.hook(ids["id"])

    @override
    def locked(self, subject: WebhookSubscription) -> WebhookSubscription:
        """As it is now; somebody may have removed it meanwhile."""
        return self.hook(subject.public_id, is_locked=True)

    @override
    def perform(self, subject: WebhookSubscription, given: dict[str, Any]) -> HttpResponse:
        """The subscription as it is now."""
        changed = _unless_refused(lambda: webhooks.change(subject, **given))
        return Answer(self.shown([changed])[0], is_versioned=True)

    @override
    def remove(self, subject: WebhookSubscription) -> None:
        """It is seen no more."""
        webhooks.remove(subject)


class DeliveryOut(Shown):
    """One event that a system is told of."""

    thing = "webhook_delivery"
    id = serializers.UUIDField(source="public_id", help_text="The `webhook-id` of every try.")
    event = serializers.ChoiceField(choices=[*HookEvent.choices, (PING, "A test")])
    alert = serializers.UUIDField(allow_null=True)
    order = serializers.UUIDField(allow_null=True)
    occurred_at = InstantField()
    state = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    next_attempt_at = InstantField()
    last_error = serializers.CharField(help_text="What came of the last try; nothing of the answer's text.")
    delivered_at = InstantField(allow_null=True)

    def get_state(self, delivery: WebhookDelivery) -> str:
        """Where it is on its way."""
        return DeliveryState(delivery.state).name.lower()


class WebhookDeliveries(OfWebhooks, Listing):
    """What one subscription was told, the newest first."""

    thing = "webhook_delivery"
    shows = DeliveryOut

    @override
    def rows(self, **asked: Any) -> QuerySet[WebhookDelivery]:
        """Those of the subscription in the address."""
        return self.hook(self.kwargs["id"]).deliveries.all()


class WebhookTestIn(Given):
    """Nothing more than that a test is wanted."""


class WebhookTests(OfWebhooks, Acting):
    """POST: a signed `ping` is sent, within seconds."""

    thing = "webhook_delivery"
    acts = {"POST": "test"}
    shows = DeliveryOut
    body = WebhookTestIn

    @override
    def subject(self, **ids: Any) -> WebhookSubscription:
        """The subscription of the address."""
        return self.hook(ids["id"])

    @override
    def perform(self, subject: WebhookSubscription, given: dict[str, Any]) -> HttpResponse:
        """The test, waiting to be sent."""
        sent = _unless_refused(lambda: webhooks.ping(subject, now=self.now))
        return Answer(self.shown([sent])[0], status=HTTPStatus.CREATED)


def _unless_refused(do: Callable[[], _Made]) -> _Made:
    try:
        return do()
    except InvalidFact as refusal:
        fault = Fault(refusal.field, refusal.code, refusal.message)
        raise Problem("refused", refusal.message, faults=[fault]) from refusal
