"""Legal holds at the admin site: a clerk or an administrator places and lifts them, each with a reason."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.form_base import SiteModelForm
from accounts.models import Agency, User
from accounts.narrowing import expect
from accounts.searching import RecordedOnce
from accounts.services.access.access_log import log_access
from orders.errors import InvalidFact
from orders.forms.explained import ExplainedForm
from orders.models import LegalHold
from orders.services.retention import holds


class LegalHoldForm(SiteModelForm[LegalHold]):
    """A new hold, by court and docket number."""

    court = forms.ModelChoiceField(Agency.objects.all())
    docket_number = forms.CharField(max_length=60)
    reason = forms.CharField(max_length=500, help_text="Name no protected person here.")

    #: Set by `LegalHoldAdmin.get_form`.
    person: User

    class Meta:
        model = LegalHold
        fields = ["reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["court"]
        field.queryset = holds.courts_of(self.person)

    @override
    def clean(self) -> dict[str, Any]:
        """Find the case."""
        given = super().clean() or {}
        if not self.errors:
            try:
                given["case"] = holds.case_to_hold(
                    court=given["court"], docket_number=given["docket_number"], by=self.person
                )
            except InvalidFact as refusal:
                self.show_refusal(refusal)
        return given


@admin.register(LegalHold)
class LegalHoldAdmin(RecordedOnce[LegalHold]):
    """Legal holds, newest first. They are lifted, never changed or deleted."""

    form = LegalHoldForm
    fieldsets = [(None, {"fields": ["court", "docket_number", "reason"]})]
    list_display = [
        "docket_number",
        "court",
        "reason",
        "placed_at",
        "placed_by",
        "lifted_at",
        "lifted_by",
        "lift_reason",
        "lifting",
    ]
    list_select_related = ["case__court", "placed_by", "lifted_by"]
    list_display_links = None
    ordering = ["-id"]
    list_per_page = 50
    actions = None

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalHold]:
        """Return the holds on cases of the person's courts; an administrator sees all."""
        return holds.holds_known_to(expect(User, request.user))

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Let the form know the person."""
        form = super().get_form(request, obj, change, **options)
        return type("LegalHoldForm", (form,), {"person": expect(User, request.user)})

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a hold is lifted."""
        view = self.admin_site.admin_view(partial(lift_view, self))
        return [path("<int:key>/lift/", view, name="orders_legalhold_lift"), *super().get_urls()]

    @override
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, and put the cases on it on record."""
        response = super().changelist_view(request, extra_context)
        context: Any = getattr(response, "context_data", None) or {}
        if "cl" in context:
            log_access(request, [one.case.public_id for one in context["cl"].result_list])
        return response

    @admin.display(description="docket number")
    def docket_number(self, row: LegalHold) -> str:
        """The docket number of the case."""
        return row.case.docket_number

    @admin.display(description="court")
    def court(self, row: LegalHold) -> str:
        """The court of the case."""
        return str(row.case.court)

    @admin.display(description="lift")
    def lifting(self, row: LegalHold) -> SafeString | str:
        """Link to the page on which it is lifted, while it is in force."""
        if row.lifted_at is not None:
            return ""
        return format_html(
            '<a href="{}">Lift the hold on {}</a>',
            reverse("admin:orders_legalhold_lift", args=[row.pk]),
            row.case.docket_number,
        )

    @override
    def save_model(
        self, request: HttpRequest, obj: LegalHold, form: BaseModelForm[LegalHold], change: bool
    ) -> None:
        """Place the hold through the service."""
        saved = holds.place_hold(
            form.cleaned_data["case"],
            reason=form.cleaned_data["reason"],
            by=expect(User, request.user),
            now=timezone.now(),
            request=request,
        )
        obj.pk = saved.pk
        obj.refresh_from_db()


def lift_view(model_admin: LegalHoldAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """Ask for the reason, and lift the hold."""
    if not request.user.has_perm("orders.lift_legalhold"):
        raise PermissionDenied
    row = get_object_or_404(model_admin.get_queryset(request).select_related("case__court"), pk=key)
    log_access(request, [row.case.public_id])
    form: Any = ExplainedForm(request.POST if request.method == "POST" else None)
    given: dict[str, Any] = {"by": expect(User, request.user), "now": timezone.now(), "request": request}
    if form.does(lambda reason: holds.lift_hold(row, reason=reason, **given)):
        model_admin.message_user(request, "The hold is lifted.")
        return redirect("admin:orders_legalhold_changelist")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Lift the hold on {row.case.docket_number}",
        "row": row,
        "form": form,
        "adminform": AdminForm(form, [(None, {"fields": ["reason"]})], {}),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/orders/legalhold/lift.html", context)
