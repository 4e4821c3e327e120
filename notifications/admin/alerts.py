"""Alerts of a court's orders at the admin site, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.dates import format_instant
from notifications.admin.wordings import label_words
from notifications.models import Alert, Channel, MessageTemplate, Via
from notifications.querysets import LISTED
from notifications.services.delivery.templates import shipped_text
from orders.admin.desk import DeskList, order_link
from orders.display import rule_title
from orders.services.court_days import zone_of


class AcknowledgedFilter(admin.SimpleListFilter):
    """Filter alerts by acknowledgment."""

    title = "acknowledgment"
    parameter_name = "acknowledged"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return [("no", "Not acknowledged"), ("yes", "Acknowledged")]

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the chosen alerts."""
        match self.value():
            case "no":
                return queryset.unacknowledged()
            case "yes":
                return queryset.filter(acknowledged_at__isnull=False)
        return queryset


@admin.register(Alert)
class AlertAdmin(DeskList):
    """Who was notified about what, newest first."""

    list_display = [
        "docket",
        "about",
        "recipient_name",
        "shown_state",
        "created",
        "wording",
        "acknowledgment",
    ]
    list_select_related = LISTED
    list_filter = [AcknowledgedFilter, "state"]
    ordering = ["-id"]

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        """Annotate the text of wordings that administrators added."""
        label = Concat(
            "name", Value("."), "channel", Value("."), "language", Value("/"), Cast("version", CharField())
        )
        stored = MessageTemplate.objects.annotate(label=label).filter(label=OuterRef("template"))
        rows: Any = super().get_queryset(request)
        return rows.with_replaced().annotate(wording_text=Subquery(stored.values("body")[:1]))

    @admin.display(description="Docket")
    def docket(self, alert: Alert) -> SafeString:
        """The docket, with a link to the order."""
        return order_link(alert.of_order)

    @admin.display(description="About")
    def about(self, alert: Alert) -> SafeString:
        """The title of the rule, with a link to the notice."""
        address = reverse("notice", args=[alert.public_id])
        return format_html('<a href="{}">{}</a>', address, rule_title(alert.deadline.rule_id))

    @admin.display(description="Notified")
    def recipient_name(self, alert: Alert) -> str:
        """The person or the agency's desk."""
        if alert.via == Via.FALLBACK:
            return f"{alert.recipient}, administrator, in place of {alert.agency or 'an agency'}"
        return ", ".join(str(one) for one in (alert.recipient, alert.agency) if one) or "No recipient found"

    @admin.display(description="State", ordering="state")
    def shown_state(self, alert: Alert) -> str:
        """The state of delivery, or that a later alert replaced it."""
        return "Replaced" if getattr(alert, "is_replaced", False) else alert.get_state_display()

    @admin.display(description="Created")
    def created(self, alert: Alert) -> str:
        """When it was created, in court time."""
        return format_instant(alert.created_at, zone_of(alert.of_order))

    @admin.display(description="Wording")
    def wording(self, alert: Alert) -> SafeString | str:
        """The wording it was sent in, with its text before fields are filled in."""
        if alert.channel == Channel.PRINT:
            return "On paper"
        if not alert.template:
            return "Not sent" if alert.first_sent_at is None else "Unknown"
        return format_html(
            "<details><summary>{}</summary><pre>{}</pre></details>",
            label_words(alert.template),
            getattr(alert, "wording_text", None) or shipped_text(alert.template),
        )

    @admin.display(description="Acknowledged")
    def acknowledgment(self, alert: Alert) -> str:
        """Who acknowledged it, and when."""
        if alert.acknowledged_at is None:
            return "Not yet"
        when = format_instant(alert.acknowledged_at, zone_of(alert.of_order))
        return f"{alert.acknowledged_by}, {when}"
