"""A court's deadlines and follow-ups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.dates import format_instant
from orders.admin.desk import DeskList, NamedDefaultFilter, order_link, state_badge
from orders.display import rule_title, rule_words, short_due
from orders.models import RUNNING, Deadline, DeadlineState, FollowUp
from orders.services.court_days import zone_of


class DeadlineStateFilter(NamedDefaultFilter):
    """Deadlines by state; by default those that are open or overdue."""

    title = "state"
    default_label = "Open or overdue"
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every state."""
        return [(state.value, str(state.label)) for state in DeadlineState]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen deadlines."""
        if chosen := self.value():
            return queryset.filter(state=chosen)
        return queryset.filter(state__in=RUNNING)


@admin.register(Deadline)
class DeadlineAdmin(DeskList):
    """Deadlines, the longest overdue first."""

    list_display = ["state_now", "docket", "respondent", "what", "due"]
    list_select_related = ["order__case__respondent"]
    list_filter = [DeadlineStateFilter]
    ordering = ["due_at", "id"]

    @admin.display(description="State")
    def state_now(self, deadline: Deadline) -> SafeString:
        """Return the state as a badge."""
        return state_badge(deadline, timezone.now())

    @admin.display(description="Docket")
    def docket(self, deadline: Deadline) -> SafeString:
        """Return the docket as a link to the order."""
        return order_link(deadline.order)

    @admin.display(description="Respondent")
    def respondent(self, deadline: Deadline) -> str:
        """Return the respondent's name."""
        return deadline.order.case.respondent.name

    @admin.display(description="What is due")
    def what(self, deadline: Deadline) -> str:
        """Return the title of the rule, with its statute."""
        return rule_words(deadline.rule_id)

    @admin.display(description="Due")
    def due(self, deadline: Deadline) -> str:
        """Return when it is due, in court time; if that cannot be computed, the facts that are missing."""
        if deadline.state == DeadlineState.CANNOT_COMPUTE:
            return f"Missing: {', '.join(deadline.missing)}"
        return short_due(deadline, zone_of(deadline.order))


class OpenFilter(NamedDefaultFilter):
    """Follow-ups by whether they are open; by default the open ones."""

    title = "state"
    default_label = "Open"
    parameter_name = "closed"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the other choice."""
        return [("yes", "Closed")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen follow-ups."""
        return queryset.filter(closed_at__isnull=self.value() != "yes")


@admin.register(FollowUp)
class FollowUpAdmin(DeskList):
    """Follow-ups, the next action first."""

    list_display = ["docket", "what", "owner", "assigned_to", "next_action", "outcome"]
    list_select_related = ["order__case", "deadline", "owner", "assigned_to"]
    list_filter = [OpenFilter]
    ordering = ["next_action_at", "id"]

    @admin.display(description="Docket")
    def docket(self, follow_up: FollowUp) -> SafeString:
        """Return the docket as a link to the order."""
        return order_link(follow_up.order)

    @admin.display(description="Deadline not met")
    def what(self, follow_up: FollowUp) -> str:
        """Return the title of the rule."""
        return rule_title(follow_up.deadline.rule_id)

    @admin.display(description="Next action")
    def next_action(self, follow_up: FollowUp) -> str:
        """Return the time of the next action, in court time."""
        return format_instant(follow_up.next_action_at, zone_of(follow_up.order))
