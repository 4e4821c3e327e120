"""Rehearsals at the admin site: administrators begin them and end them, each with a reason on record."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.form_base import SiteModelForm
from accounts.models import Agency, User
from accounts.narrowing import expect
from accounts.searching import RecordedOnce
from notifications.models import Rehearsal
from notifications.services import rehearsals
from orders.errors import InvalidFact
from orders.forms.explained import ExplainedForm
from orders.forms.fields import InstantField


class RehearsalForm(SiteModelForm[Rehearsal]):
    """A new rehearsal, which begins at once."""

    agency = forms.ModelChoiceField(
        Agency.objects.all(),
        required=False,
        empty_label="The whole installation",
        help_text="Alerts to the agency and, for a court, all alerts about its orders.",
    )
    addresses = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Email addresses, one a line. What is for someone else goes to the first one.",
    )
    ends_at = InstantField(label="Ends at")
    reason = forms.CharField(max_length=500)

    class Meta:
        model = Rehearsal
        fields = ["agency", "addresses", "ends_at", "reason"]

    def clean_addresses(self) -> list[str]:
        """Return the lines."""
        return str(self.cleaned_data["addresses"]).split()

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse what the service refuses."""
        given = super().clean() or {}
        if not self.errors:
            try:
                rehearsals.check(**given, now=timezone.now())
            except InvalidFact as refusal:
                self.show_refusal(refusal)
        return given


@admin.register(Rehearsal)
class RehearsalAdmin(RecordedOnce[Rehearsal]):
    """Rehearsals, newest first. They are ended, never changed or deleted."""

    form = RehearsalForm
    fields = ["agency", "addresses", "ends_at", "reason"]
    list_display = [
        "__str__",
        "starts_at",
        "ends_at",
        "reason",
        "started_by",
        "ended_at",
        "ended_by",
        "ending",
    ]
    list_select_related = ["agency", "started_by", "ended_by"]
    ordering = ["-id"]
    list_per_page = 50
    actions = None

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a rehearsal is ended."""
        view = self.admin_site.admin_view(partial(end_view, self))
        return [path("<int:key>/end/", view, name="notifications_rehearsal_end"), *super().get_urls()]

    @admin.display(description="end")
    def ending(self, row: Rehearsal) -> SafeString | str:
        """Link to the page on which it is ended, while it is in force."""
        if row.ended_at is not None or row.ends_at <= timezone.now():
            return ""
        address = reverse("admin:notifications_rehearsal_end", args=[row.pk])
        return format_html('<a href="{}">End {}</a>', address, row)

    @override
    def save_model(
        self, request: HttpRequest, obj: Rehearsal, form: BaseModelForm[Rehearsal], change: bool
    ) -> None:
        """Begin the rehearsal through the service."""
        saved = rehearsals.begin(
            **form.cleaned_data, by=expect(User, request.user), now=timezone.now(), request=request
        )
        obj.pk = saved.pk
        obj.refresh_from_db()


def end_view(model_admin: admin.ModelAdmin[Any], request: HttpRequest, key: int) -> HttpResponse:
    """Ask for the reason, and end the rehearsal."""
    if not request.user.has_perm("notifications.end_rehearsal"):
        raise PermissionDenied
    row = get_object_or_404(Rehearsal, pk=key)
    form: Any = ExplainedForm(request.POST if request.method == "POST" else None)
    given: dict[str, Any] = {"by": expect(User, request.user), "now": timezone.now(), "request": request}
    if form.does(lambda reason: rehearsals.end(row, reason=reason, **given)):
        model_admin.message_user(request, "The rehearsal is over. Messages go to the people they are for.")
        return redirect("admin:notifications_rehearsal_changelist")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"End the {str(row)[:1].lower()}{str(row)[1:]}",
        "form": form,
        "adminform": AdminForm(form, [(None, {"fields": ["reason"]})], {}),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/notifications/rehearsal/end.html", context)
