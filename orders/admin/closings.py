"""Court closings that no rule can compute. Clerks add them, and take back what was added in error."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from typing_extensions import override

from accounts.dates import format_day
from accounts.models import Role, State
from orders.admin.desk import DeskList, courts_of, laid_out
from orders.errors import InvalidFact
from orders.forms.base import FactsForm
from orders.forms.closings import ClosingForm, TakeBackForm
from orders.models import CourtClosing
from orders.services.court_days import states_of
from orders.services.planning.rulebooks import record_closing, take_back_closing


@admin.register(CourtClosing)
class CourtClosingAdmin(DeskList):
    """The closings of every court of a state. They belong to no case."""

    list_display = ["closed_on", "name", "state"]
    ordering = ["-closed_on"]
    case_path = ""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list and of the forms that add a day and take one back."""
        add = self.admin_site.admin_view(self.add_view)
        back = self.admin_site.admin_view(self.take_back_view)
        return [
            *super().get_urls(),
            path("add/", add, name="orders_courtclosing_add"),
            path("<int:pk>/take-back/", back, name="orders_courtclosing_take_back"),
        ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CourtClosing]:
        """Return those of the states of the person's courts."""
        return CourtClosing.objects.filter(jurisdiction__in=_states(request, Role.CLERK, Role.JUDGE))

    @admin.display(description="State")
    def state(self, row: CourtClosing) -> str:
        """Return the name of the state."""
        return str(State(row.jurisdiction).label)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """True for clerks, who keep the court's calendar."""
        return bool(courts_of(request.user, Role.CLERK))

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, then the list."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        states = _states(request, Role.CLERK)
        form = ClosingForm(request.POST if request.method == "POST" else None, states=states)
        if form.is_valid():
            try:
                row = record_closing(**form.closing())
            except InvalidFact as refusal:
                form.refuse(refusal)
            else:
                # A closing belongs to no order, so no history records who added it; Django's log does.
                self.log_addition(request, row, "Added.")
                messages.success(request, "The day is added. Deadlines are updated within the hour.")
                return _to_year(row)
        return self._page(request, form, "Add court closing")

    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the reason, and take the day back. Django's log keeps the day, the reason and the name."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        row = get_object_or_404(CourtClosing, pk=pk, jurisdiction__in=_states(request, Role.CLERK))
        form = TakeBackForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                with transaction.atomic():
                    # Before the row is gone, because the entry names it.
                    self.log_change(request, row, f"Taken back: {reason}")
                    take_back_closing(row)
            except InvalidFact as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, "The day is taken back. Deadlines are updated within the hour.")
                return _to_year(row)
        title = f"Take back the closing of {format_day(row.closed_on)}: {row.name}"
        return self._page(request, form, title, button="Take back")

    def _page(self, request: HttpRequest, form: FactsForm, title: str, *, button: str = "") -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "button": button or title,
            "form": form,
            "adminform": laid_out(form),
        }
        return TemplateResponse(request, "admin/orders/order/form.html", context)


def _to_year(row: CourtClosing) -> HttpResponse:
    """Redirect to the calendar on which the day is."""
    query = urlencode({"year": row.closed_on.year, "state": row.jurisdiction})
    return redirect(f"{reverse('court-closings')}?{query}")


def _states(request: HttpRequest, *roles: Role) -> list[str]:
    """Return the states of the courts where the person has one of the roles."""
    return states_of(courts_of(request.user, *roles))
