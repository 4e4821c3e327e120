"""What waits at a court: deadlines that stand, and the follow-ups of those that passed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from typing_extensions import override

from orders.admin.desk import DeskList, order_link, state_badge
from orders.models import Deadline, DeadlineState, FollowUp
from orders.services.change import zone_of
from orders.wording import due_words, instant_words, rule_title


class StandingFilter(admin.SimpleListFilter):
    """Deadlines by state; without a choice those that somebody must still meet."""

    title = "state"
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every state."""
        return [(state.value, str(state.label)) for state in DeadlineState]

    @override
    def choices(self, changelist: Any) -> Any:
        """As Django offers them, the first one named for what it shows."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": "Open or overdue"} if number == 0 else choice

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The deadlines chosen."""
        if chosen := self.value():
            return queryset.filter(state=chosen)
        return queryset.filter(state__in=[DeadlineState.OPEN, DeadlineState.OVERDUE])


@admin.register(Deadline)
class DeadlineAdmin(DeskList):
    """What is due, the longest overdue first."""

    list_display = ["state_now", "docket", "respondent", "what", "due"]
    list_select_related = ["order__case__respondent"]
    list_filter = [StandingFilter]
    ordering = ["due_at", "id"]

    @admin.display(description="State")
    def state_now(self, deadline: Deadline) -> SafeString:
        """How it stands."""
        return state_badge(deadline, timezone.now())

    @admin.display(description="Docket")
    def docket(self, deadline: Deadline) -> SafeString:
        """The docket, leading to the order."""
        return order_link(deadline.order)

    @admin.display(description="Respondent")
    def respondent(self, deadline: Deadline) -> str:
        """The respondent's name."""
        return deadline.order.case.respondent.name

    @admin.display(description="What is due")
    def what(self, deadline: Deadline) -> str:
        """The rule in words."""
        return f"{rule_title(deadline.rule_id)} ({deadline.rule_id})"

    @admin.display(description="Due")
    def due(self, deadline: Deadline) -> str:
        """Until when, in court time; where that cannot be computed, the facts that are missing."""
        if deadline.state == DeadlineState.CANNOT_COMPUTE:
            return f"Missing: {', '.join(deadline.missing)}"
        return due_words(deadline, zone_of(deadline.order))


class OpenFilter(admin.SimpleListFilter):
    """Follow-ups by whether they are open; without a choice the open ones."""

    title = "state"
    parameter_name = "closed"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The other choice."""
        return [("yes", "Closed")]

    @override
    def choices(self, changelist: Any) -> Any:
        """As Django offers them, the first one named for what it shows."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": "Open"} if number == 0 else choice

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The follow-ups chosen."""
        return queryset.filter(closed_at__isnull=self.value() != "yes")


@admin.register(FollowUp)
class FollowUpAdmin(DeskList):
    """Tasks that unmet deadlines opened, the next action first."""

    list_display = ["docket", "what", "owner", "assigned_to", "next_action", "outcome"]
    list_select_related = ["order__case", "deadline", "owner", "assigned_to"]
    list_filter = [OpenFilter]
    ordering = ["next_action_at", "id"]

    @admin.display(description="Docket")
    def docket(self, follow_up: FollowUp) -> SafeString:
        """The docket, leading to the order."""
        return order_link(follow_up.order)

    @admin.display(description="Unmet")
    def what(self, follow_up: FollowUp) -> str:
        """The rule in words."""
        return rule_title(follow_up.deadline.rule_id)

    @admin.display(description="Next action")
    def next_action(self, follow_up: FollowUp) -> str:
        """When, in court time."""
        return instant_words(follow_up.next_action_at, zone_of(follow_up.order))
