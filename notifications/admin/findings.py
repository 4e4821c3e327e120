"""Findings of audits at the admin site."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.urls import URLPattern, path
from typing_extensions import override

from accounts.searching import Searched
from notifications.admin.resend import send_again_view
from notifications.models import Finding


@admin.register(Finding)
class FindingAdmin(Searched[Finding]):
    """Findings of audits, newest first, read-only: audits open and resolve them."""

    actions = None
    fields = ["code", "subject", "detail", "count", "found_at", "seen_at", "resolved_at"]
    list_display = ["detail", "code", "subject", "count", "found_at", "resolved_at"]
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "code"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
    change_list_template = "admin/notifications/finding/list.html"

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page on which failed alerts are sent again."""
        view = self.admin_site.admin_view(partial(send_again_view, self))
        return [path("send-again/", view, name="notifications_finding_send_again"), *super().get_urls()]
