"""The alerts that tell of a court's orders, and what audits found, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.searching import Searched
from notifications.ladder_admin import EscalationStepAdmin  # noqa: F401 - it registers itself
from notifications.models import Alert, Channel, Finding, MessageTemplate, Via
from notifications.querysets import LISTED
from notifications.services.templates import shipped_text
from notifications.wording_admin import MessageTemplateAdmin  # noqa: F401 - it registers itself
from orders.admin.desk import DeskList, order_link
from orders.services.change import zone_of
from orders.wording import instant_words, rule_title


class AnsweredFilter(admin.SimpleListFilter):
    """Alerts by whether somebody acknowledged them."""

    title = "answer"
    parameter_name = "answered"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two choices."""
        return [("no", "Waits for an answer"), ("yes", "Acknowledged")]

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The alerts chosen."""
        match self.value():
            case "no":
                return queryset.unanswered()
            case "yes":
                return queryset.filter(acknowledged_at__isnull=False)
        return queryset


@admin.register(Alert)
class AlertAdmin(DeskList):
    """Who was told what, the newest first."""

    list_display = ["docket", "what", "told", "state", "written", "wording", "answer"]
    list_select_related = LISTED
    list_filter = [AnsweredFilter, "state"]
    ordering = ["-id"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """With the words of a wording that an administrator wrote."""
        label = Concat(
            "name", Value("."), "channel", Value("."), "language", Value("/"), Cast("version", CharField())
        )
        stored = MessageTemplate.objects.annotate(label=label).filter(label=OuterRef("template"))
        rows: QuerySet[Alert] = super().get_queryset(request)
        return rows.annotate(worded=Subquery(stored.values("body")[:1]))

    @admin.display(description="Docket")
    def docket(self, alert: Alert) -> SafeString:
        """The docket, leading to the order."""
        return order_link(alert.of_order)

    @admin.display(description="About")
    def what(self, alert: Alert) -> SafeString:
        """The rule in words, leading to the notice."""
        address = reverse("notice", args=[alert.public_id])
        return format_html('<a href="{}">{}</a>', address, rule_title(alert.deadline.rule_id))

    @admin.display(description="Told")
    def told(self, alert: Alert) -> str:
        """The person or the desk, and where."""
        if alert.via == Via.FALLBACK:
            return f"{alert.recipient}, administrator, in place of {alert.agency or 'an agency'}"
        return ", ".join(str(one) for one in (alert.recipient, alert.agency) if one) or "Nobody"

    @admin.display(description="Written")
    def written(self, alert: Alert) -> str:
        """When, in court time."""
        return instant_words(alert.created_at, zone_of(alert.of_order))

    @admin.display(description="Sent as")
    def wording(self, alert: Alert) -> SafeString | str:
        """The wording that it was sent in, with its text before anything was filled in."""
        if alert.channel == Channel.PRINT:
            return "On paper"
        if not alert.template:
            return "Not sent" if alert.first_sent_at is None else "Unknown"
        return format_html(
            "<details><summary>{}</summary><pre>{}</pre></details>",
            alert.template,
            getattr(alert, "worded", None) or shipped_text(alert.template),
        )

    @admin.display(description="Answer")
    def answer(self, alert: Alert) -> str:
        """By whom and when it was acknowledged."""
        if alert.acknowledged_at is None:
            return "None yet"
        when = instant_words(alert.acknowledged_at, zone_of(alert.of_order))
        return f"{alert.acknowledged_by}, {when}"


@admin.register(Finding)
class FindingAdmin(Searched):
    """What audits found, the newest first, to look at: an audit opens and resolves them."""

    actions = None
    fields = ["code", "subject", "detail", "count", "found_at", "seen_at", "resolved_at"]
    list_display = ["detail", "code", "subject", "count", "found_at", "resolved_at"]
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "code"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
