"""The ladder at the admin site: who is asked next, and after how long, when an agency does not answer."""

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
from accounts.models import POLICE, Agency
from accounts.searching import Searched
from notifications.models import EscalationStep
from notifications.services import ladder
from notifications.services.escalation import ladder_of

_MINUTE = timedelta(minutes=1)


class MinutesField(forms.IntegerField):
    """A span of time, typed in minutes."""

    @override
    def prepare_value(self, value: Any) -> Any:
        """In minutes."""
        return value // _MINUTE if isinstance(value, timedelta) else value

    @override
    def clean(self, value: Any) -> Any:
        """As a span of time."""
        minutes = super().clean(value)
        try:
            return None if minutes is None else minutes * _MINUTE
        except OverflowError:
            raise ValidationError("That is too long. Wait for a day at the most: 1440 minutes.") from None

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """True for another number of minutes."""
        return super().has_changed(self.prepare_value(initial), data)


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    """One step, of one agency or of all."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=POLICE).order_by("name"),
        required=False,
        empty_label="Every agency that has no steps of its own",
    )
    after = MinutesField(
        label="After so many minutes",
        help_text="Without an answer, counted from when those before were asked.",
    )

    class Meta:
        model = EscalationStep
        fields = ["agency", "place", "to", "after"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuses what the service refuses, at its field."""
        given = super().clean() or {}
        if not self.errors:
            typed = {name: given[name] for name in ("agency", "place", "to", "after")}
            try:
                ladder.check_step(EscalationStep(**typed))
            except ValidationError as refusal:
                self.add_error(None, refusal)
        return given


@admin.register(EscalationStep)
class EscalationStepAdmin(Searched):
    """Steps, those for all agencies first."""

    form = StepForm
    fields = ["agency", "place", "to", "after"]
    list_display = ["whose", "place", "to", "waits"]
    list_display_links = ["whose", "place"]
    list_select_related = ["agency"]
    list_filter = [("agency", admin.EmptyFieldListFilter), "to"]
    search_fields = ["agency__name"]
    ordering = [F("agency__name").asc(nulls_first=True), "place"]
    list_per_page = 50
    actions = None

    @admin.display(description="Agency", ordering="agency__name")
    def whose(self, step: EscalationStep) -> str:
        """Whose ladder it is on."""
        return str(step.agency) if step.agency else "Every agency without its own"

    @admin.display(description="After")
    def waits(self, step: EscalationStep) -> str:
        """How long is waited first."""
        return f"{step.after // _MINUTE} minutes"

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The last step for all stays: without it nobody would be asked."""
        return super().has_delete_permission(request, obj) and (
            obj is None or not ladder.is_last_for_all(obj)
        )

    @override
    def save_model(
        self, request: HttpRequest, obj: EscalationStep, form: BaseModelForm[EscalationStep], change: bool
    ) -> None:
        """The step is stored, and that is on record."""
        ladder.record_step(obj, request=request)

    @override
    def delete_model(self, request: HttpRequest, obj: EscalationStep) -> None:
        """The step is gone, and that is on record."""
        ladder.remove_step(obj, request=request)


# The app below does not know of ladders; its page of an agency gets a line from here.
admin.site.unregister(Agency)


@admin.register(Agency)
class AgencyWithLadderAdmin(AgencyAdmin):
    """Agencies, with who is asked when one of them does not answer."""

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Police have a ladder; of others no answer is waited for."""
        return [*super().get_fields(request, obj), *self._of_police(obj)]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The ladder is changed under escalation steps."""
        return [*super().get_readonly_fields(request, obj), *self._of_police(obj)]

    @admin.display(description="When nobody answers")
    def ladder(self, agency: Agency) -> SafeString:
        """Step by step, and whose steps they are."""
        steps = ladder_of(agency.pk)
        is_own = any(step.agency_id for step in steps)
        return format_html(
            '<p>{} <a href="{}">Escalation steps</a></p><ol>{}</ol>',
            "Steps of its own." if is_own else "The steps of every agency that has none of its own.",
            reverse("admin:notifications_escalationstep_changelist"),
            format_html_join(
                "",
                "<li>After {} minutes: {}</li>",
                ((step.after // _MINUTE, step.get_to_display()) for step in steps),
            ),
        )

    def _of_police(self, agency: Agency | None) -> list[str]:
        return ["ladder"] if agency is not None and agency.kind in POLICE else []
