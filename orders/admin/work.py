"""A court's deadlines and follow-ups."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.dates import court_date, format_day, format_instant
from accounts.models import User
from accounts.narrowing import expect
from orders.admin.desk import DeskList, NamedDefaultFilter, desk_of, order_link
from orders.display import rule_words, short_due, short_title, shown_state
from orders.models import NOT_DEADLINES, RUNNING, Deadline, DeadlineState, FollowUp
from orders.services.court_days import zone_of
from orders.services.desk.conditions import MOST_COUNTED, CourtDesk, still_matters
from orders.services.desk.figures import day_span
from orders.services.planning.duties import (
    COURT,
    duties_for_court,
    duties_of,
    duties_of_court,
    rules_with_duty,
    who_must_act,
)
from orders.services.search import search
from orders.views.court.today import DUTIES_AHEAD
from orders.views.court.words import CourtStep, button_of, chip_class, chip_words, order_page, steps_of


class DeadlineStateFilter(NamedDefaultFilter):
    """Deadlines by state; by default those that are open or overdue and did not end with their order."""

    title = "State"
    default_label = "Open or overdue"
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every state of a deadline."""
        return [(state.value, str(state.label)) for state in DeadlineState if state not in NOT_DEADLINES]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen deadlines."""
        if chosen := self.value():
            return queryset.filter(state=chosen)
        return queryset.filter(still_matters(desk_of(request)), state__in=RUNNING)


class ActorFilter(NamedDefaultFilter):
    """Deadlines by who must act."""

    title = "Who must act"
    default_label = "All who must act"
    parameter_name = "who"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return those who must act by some rule."""
        ours = [("court", "The court"), ("concerns", "What concerns the court")]
        return [*ours, *((one, one.capitalize()) for one in actors())]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen deadlines."""
        chosen = self.value()
        if chosen == "court":
            return queryset.filter(rule_id__in=duties_of_court())
        if chosen == "concerns":
            return queryset.filter(rule_id__in=duties_for_court())
        return queryset.filter(rule_id__in=duties_of(chosen)) if chosen in actors() else queryset


class DueFilter(NamedDefaultFilter):
    """Deadlines by when they are due."""

    title = "Due"
    default_label = "Due any time"
    parameter_name = "due"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the spans."""
        return [
            ("soon", "Overdue or in 7 days"),
            ("late", "Overdue"),
            ("day", "In 24 hours"),
            ("week", "In 7 days"),
            ("month", "In 30 days"),
        ]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen deadlines."""
        now, days = timezone.now(), {"day": 1, "week": 7, "month": 30}
        if self.value() == "soon":
            return queryset.filter(due_at__lte=now + DUTIES_AHEAD)
        if self.value() == "late":
            return queryset.filter(due_at__lte=now)
        if span := days.get(self.value() or ""):
            return queryset.filter(due_at__gt=now, due_at__lte=now + timedelta(days=span))
        return queryset


class DayFilter(NamedDefaultFilter):
    """Deadlines that are due on one day of the next weeks."""

    title = "Day"
    default_label = "Any day"
    parameter_name = "day"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the next two weeks."""
        today = court_today()
        days = [today + timedelta(days=number) for number in range(14)]
        return [(day.isoformat(), format_day(day)) for day in days]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the deadlines of the chosen day."""
        chosen = self.value()
        if chosen not in {value for value, _ in self.lookup_choices}:
            return queryset
        day = date.fromisoformat(chosen or "")
        starts, ends = day_span(day)
        at_a_time = Q(due_on=None, due_at__gte=starts, due_at__lt=ends)
        return queryset.filter(Q(due_on=day) | at_a_time)


def actors() -> list[str]:
    """Return who must act by some rule of Connecticut, besides the court."""
    found = {rule.actor for rule in rules_with_duty().values() if rule.jurisdiction == "us_ct"}
    return sorted(found.difference(COURT))


def court_today() -> date:
    """Return the day in court time."""
    return court_date(timezone.now())


class ListedDeadline:
    """One deadline as a line of the list."""

    def __init__(self, deadline: Deadline, step: CourtStep, desk: CourtDesk) -> None:
        self.deadline, self.order, self.now = deadline, deadline.order, desk.now
        self.what, self.title = step.words, rule_words(deadline.rule_id)
        self.chip = chip_words(deadline.due_at, desk.now) if deadline.is_running else ""
        self.chip_class = chip_class(deadline.due_at, desk.now)
        self.act = button_of(deadline.order, step, desk.person) if deadline.is_running else None
        self.who = who_must_act(deadline.rule_id, deadline.value_effective).capitalize()
        self.address = order_page(deadline.order)
        self.state = shown_state(deadline, desk.now)
        self.group = self._group(desk)

    def _group(self, desk: CourtDesk) -> str:
        """Overdue, Today, This week, Later, or a group of those that do not run."""
        due = self.deadline.due_at
        if due is None or not self.deadline.is_running:
            return "Not running"
        if due <= desk.now:
            return "Overdue"
        # A whole day is over at the midnight after it.
        day = self.deadline.due_on or court_date(due)
        if day == desk.today:
            return "Today"
        return "This week" if day < desk.today + timedelta(days=7) else "Later"

    @property
    def due(self) -> str:
        """When it is due, in court time; if that cannot be computed, the facts that are missing."""
        if self.deadline.state == DeadlineState.CANNOT_COMPUTE:
            return f"Missing: {', '.join(self.deadline.missing)}"
        return short_due(self.deadline, zone_of(self.order))


@admin.register(Deadline)
class DeadlineAdmin(DeskList):
    """Deadlines, the longest overdue first, in groups: overdue, today, this week, later."""

    change_list_template = "orders/court/deadlines.html"
    list_display = ["rule_id"]
    list_select_related = ["order__case__respondent__town", "order__case__court"]
    list_filter = [DeadlineStateFilter, ActorFilter, DueFilter, DayFilter]
    search_fields = ["order__case__docket_number"]
    ordering = ["due_at", "id"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the deadlines of the orders of the person's courts."""
        return desk_of(request).rows(Deadline)

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the deadlines of the orders that the search of every page finds."""
        if not search_term.strip():
            return queryset, False
        found = search(expect(User, request.user), search_term, now=timezone.now())
        return queryset.filter(order__in=[one.order.pk for one in found]), False

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list in groups."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            desk = desk_of(request)
            shown = list(response.context_data["cl"].result_list)
            steps = steps_of(shown, desk.today)
            rows = [ListedDeadline(one, steps[one.pk], desk) for one in shown]
            groups = [(name, list(some)) for name, some in groupby(rows, key=lambda row: row.group)]
            response.context_data |= {"groups": groups, "most_counted": MOST_COUNTED}
        return response


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
        """Return the short title of the rule."""
        return short_title(follow_up.deadline.rule_id)

    @admin.display(description="Next action")
    def next_action(self, follow_up: FollowUp) -> str:
        """Return the time of the next action, in court time."""
        return format_instant(follow_up.next_action_at, zone_of(follow_up.order))
