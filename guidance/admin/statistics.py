"""Releasing figures at the admin site: look at a quarter as it would be shown, then release it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import User
from accounts.searching import OnlyFilters
from guidance.models import StatisticsRelease
from guidance.services import statistics
from guidance.services.statistics import Quarter

#: Quarters that can be released, the last one first.
_QUARTERS = 8


class FiguresForm(SiteForm):
    """Which quarter, and why."""

    quarter = forms.ChoiceField()
    reason = forms.CharField(
        max_length=200, help_text="Shown to everyone: for a first version, for example “First release”."
    )

    def __init__(self, data: Any = None, *, quarters: list[Quarter]) -> None:
        """Offer the quarters that have ended."""
        super().__init__(data)
        choices: Any = self.fields["quarter"]
        choices.choices = [
            (f"{one.year}-{one.quarter}", f"Quarter {one.quarter}, {one.year}") for one in quarters
        ]


@admin.register(StatisticsRelease)
class StatisticsReleaseAdmin(OnlyFilters[StatisticsRelease]):
    """One page: the releases so far, and a form that shows a quarter first and then releases it."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return only this page."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="guidance_statisticsrelease_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form; after "Look", the figures as they would be shown; after "Release", release them."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        now = timezone.now()
        last = Quarter.before(now)
        numbers = [last.year * 4 + last.quarter - 1 - back for back in range(_QUARTERS)]
        quarters = [Quarter(one // 4, one % 4 + 1) for one in numbers]
        form = FiguresForm(request.POST if request.method == "POST" else None, quarters=quarters)
        rows: list[Any] = []
        preview = None
        if request.method == "POST" and form.is_valid():
            year, _, number = form.cleaned_data["quarter"].partition("-")
            quarter = Quarter(int(year), int(number))
            if "release" not in request.POST:
                preview = statistics.preview(quarter)
                figures = preview.figures
                rows = [("State", figures["state"]), *figures["courts"].items(), *figures["agencies"].items()]
            elif self._released(request, form, quarter):
                return redirect("admin:guidance_statisticsrelease_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Figures for the public",
            "is_nav_sidebar_enabled": False,
            "form": form,
            "rows": rows,
            "preview": preview,
            "releases": StatisticsRelease.objects.select_related("released_by")[:50],
        }
        return TemplateResponse(request, "admin/guidance/statistics.html", context)

    def _released(self, request: HttpRequest, form: FiguresForm, quarter: Quarter) -> bool:
        by = request.user if isinstance(request.user, User) else None
        try:
            row = statistics.release(quarter, reason=form.cleaned_data["reason"], by=by, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        self.message_user(request, f"Released: {row}.")
        return True
