"""The forms that correct or withdraw single facts of an order, made from the forms that enter them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from typing_extensions import override

from orders.forms.base import ReasonForm, SeenForm, day_name
from orders.forms.conditions import ConditionForm, SatisfyConditionForm
from orders.forms.custody import MoveForm
from orders.forms.fields import InstantField
from orders.forms.hearings import FindingsForm, ScheduleHearingForm, held_on_field, outcome_field
from orders.forms.returns import ReturnCheckForm
from orders.forms.service import FailedAttemptForm
from orders.models import Order
from orders.services import hearings, service
from orders.services.conditions import conditions
from orders.services.correctable import Correctable
from orders.services.firearms import (
    custody_steps,
    return_steps,
)


class CorrectItemForm(SeenForm):
    """The form that enters a fact, with the stored values and a reason. Only changed values are sent.

    It is rejected if someone changed the fact since the form was opened.
    """

    takes_confirm = True
    target_field = ""

    fact: ClassVar[Correctable]
    #: Fields of the entry form that are not corrected.
    leave_out: ClassVar[Collection[str]] = ()

    reason = forms.CharField(max_length=500, help_text="What was wrong.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values."""
        super().prepare_fields(order)
        for name in self.leave_out:
            self.fields.pop(name, None)
        self.item.order = order
        for column in self.fact.columns:
            column.load(self.item)
            if column.name in self.fields:
                self.fields[column.name].initial = _shown(column.value(self.item), self.fields[column.name])
        self.remember(column.value(self.item) for column in self.fact.columns)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the changes, the reason and the reason to continue."""
        changed = set(self.changed_data) - {"reason", "seen", "confirm"}
        days = {day_name(name) for name in changed if isinstance(self.fields[name], InstantField)}
        changes = {name: value for name, value in self.facts().items() if name in changed | days}
        kwargs = {"changes": changes, "reason": self.cleaned_data["reason"]}
        return kwargs | {name: self.cleaned_data[name] for name in ("confirm",) if name in self.cleaned_data}


def _shown(value: Any, field: forms.Field) -> Any:
    """Return a stored value as the initial value of a field."""
    if isinstance(field, InstantField) and hasattr(value, "tzinfo"):
        return value.astimezone(field.zone)
    if isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField):
        return getattr(value, "pk", value)
    if isinstance(value, bool) and isinstance(field, forms.TypedChoiceField):
        return "yes" if value else "no"
    return sorted(value) if isinstance(value, frozenset) else value


class CorrectAttemptForm(CorrectItemForm, FailedAttemptForm):
    """A failed attempt was recorded with an error."""

    fact = service.ATTEMPT
    field_order = ["attempted_at", "method", "officer", "why_failed", "code", "place", "reason"]

    why_failed = forms.CharField(max_length=200, label="Why it failed")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values."""
        super().prepare_fields(order)
        self.fields["reason"].initial = None
        self.fields["why_failed"].initial = self.item.reason


class CorrectHearingForm(FindingsForm, CorrectItemForm, ScheduleHearingForm):
    """A hearing, or how it ended, was recorded with an error."""

    fact = hearings.HEARING
    held_on = held_on_field()
    outcome = outcome_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Ask how the hearing ended, and what the court found, only if it was held."""
        super().prepare_fields(order)
        if self.item.held_on is None:
            del self.fields["held_on"], self.fields["outcome"]
            self._open = {}
        else:
            self.ask_findings(order, corrected=self.item)
        self.order_fields(["purpose", "scheduled_on", "scheduled_time", "judge", "held_on", "outcome"])
        self.fields["reason"] = self.fields.pop("reason")

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the changes, with all findings if one is changed."""
        kwargs = super().service_kwargs()
        asked = self.asked_fields
        changes = {name: value for name, value in kwargs["changes"].items() if name not in asked}
        if asked & set(self.changed_data):
            changes["findings"] = self.found()
        return kwargs | {"changes": changes}


class CorrectConditionForm(CorrectItemForm, ConditionForm):
    """A condition, or when it was satisfied, was recorded with an error."""

    fact = conditions.CONDITION
    field_order = ["condition", "due_at", "details", "for_police", "satisfied_at", "reason"]

    satisfied_at = SatisfyConditionForm.base_fields["satisfied_at"]

    @override
    def prepare_fields(self, order: Order) -> None:
        """Ask when it was satisfied only if it was."""
        super().prepare_fields(order)
        if self.item.satisfied_on is None:
            del self.fields["satisfied_at"]


class CorrectReturnCheckForm(CorrectItemForm, ReturnCheckForm):
    """A check before a return was recorded with an error."""

    fact = return_steps.RETURN_CHECK
    leave_out = ("request",)


class CorrectStepForm(CorrectItemForm, MoveForm):
    """A step of custody was recorded with an error."""

    fact = custody_steps.CUSTODY_STEP
    leave_out = ("firearms",)

    tag = forms.CharField(
        max_length=40,
        required=False,
        label="Tag",
        help_text="Later steps with which the item kept this tag get the correct one, too.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Ask who gave it only for a step that did not begin with a receipt."""
        super().prepare_fields(order)
        if self.item.receipt_id is not None:
            del self.fields["given_by"]


class WithdrawItemForm(ReasonForm):
    """A fact was recorded in error."""

    reason = forms.CharField(max_length=500, help_text="Why it never was, for example “of another order”.")
