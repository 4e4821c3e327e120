"""Absences at the admin site: administrators record them for anyone, and end them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from typing_extensions import override

from accounts.form_base import SiteModelForm
from accounts.models import Absence, User
from accounts.narrowing import expect
from accounts.searching import RecordedOnce
from notifications.services import absences
from orders.errors import InvalidFact
from orders.forms.fields import InstantField


class AbsenceAdminForm(SiteModelForm[Absence]):
    """One absence of anyone."""

    starts_at = InstantField(label="Away from")
    ends_at = InstantField(label="Back at")

    class Meta:
        model = Absence
        fields = ["user", "starts_at", "ends_at"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse what the service refuses."""
        given = super().clean() or {}
        if not self.errors:
            try:
                absences.check(starts_at=given["starts_at"], ends_at=given["ends_at"], now=timezone.now())
            except InvalidFact as refusal:
                self.show_refusal(refusal)
        return given


@admin.register(Absence)
class AbsenceAdmin(RecordedOnce[Absence]):
    """Absences. They are ended, never changed or deleted."""

    form = AbsenceAdminForm
    fields = ["user", "starts_at", "ends_at"]
    autocomplete_fields = ["user"]
    list_display = ["user", "starts_at", "ends_at", "ended_at", "recorded_by"]
    list_select_related = ["user", "recorded_by"]
    search_fields = ["user__name", "user__email"]
    ordering = ["-id"]
    list_per_page = 50
    actions = ["end"]

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        """True for administrators: they may choose anyone. Others have the page “Away”."""
        return request.user.has_perm("accounts.view_user")

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who have the list."""
        return self.has_module_permission(request) and super().has_view_permission(request, obj)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow those who have the list."""
        return self.has_module_permission(request) and super().has_add_permission(request)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Allow those who may end absences."""
        return request.user.has_perm("accounts.end_absence")

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under its own name."""
        return super().changelist_view(request, {"title": "Absences", **(extra_context or {})})

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        """Leave out the absences of people that the user does not lead."""
        return absences.absences_for(expect(User, request.user))

    @override
    def save_model(
        self, request: HttpRequest, obj: Absence, form: BaseModelForm[Absence], change: bool
    ) -> None:
        """Record the absence through the service."""
        saved = absences.record_absence(
            user=obj.user,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            by=expect(User, request.user),
            now=timezone.now(),
            request=request,
        )
        obj.pk = saved.pk
        obj.refresh_from_db()

    @admin.action(description="End: the person is back", permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[Absence]) -> None:
        """End the selected absences."""
        for one in chosen:
            try:
                absences.end_absence(one, by=expect(User, request.user), now=timezone.now(), request=request)
            except InvalidFact as refusal:
                self.message_user(request, f"{one.user}: {refusal.message}", messages.ERROR)
