"""Subscriptions that no one looks after: who made one has left, or no one of its agency is active.

Alerts go on to the system, so an administrator ends them or gives them to a person of the agency.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts.access import MATRIX
from accounts.models import AuditAction, Membership, User
from accounts.predicates import IN_USE
from accounts.services.access.access_log import record_for
from notifications.models import SubscriptionState, WebhookSubscription
from notifications.services.webhooks.subscriptions import remove
from orders.errors import InvalidFact
from orders.services.validation import need_reason


def orphaned() -> QuerySet[WebhookSubscription]:
    """Return these, the newest first. `has_people`: someone of the agency could take it over."""
    keepers = _keepers().filter(agency=OuterRef("agency"))
    rows = WebhookSubscription.objects.exclude(state=SubscriptionState.REMOVED)
    rows = rows.filter(~Exists(keepers.filter(user=OuterRef("created_by"))))
    return rows.annotate(has_people=Exists(keepers)).select_related("agency", "created_by").order_by("-id")


def people_for(hook: WebhookSubscription) -> QuerySet[User]:
    """Return the people of the agency who may look after it."""
    return User.objects.filter(pk__in=_keepers().filter(agency=hook.agency_id).values("user")).order_by(
        "name"
    )


@transaction.atomic
def end(hook: WebhookSubscription, *, reason: str, request: HttpRequest) -> None:
    """Remove the subscription; nothing is sent to it any more. Raises `InvalidFact`."""
    why = need_reason(reason)
    remove(_locked(hook))
    _log(request, hook, "webhook_ended", reason=why)


@transaction.atomic
def hand_over(hook: WebhookSubscription, *, to: User, request: HttpRequest) -> None:
    """Let a person of the agency look after it from now on. Raises `InvalidFact`."""
    row = _locked(hook)
    if not people_for(row).filter(pk=to.pk).exists():
        raise InvalidFact(
            "person", "not_of_the_agency", "Choose a person of the agency who may keep webhooks."
        )
    row.created_by = to
    row.save(update_fields=["created_by"])
    _log(request, hook, "webhook_handed_over", to=to.pk)


def _keepers() -> QuerySet[Membership]:
    in_use = {f"user__{name}": value for name, value in IN_USE.items()}
    return Membership.objects.filter(role__in=MATRIX.resources["webhook"].actions["change"], **in_use)


def _locked(hook: WebhookSubscription) -> WebhookSubscription:
    rows = WebhookSubscription.objects.select_for_update(no_key=True)
    row = rows.exclude(state=SubscriptionState.REMOVED).filter(pk=hook.pk).first()
    if row is None:
        raise InvalidFact("body", "ended", "This subscription was removed. Nothing is left to do.")
    return row


def _log(request: HttpRequest, hook: WebhookSubscription, act: str, **facts: object) -> None:
    detail = {"act": act, "webhook": str(hook.public_id), "agency": hook.agency_id, **facts}
    record_for(request, AuditAction.DONE, detail=detail)
