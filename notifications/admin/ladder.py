"""Escalation steps at the admin site: who is notified next, and when, if an agency does not acknowledge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F
from django.forms import BaseModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.admin import AgencyAdmin
from accounts.form_base import SiteModelForm
from accounts.models import POLICE, Agency
from accounts.searching import Searched
from notifications.models import EscalationStep
from notifications.services.escalation import ladder
from notifications.services.escalation.escalation import ladder_of

_MINUTE = timedelta(minutes=1)


class MinutesField(forms.IntegerField):
    """A duration, entered in minutes."""

    @override
    def prepare_value(self, value: Any) -> Any:
        """Return a duration in minutes."""
        return value // _MINUTE if isinstance(value, timedelta) else value

    @override
    def clean(self, value: Any) -> Any:
        """Return the minutes as a duration."""
        minutes = super().clean(value)
        try:
            return None if minutes is None else minutes * _MINUTE
        except OverflowError:
            raise ValidationError("That is too long. Enter at most 1440 minutes (one day).") from None

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return True for a different number of minutes."""
        return super().has_changed(self.prepare_value(initial), data)


class StepForm(SiteModelForm[EscalationStep]):
    """One step, for one agency or for all."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=POLICE).order_by("name"),
        required=False,
        empty_label="All agencies without their own steps",
    )
    after = MinutesField(
        label="After (minutes)",
        help_text="Without an acknowledgment, counted from the previous step.",
    )

    class Meta:
        model = EscalationStep
        fields = ["agency", "place", "to", "after"]

    @override
    def clean(self) -> dict[str, Any]:
        """Report what the service refuses."""
        given = super().clean() or {}
        if not self.errors:
            typed = {name: given[name] for name in ("agency", "place", "to", "after")}
            try:
                ladder.check_step(EscalationStep(**typed))
            except ValidationError as refusal:
                self.add_error(None, refusal)
        return given


@admin.register(EscalationStep)
class EscalationStepAdmin(Searched[EscalationStep]):
    """Steps, those for all agencies first."""

    form = StepForm
    fields = ["agency", "place", "to", "after"]
    list_display = ["agency_name", "place", "to", "wait"]
    list_display_links = ["agency_name", "place"]
    list_select_related = ["agency"]
    list_filter = [("agency", admin.EmptyFieldListFilter), "to"]
    search_fields = ["agency__name"]
    ordering = [F("agency__name").asc(nulls_first=True), "place"]
    list_per_page = 50
    actions = None

    @admin.display(description="Agency", ordering="agency__name")
    def agency_name(self, step: EscalationStep) -> str:
        """The agency of the step."""
        return str(step.agency) if step.agency else "All agencies without their own steps"

    @admin.display(description="After")
    def wait(self, step: EscalationStep) -> str:
        """The wait before the step."""
        return f"{step.after // _MINUTE} minutes"

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to delete the last step for all agencies, without which no one would be notified."""
        return super().has_delete_permission(request, obj) and (
            obj is None or not ladder.is_last_for_all(obj)
        )

    @override
    def save_model(
        self, request: HttpRequest, obj: EscalationStep, form: BaseModelForm[EscalationStep], change: bool
    ) -> None:
        """Save the step and record it in the access log."""
        ladder.record_step(obj, request=request)

    @override
    def delete_model(self, request: HttpRequest, obj: EscalationStep) -> None:
        """Delete the step and record it in the access log."""
        ladder.remove_step(obj, request=request)


# The accounts app does not know escalation steps, so its page of an agency is extended here.
admin.site.unregister(Agency)


@admin.register(Agency)
class AgencyWithLadderAdmin(AgencyAdmin):
    """Agencies, with their escalation steps."""

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the steps for police. Other agencies are not asked to acknowledge."""
        return [*super().get_fields(request, obj), *self._of_police(obj)]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the steps read-only; they are changed under Escalation steps."""
        return [*super().get_readonly_fields(request, obj), *self._of_police(obj)]

    @admin.display(description="If nobody acknowledges")
    def ladder(self, agency: Agency) -> SafeString:
        """The steps in order, and whether they are the agency's own."""
        steps = ladder_of(agency.pk)
        is_own = any(step.agency_id for step in steps)
        return format_html(
            '<p>{} <a href="{}">Escalation steps</a></p><ol>{}</ol>',
            "This agency's own steps." if is_own else "The steps for all agencies without their own.",
            reverse("admin:notifications_escalationstep_changelist"),
            format_html_join(
                "",
                "<li>After {} minutes: {}</li>",
                ((step.after // _MINUTE, step.get_to_display()) for step in steps),
            ),
        )

    def _of_police(self, agency: Agency | None) -> list[str]:
        return ["ladder"] if agency is not None and agency.kind in POLICE else []
