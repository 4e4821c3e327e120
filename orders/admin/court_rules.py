"""What a court decided about rules: clerks decide for their court, judges read, nothing is changed later."""

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

from accounts.models import Agency, Role, User
from orders.admin.desk import COURT_ROLES, DeskList, courts_of, laid_out
from orders.errors import InvalidFact
from orders.forms.court_rules import CourtRuleForm
from orders.models import CourtRule
from orders.services import court_rules, upkeep
from orders.wording import decision_words, instant_words, rule_title

#: So many batches of orders are planned anew before the page answers; the hourly sweep takes the rest.
BATCHES = 5


@admin.register(CourtRule)
class CourtRuleAdmin(DeskList):
    """The decisions of the person's own courts, the newest first. They tell of no case."""

    list_display = ["decided", "rule", "decision", "stands", "court", "decided_by", "reason"]
    list_select_related = ["court", "decided_by"]
    ordering = ["-id"]
    case_path = ""

    @override
    def get_urls(self) -> list[URLPattern]:
        """The list and the form that adds a decision."""
        add = self.admin_site.admin_view(self.add_view)
        return [*super().get_urls(), path("add/", add, name="orders_courtrule_add")]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CourtRule]:
        """Those of the courts in which the person is clerk or judge."""
        newer = CourtRule.objects.filter(
            court=OuterRef("court"), rule_id=OuterRef("rule_id"), pk__gt=OuterRef("pk")
        )
        mine = CourtRule.objects.filter(court__in=courts_of(request.user, *COURT_ROLES))
        return mine.annotate(is_replaced=Exists(newer)).order_by(*self.ordering)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may add in the orders app decides for the courts of which they are clerk."""
        permitted = admin.ModelAdmin.has_add_permission(self, request)
        return permitted and bool(courts_of(request.user, Role.CLERK))

    @admin.display(description="Decided")
    def decided(self, row: CourtRule) -> str:
        """When, in court time."""
        return instant_words(row.decided_at, timezone.get_default_timezone())

    @admin.display(description="Rule")
    def rule(self, row: CourtRule) -> str:
        """The rule in words."""
        return f"{rule_title(row.rule_id)} ({row.rule_id})"

    @admin.display(description="Decision")
    def decision(self, row: CourtRule) -> str:
        """On or off, the court's time, its reminders."""
        return decision_words(row)

    @admin.display(description="Stands", boolean=True)
    def stands(self, row: Any) -> bool:
        """False where the court decided about the rule again."""
        return not row.is_replaced

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; afterwards the list, with a word on when the court's orders follow."""
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
                messages.success(request, _said(follows_at_once=_apply(decision["court"], now)))
                return redirect("admin:orders_courtrule_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Decide about a rule",
            "button": "Decide",
            "form": form,
            "adminform": laid_out(form),
        }
        return TemplateResponse(request, "admin/orders/order/form.html", context)


def _apply(court: Agency, now: datetime) -> bool:
    """Plans the court's orders anew, some batches of them; False where some are left."""
    for _ in range(BATCHES):
        upkeep.replan_stale(now=now, court=court)
        if not upkeep.stale_orders(court).exists():
            return True
    return False


def _said(*, follows_at_once: bool) -> str:
    if follows_at_once:
        return "The decision stands, and every order of the court is planned by it."
    return "The decision stands. The court's orders are planned anew within the hour."
