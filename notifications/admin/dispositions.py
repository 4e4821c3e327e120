"""Dispositions at the admin site: lists of old cases that an administrator approves or cancels."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from typing_extensions import override

from accounts.models import User
from accounts.narrowing import expect
from accounts.searching import RecordedOnce
from accounts.services.access.access_log import log_access
from notifications.services.dispositions import rehearsed
from orders.errors import InvalidFact
from orders.forms.explained import ExplainedForm
from orders.models import Disposition, DispositionCase
from orders.services.retention import dispositions
from orders.services.retention.classes import ClassesError
from orders.services.retention.due import REASON_WORDS

#: Cases on one page of a list.
PAGE = 100


@admin.register(Disposition)
class DispositionAdmin(RecordedOnce[Disposition]):
    """The lists, newest first. Each row leads to its cases, and to its approval."""

    list_display = [
        "leading",
        "kept_as",
        "period",
        "ended_before",
        "listed_at",
        "approved_at",
        "approved_by",
        "closed_at",
    ]
    list_display_links = None
    list_select_related = ["approved_by"]
    ordering = ["-id"]
    list_per_page = 50
    actions = None
    change_list_template = "admin/orders/disposition/list.html"

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a list is made from the cases, not typed."""
        return False

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a list."""
        wrap = self.admin_site.admin_view
        return [
            path("make/", wrap(require_POST(partial(make_view, self))), name="orders_disposition_make"),
            path("<int:key>/cases/", wrap(partial(cases_view, self)), name="orders_disposition_cases"),
            path(
                "<int:key>/approve/",
                wrap(require_POST(partial(approve_view, self))),
                name="orders_disposition_approve",
            ),
            *super().get_urls(),
        ]

    @admin.display(description="retention class")
    def kept_as(self, row: Disposition) -> str:
        """The class in words."""
        return row.retention_class.replace("_", " ").capitalize()

    @admin.display(description="list")
    def leading(self, row: Disposition) -> SafeString:
        """Link to the cases."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_disposition_cases", args=[row.pk]), row
        )


def make_view(model_admin: DispositionAdmin, request: HttpRequest) -> HttpResponse:
    """Make the lists of what is past its period now."""
    _need(request, "orders.add_disposition")
    try:
        made = dispositions.list_due(
            now=timezone.now(), rehearsed=rehearsed(), by=expect(User, request.user), request=request
        )
    except ClassesError as error:
        model_admin.message_user(request, str(error), messages.ERROR)
    else:
        words = f"{len(made)} new list{'' if len(made) == 1 else 's'}." if made else "No case is due."
        model_admin.message_user(request, words)
    return redirect("admin:orders_disposition_changelist")


def approve_view(model_admin: DispositionAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """Approve the list."""
    _need(request, "orders.approve_disposition")
    row = get_object_or_404(Disposition, pk=key)
    try:
        dispositions.approve(row, by=expect(User, request.user), request=request)
    except InvalidFact as refusal:
        model_admin.message_user(request, refusal.message, messages.ERROR)
    else:
        model_admin.message_user(
            request,
            f"Approved. The cases are deleted after {dispositions.WAIT.days} days, except those on hold.",
        )
    return redirect("admin:orders_disposition_cases", key=key)


def cases_view(model_admin: DispositionAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """Show the cases of a list; cancel it."""
    _need(request, "orders.view_disposition")
    row = get_object_or_404(Disposition.objects.select_related("listed_by", "approved_by"), pk=key)
    form: Any = ExplainedForm(request.POST if request.method == "POST" else None)
    if form.does(lambda reason: _cancel(request, row, reason)):
        model_admin.message_user(request, "The list is canceled. Its remaining cases are kept.")
        return redirect("admin:orders_disposition_changelist")
    items = row.cases.select_related("case", "court").order_by("id")
    page = Paginator(items, PAGE).get_page(request.GET.get("page"))
    log_access(request, [one.case_public_id for one in page])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{row}: {row.retention_class.replace('_', ' ')}",
        "row": row,
        "page": page,
        "rows": [(one, _outcome(one)) for one in page],
        "form": form,
        "wait": dispositions.WAIT.days,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/orders/disposition/cases.html", context)


def _cancel(request: HttpRequest, row: Disposition, reason: str) -> None:
    _need(request, "orders.cancel_disposition")
    by, now = expect(User, request.user), timezone.now()
    dispositions.cancel(row, reason=reason, by=by, now=now, request=request)


def _outcome(item: DispositionCase) -> str:
    """Return what became of the case, in words."""
    if not item.kept_because:
        return item.get_outcome_display()
    return f"Kept. {REASON_WORDS.get(item.kept_because, 'The list was canceled')}."


def _need(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
