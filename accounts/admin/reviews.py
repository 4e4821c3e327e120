"""Admin pages for the weekly review of the access log. Only auditors open them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from typing_extensions import override

from accounts.dates import format_day, format_instant
from accounts.form_base import SiteForm
from accounts.models import AuditAction, AuditReview, User
from accounts.searching import OnlyFilters
from accounts.services.access import reviews
from accounts.services.access.access_log import record_for
from accounts.services.access.reviews import CaseFigure, PersonFigure, WeekFigures

#: The counts of a week, as the page words them.
_COUNTS = {
    "entries": "Entries",
    "sign_ins": "Sign-ins",
    "failed_sign_ins": "Failed sign-ins",
    "locked": "Accounts locked",
    "refused": "Refused pages and records",
    "blocked": "Blocked for trying IDs",
    "accounts_read": "Reads of accounts",
    "log_read": "Reads of this log",
    "failed_verifications": "Failed verifications of the log",
}
#: The lists of people, with their captions and what is counted.
_LISTS = {
    "cases": ("People with the most cases", "Cases"),
    "refusals": ("Who was refused", "Refusals"),
    "account_readers": ("Who read accounts", "Reads"),
    "outside_hours": ("Before 6 a.m., from 8 p.m. on, Saturday or Sunday", "Views and changes"),
}


class SignOffForm(SiteForm):
    """An auditor's sign-off."""

    notes = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60}),
        label="What you looked at and found",
        help_text="Name no protected person and no case. The notes cannot be changed later.",
        error_messages={"required": "Write what you looked at and found, if only that nothing was unusual."},
    )
    is_followed_up = forms.BooleanField(
        required=False, label="Something was unusual, and someone is following up on it"
    )


@admin.register(AuditReview)
class AuditReviewAdmin(OnlyFilters[AuditReview]):
    """The weeks that ended, and a page for each with its figures and its sign-off."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the two pages."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name="accounts_auditreview_changelist"),
            path("<slug:week>/", wrap(self.week_view), name="accounts_auditreview_week"),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the weeks."""
        self._reader(request)
        record_for(request, AuditAction.LOG_READ, detail={"reviews": True})
        weeks = [
            {
                "monday": one.monday.isoformat(),
                "day": format_day(one.monday),
                "is_overdue": one.is_overdue,
                "review": one.review,
                "at": format_instant(one.review.reviewed_at) if one.review else "",
            }
            for one in reviews.weeks()
        ]
        return self._page(request, "list.html", {"title": "Weekly reviews", "weeks": weeks})

    def week_view(self, request: HttpRequest, week: str) -> HttpResponse:
        """Show the figures of a week, and sign it off."""
        reader = self._reader(request)
        monday = _monday(week)
        review = AuditReview.objects.select_related("reviewed_by").filter(week=monday).first()
        form = None if review else SignOffForm(request.POST if request.method == "POST" else None)
        if form and form.is_bound and form.is_valid():
            try:
                reviews.sign_off(monday, by=reader, **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                record_for(request, AuditAction.DONE, detail={"reviewed_week": week})
                self.message_user(request, "The week is signed off.")
                return redirect("admin:accounts_auditreview_changelist")
        record_for(request, AuditAction.LOG_READ, detail={"week": week})
        figures = _stored(review.figures) if review else reviews.figures_of(monday)
        context = {
            "title": f"Week of {format_day(monday)}",
            "form": form,
            "review": review,
            "at": format_instant(review.reviewed_at) if review else "",
            "unusual": figures.unusual,
            "counts": [(label, getattr(figures, name)) for name, label in _COUNTS.items()],
            "lists": _lists(figures),
            "crowded": figures.crowded,
        }
        return self._page(request, "week.html", context)

    def _reader(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            **context,
        }
        return TemplateResponse(request, f"admin/accounts/auditreview/{template}", whole)


def _monday(week: str) -> date:
    try:
        monday = date.fromisoformat(week)
    except ValueError:
        raise Http404 from None
    if monday not in {one.monday for one in reviews.weeks()}:
        raise Http404
    return monday


def _stored(figures: dict[str, Any]) -> WeekFigures:
    """Return the figures that an auditor saw. What a later version added is 0 or empty."""
    known = {
        one.name: figures.get(one.name, [] if one.name in (*_LISTS, "crowded") else 0)
        for one in fields(WeekFigures)
    }
    for name in _LISTS:
        known[name] = [PersonFigure(**one) for one in known[name]]
    known["crowded"] = [CaseFigure(**one) for one in known["crowded"]]
    return WeekFigures(**known)


def _lists(figures: WeekFigures) -> list[dict[str, Any]]:
    rows: dict[str, Iterable[PersonFigure]] = {name: getattr(figures, name) for name in _LISTS}
    people = User.objects.in_bulk({one.person for found in rows.values() for one in found})
    return [
        {
            "caption": caption,
            "counted": counted,
            "has_usual": name == "cases",
            "rows": [(people.get(one.person, "A former account"), one) for one in rows[name]],
        }
        for name, (caption, counted) in _LISTS.items()
    ]
