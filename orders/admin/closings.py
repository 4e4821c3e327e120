"""Court closings that no rule can compute. Clerks add them; no one removes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from typing_extensions import override

from accounts.models import Agency, Role, State
from orders.admin.desk import DeskList, courts_of, laid_out
from orders.errors import InvalidFact
from orders.forms.closings import ClosingForm
from orders.models import CourtClosing
from orders.services.planning.rulebooks import record_closing


@admin.register(CourtClosing)
class CourtClosingAdmin(DeskList):
    """The closings of every court of a state. They belong to no case."""

    list_display = ["closed_on", "name", "state"]
    ordering = ["-closed_on"]
    case_path = ""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list and of the form that adds a day."""
        add = self.admin_site.admin_view(self.add_view)
        return [*super().get_urls(), path("add/", add, name="orders_courtclosing_add")]

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
                return redirect("admin:orders_courtclosing_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add court closing",
            "button": "Add court closing",
            "form": form,
            "adminform": laid_out(form),
        }
        return TemplateResponse(request, "admin/orders/order/form.html", context)


def _states(request: HttpRequest, *roles: Role) -> list[str]:
    """Return the states of the courts where the person has one of the roles."""
    courts = Agency.objects.filter(pk__in=courts_of(request.user, *roles))
    return sorted(set(courts.values_list("jurisdiction", flat=True)))
