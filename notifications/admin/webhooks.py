"""Subscriptions that no one looks after: an administrator ends them or gives them to a person."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import User
from accounts.searching import RecordedOnce
from notifications.models import WebhookSubscription
from notifications.services.webhooks import orphaned
from orders.errors import InvalidFact
from orders.forms.explained import ExplainedForm


class HandOverForm(SiteForm):
    """Who looks after it from now on."""

    person = forms.ModelChoiceField(User.objects.all())

    def __init__(self, *args: Any, hook: WebhookSubscription, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["person"]
        field.queryset = orphaned.people_for(hook)


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(RecordedOnce[WebhookSubscription]):
    """The subscriptions without a keeper. People manage their own agency's through the API."""

    list_display = ["leading", "agency", "url", "made_by", "why", "state", "created_at"]
    list_display_links = None
    list_per_page = 50
    actions = None

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookSubscription]:
        """Return those that no one looks after."""
        return orphaned.orphaned()

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Permit it to those who may end them."""
        return request.user.has_perm("notifications.end_webhooksubscription")

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the API makes them."""
        return False

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page of the two acts."""
        view = self.admin_site.admin_view(partial(keeper_view, self))
        return [path("<int:key>/keeper/", view, name="notifications_webhook_keeper"), *super().get_urls()]

    @admin.display(description="webhook")
    def leading(self, row: WebhookSubscription) -> SafeString:
        """Link to the acts."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:notifications_webhook_keeper", args=[row.pk]), row
        )

    @admin.display(description="made by")
    def made_by(self, row: WebhookSubscription) -> str:
        """Who made it."""
        return str(row.created_by)

    @admin.display(description="why it is here")
    def why(self, row: Any) -> str:
        """Whether someone of the agency could take it over."""
        return "Who made it has left" if row.has_people else "No one of the agency is active"


def keeper_view(model_admin: WebhookSubscriptionAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """End the subscription, or hand it over."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    hook = get_object_or_404(orphaned.orphaned(), pk=key)
    is_end, typed = "end" in request.POST, request.POST if request.method == "POST" else None
    ending: Any = ExplainedForm(typed if is_end else None)
    handing: Any = HandOverForm(None if is_end else typed, hook=hook)
    form = ending if is_end else handing
    if form.is_valid():
        try:
            if is_end:
                orphaned.end(hook, reason=form.cleaned_data["reason"], request=request)
            else:
                orphaned.hand_over(hook, to=form.cleaned_data["person"], request=request)
        except InvalidFact as refusal:
            form.add_error(None, refusal.message)
        else:
            words = "The webhook has ended." if is_end else "The webhook is handed over."
            model_admin.message_user(request, words)
            return redirect("admin:notifications_webhooksubscription_changelist")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{hook} of {hook.agency}",
        "hook": hook,
        "ending": ending,
        "handing": handing,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/notifications/webhooksubscription/keeper.html", context)
