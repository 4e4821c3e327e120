"""Court rule settings: clerks add them for their court, judges read them, and no one changes them later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from accounts.dates import format_instant
from accounts.models import Agency, Role, User
from orders.admin.decisions import decision_words
from orders.admin.desk import DeskList, courts_of, laid_out
from orders.display import rule_words
from orders.errors import InvalidFact
from orders.forms.court_rules import CourtRuleForm
from orders.models import CourtRule
from orders.services.desk.conditions import COURT_ROLES
from orders.services.planning import court_rules, replan_stale

#: Batches of orders that are replanned before the page answers. The hourly task replans the rest.
BATCHES = 5


@admin.register(CourtRule)
class CourtRuleAdmin(DeskList):
    """The settings of the person's courts, the newest first. They belong to no case."""

    list_display = ["decided", "rule", "decision", "is_in_force", "court", "decided_by", "reason"]
    list_select_related = ["court", "decided_by"]
    ordering = ["-id"]
    case_path = ""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list and of the form that adds a setting."""
        add = self.admin_site.admin_view(self.add_view)
        return [*super().get_urls(), path("add/", add, name="orders_courtrule_add")]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CourtRule]:
        """Return the settings of the courts in which the person is a clerk or a judge."""
        newer = CourtRule.objects.filter(
            court=OuterRef("court"), rule_id=OuterRef("rule_id"), pk__gt=OuterRef("pk")
        )
        mine = CourtRule.objects.filter(court__in=courts_of(request.user, *COURT_ROLES))
        return mine.annotate(is_replaced=Exists(newer)).order_by(*self.ordering)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """True for clerks with the permission to add settings."""
        permitted = admin.ModelAdmin.has_add_permission(self, request)
        return permitted and bool(courts_of(request.user, Role.CLERK))

    @admin.display(description="Set")
    def decided(self, row: CourtRule) -> str:
        """Return when, in court time."""
        return format_instant(row.decided_at)

    @admin.display(description="Rule")
    def rule(self, row: CourtRule) -> str:
        """Return the title of the rule, with its statute."""
        return rule_words(row.rule_id)

    @admin.display(description="Setting")
    def decision(self, row: CourtRule) -> str:
        """Return on or off, the court's time and its reminders."""
        return decision_words(row)

    @admin.display(description="In force", boolean=True)
    def is_in_force(self, row: Any) -> bool:
        """False if the court has a newer setting for the rule."""
        return not row.is_replaced

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, then the list with a message about when the court's orders are updated."""
        if not isinstance(request.user, User) or not self.has_add_permission(request):
            raise PermissionDenied
        courts = Agency.objects.filter(pk__in=courts_of(request.user, Role.CLERK))
        form = CourtRuleForm(request.POST if request.method == "POST" else None, courts=courts)
        if form.is_valid():
            now, decision = timezone.now(), form.decision()
            try:
                court_rules.decide(**decision, by=request.user, now=now)
            except InvalidFact as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, _message(is_done=_apply(decision["court"], now)))
                return redirect("admin:orders_courtrule_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add court rule setting",
            "button": "Save",
            "form": form,
            "adminform": laid_out(form),
        }
        return TemplateResponse(request, "admin/orders/order/form.html", context)


def _apply(court: Agency, now: datetime) -> bool:
    """Replan some batches of the court's orders. Return False if some are left."""
    for _ in range(BATCHES):
        replan_stale.replan_stale(now=now, court=court)
        if not replan_stale.stale_orders(court).exists():
            return True
    return False


def _message(*, is_done: bool) -> str:
    if is_done:
        return "The setting is in force. Deadlines of all orders of the court are updated."
    return "The setting is in force. Deadlines of the court's orders are updated within the hour."
