"""The page on which an administrator sends failed alerts again. It shows no case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.access import MATRIX
from accounts.dates import format_instant
from accounts.form_base import SiteForm
from accounts.models import AuditAction, User
from accounts.services.access.access_log import record_for
from notifications.models import Alert
from notifications.services.delivery.resend import Resent, resend, unsent_between

#: The most alerts that are listed.
LISTED = 100


class SendAgainForm(SiteForm):
    """Which alerts."""

    hours = forms.IntegerField(
        min_value=1,
        max_value=31 * 24,
        initial=24,
        label="Alerts of the last hours",
        error_messages={
            "required": "Enter a number of hours.",
            "invalid": "Enter a number of hours, such as 24.",
            "min_value": "Enter at least 1 hour.",
            "max_value": "Enter at most 744 hours, which are 31 days.",
        },
    )
    in_doubt = forms.BooleanField(
        required=False,
        label="Also alerts that may have arrived",
        help_text="They are marked as possible duplicates if the provider does not recognize them.",
    )

    def as_admin_form(self) -> AdminForm:
        """The form in the admin site's layout."""
        form: Any = self
        return AdminForm(form, [(None, {"fields": list(self.fields)})], {})


def send_again_view(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the failed alerts, and send those chosen again."""
    user = request.user
    if not isinstance(user, User) or not MATRIX.may(user.roles, "add", "alert_resending"):
        raise PermissionDenied
    form = SendAgainForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "adminform": form.as_admin_form(), "alerts": None}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        since = now - timedelta(hours=form.cleaned_data["hours"])
        alerts = unsent_between(since, now, in_doubt=form.cleaned_data["in_doubt"])
        if "chosen" in request.POST or "all" in request.POST:
            if "chosen" in request.POST:
                alerts = alerts.filter(public_id__in=_ids(request.POST.getlist("alert")))
            with transaction.atomic():
                done = resend(alerts, by=user, now=now)
                record_for(request, AuditAction.DIRECTORY_CHANGED, detail={"kind": "alerts sent again"})
            model_admin.message_user(request, _sentence(done))
            return redirect("admin:notifications_finding_changelist")
        context |= {
            "count": alerts.count(),
            "alerts": [_shown(one) for one in alerts.select_related("recipient", "agency")[:LISTED]],
        }
    given = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Send failed alerts again",
        "is_nav_sidebar_enabled": False,
        **context,
    }
    return TemplateResponse(request, "admin/notifications/finding/send_again.html", given)


@dataclass(frozen=True)
class FailedAlert:
    """An alert as the page lists it, without its case."""

    id: str
    created: str
    to: str
    channel: str
    state: str
    reason: str


def _shown(alert: Alert) -> FailedAlert:
    return FailedAlert(
        id=str(alert.public_id),
        created=format_instant(alert.created_at, ZoneInfo(settings.TIME_ZONE)),
        to=", ".join(str(one) for one in (alert.recipient, alert.agency) if one),
        channel=alert.get_channel_display(),
        state=alert.get_state_display(),
        reason=alert.last_error,
    )


def _ids(given: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in given]
    except ValueError:
        return []


def _sentence(done: Resent) -> str:
    total = done.failed + done.in_doubt
    if not total:
        return "No alert was sent again: they were sent, acknowledged or withdrawn since then."
    return f"{total} alert{' is' if total == 1 else 's are'} sent again. The history of each order shows it."
