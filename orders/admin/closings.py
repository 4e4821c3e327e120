"""Days on which courts are closed that no rule can compute: clerks add them, nobody takes one away."""

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

from accounts.models import Role
from orders.admin.desk import DeskList, courts_of, laid_out
from orders.errors import InvalidFact
from orders.forms.closings import ClosingForm
from orders.models import CourtClosing
from orders.services.calendar import record_closing


@admin.register(CourtClosing)
class CourtClosingAdmin(DeskList):
    """The closings of every court of a state. They tell of no case."""

    list_display = ["closed_on", "name"]
    ordering = ["-closed_on"]
    case_path = ""

    @override
    def get_urls(self) -> list[URLPattern]:
        """The list and the form that adds a day."""
        add = self.admin_site.admin_view(self.add_view)
        return [*super().get_urls(), path("add/", add, name="orders_courtclosing_add")]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CourtClosing]:
        """All of them: a closed court is no secret."""
        return CourtClosing.objects.all()

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Clerks keep the court's calendar."""
        return bool(courts_of(request.user, Role.CLERK))

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; afterwards the list."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ClosingForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                row = record_closing(jurisdiction="us_ct", **form.cleaned_data)
            except InvalidFact as refusal:
                form.refuse(refusal)
            else:
                # A closing belongs to no order, so no event says who added it; Django's own log does.
                self.log_addition(request, row, "Added.")
                messages.success(request, "The day is on the list. Deadlines move within the hour.")
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
