"""Service of process: the forms and acts of the court's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_noop
from typing_extensions import override

from orders.forms.base import CHOOSE, Act, ActForm, CorrectionForm, ReasonForm, Section
from orders.forms.fields import InstantField, town_field
from orders.models import AttemptReason, FirearmsAnswer, Order, ServiceMethod
from orders.services import service
from orders.services.court_days import zone_of


def answer_field() -> forms.ChoiceField:
    """What the respondent answered when asked about firearms."""
    return forms.ChoiceField(
        choices=[("", "Not stated"), *FirearmsAnswer.choices],
        required=False,
        label="Answer about firearms",
        help_text="What the respondent answered when the officer asked: “Do you have firearms?”",
    )


class ServiceForm(ActForm):
    """The order was served."""

    takes_confirm = True

    served_at = InstantField(label="Served", missing=gettext_noop("Enter the time of service."))
    service_method = forms.ChoiceField(choices=[CHOOSE, *ServiceMethod.choices], label="How")
    service_officer = forms.CharField(max_length=120, required=False, label="Officer")
    town = town_field(
        required=False,
        label="Town of service",
        help_text="If it is another town than the respondent's, its police are alerted too.",
    )
    served_in_custody = forms.BooleanField(required=False, label="The respondent was in custody")
    firearms_answer = answer_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the town that a notice of service named."""
        super().prepare_fields(order)
        self.fields["town"].initial = service.town_of_service(order)


class FailedAttemptForm(ActForm):
    """An attempt at service failed."""

    takes_confirm = True

    attempted_at = InstantField(label="Attempted", missing=gettext_noop("Enter the time of the attempt."))
    method = forms.ChoiceField(choices=[CHOOSE, *ServiceMethod.choices], label="How")
    officer = forms.CharField(max_length=120, required=False, label="Officer")
    reason = forms.CharField(max_length=200, label="Why it failed")
    code = forms.ChoiceField(
        choices=[("", "Not coded"), *AttemptReason.choices], required=False, label="Reason in the figures"
    )
    place = forms.CharField(max_length=200, required=False, label="Place")


class CorrectServiceForm(CorrectionForm):
    """The return of service was recorded with an error."""

    takes_confirm = True

    columns = ("served_at", "service_method", "service_officer", "served_in_custody", "firearms_answer")
    field_order = [*columns[:3], "town", *columns[3:], "reason"]

    served_at = InstantField(label="Served", missing=gettext_noop("Enter the time of service."))
    service_method = forms.ChoiceField(choices=ServiceMethod.choices, label="How")
    service_officer = forms.CharField(max_length=120, required=False, label="Officer")
    town = town_field(
        required=False,
        label="Town of service",
        help_text="The police of another town are alerted in place of those of the former one.",
    )
    served_in_custody = forms.BooleanField(required=False, label="The respondent was in custody")
    firearms_answer = answer_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values."""
        super().prepare_fields(order)
        self.fields["served_at"].initial = order.served_at and order.served_at.astimezone(zone_of(order))
        for name in self.columns[1:]:
            self.fields[name].initial = getattr(order, name)
        self.fields["town"].initial = service.town_of_service(order)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts, the town only if it is another than the form showed."""
        given = super().service_kwargs()
        if "town" not in self.changed_data:
            given.pop("town")
        return given


ACTS = (
    Act(
        name="serve",
        resource="service",
        action="serve",
        section=Section.SERVICE,
        title="Record service",
        form=ServiceForm,
        service=service.record_service,
        done="Service is recorded.",
        served=False,
        undo="withdraw-service",
    ),
    Act(
        name="attempt",
        resource="service_attempt",
        action="add",
        section=Section.SERVICE,
        title="Record a failed attempt",
        form=FailedAttemptForm,
        service=service.record_failed_attempt,
        done="The failed attempt is recorded.",
        served=False,
        undo="withdraw-attempt",
    ),
    Act(
        name="correct-service",
        resource="service",
        action="correct",
        section=Section.SERVICE,
        title="Correct service",
        form=CorrectServiceForm,
        service=service.correct_service,
        done="Service is corrected.",
        served=True,
        undo="correct-service",
    ),
    Act(
        name="withdraw-service",
        resource="service",
        action="withdraw",
        section=Section.SERVICE,
        title="Withdraw service",
        form=ReasonForm,
        service=service.withdraw_service,
        done="The order is recorded as not served.",
        served=True,
        undo="serve",
    ),
)
