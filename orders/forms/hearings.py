"""Hearings: the forms and acts of the court's page."""

from __future__ import annotations

from typing import Any

from django import forms
from typing_extensions import override

from accounts.dates import format_day
from orders.forms.base import CHOOSE, Act, ActForm, Section
from orders.forms.fields import ClockField, DayField, LabeledChoiceField
from orders.models import CourtFinding, Firearm, Hearing, HearingOutcome, HearingPurpose, Order
from orders.services import hearings
from orders.services.firearms.findings import NewFinding, findable, findings_of

#: The outcomes of a hearing that was held.
HELD_OUTCOMES = [CHOOSE, *(one for one in HearingOutcome.choices if one[0] != HearingOutcome.CONTINUED)]


def held_on_field() -> DayField:
    """The day on which a hearing was held."""
    return DayField(
        label="Held on", help_text="For a canceled hearing, the day on which the court canceled it."
    )


class ScheduleHearingForm(ActForm):
    """A hearing is scheduled."""

    takes_confirm = True

    purpose = forms.ChoiceField(choices=[CHOOSE, *HearingPurpose.choices])
    scheduled_on = DayField(label="Day")
    scheduled_time = ClockField(required=False, label="Time")
    judge = forms.CharField(required=False, max_length=120, help_text="Who hears it, if known.")


class HearingForm(ActForm):
    """A form for an act on a hearing without an outcome."""

    target_field = "hearing"

    hearing = LabeledChoiceField(
        lambda row: f"{row.get_purpose_display()}, {format_day(row.scheduled_on)}", Hearing.objects.none()
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the hearings without an outcome; a single one is chosen."""
        self.offer_rows("hearing", Hearing.objects.filter(order=order, outcome=""), chooses_only=True)


class ContinueHearingForm(HearingForm):
    """The hearing is continued to another day."""

    takes_confirm = True

    scheduled_on = DayField(label="New day")
    scheduled_time = ClockField(required=False, label="Time")
    judge = forms.CharField(required=False, max_length=120, help_text="Empty: the same judge.")


class FindingsForm(ActForm):
    """A form that asks what the court found about each item that is not accounted for."""

    def ask_findings(self, order: Order, *, corrected: Hearing | None = None) -> None:
        """Add a field for each item, with what is stored if a hearing is `corrected`."""
        firearms, unlisted = findable(order, corrected=corrected)
        stored = {_field_of(one.firearm): one for one in findings_of(corrected)} if corrected else {}
        self._open: dict[str, tuple[Firearm | None, int]] = {_field_of(one): (one, 1) for one in firearms}
        if unlisted:
            found = stored.get(_field_of(None))
            self._open[_field_of(None)] = (None, found.count if found else unlisted)
        for name, (firearm, count) in self._open.items():
            what = str(firearm) if firearm else f"{count} alleged and not on the list"
            found = stored.get(name)
            self.fields[name] = forms.ChoiceField(
                choices=[("", "The court made no finding"), *CourtFinding.choices],
                required=False,
                label=f"The court found: {what}",
                initial=found.finding if found else "",
            )
            self.fields[f"note_{name}"] = forms.CharField(
                max_length=500,
                required=False,
                label="Note on this finding",
                initial=found.note if found else "",
            )

    def clean(self) -> dict[str, Any]:
        """Require each finding for the outcome “Compliant”, and refuse them for a canceled hearing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        asked = self._open if "outcome" in self.fields else {}
        if data.get("outcome") == HearingOutcome.VACATED and any(data.get(name) for name in asked):
            self.add_error("outcome", _CANCELED)
        if data.get("outcome") == HearingOutcome.COMPLIANT:
            for name in asked:
                if not data.get(name):
                    self.add_error(name, _NEEDS_FINDING)
                elif data[name] == CourtFinding.STILL_HELD:
                    self.add_error(name, _STILL_HELD)
        return data

    @property
    def asked_fields(self) -> set[str]:
        """The names of the fields about findings."""
        return {field for name in self._open for field in (name, f"note_{name}")}

    def found(self) -> list[NewFinding]:
        """Return the findings as the service takes them."""
        facts = self.cleaned_data
        return [
            NewFinding(
                firearm=firearm, count=count, finding=facts[name], note=str(facts[f"note_{name}"] or "")
            )
            for name, (firearm, count) in self._open.items()
            if facts.get(name)
        ]


def _field_of(firearm: Firearm | None) -> str:
    return f"finding_{firearm.pk if firearm else 'unlisted'}"


def outcome_field() -> forms.ChoiceField:
    """How a hearing ended."""
    return forms.ChoiceField(
        choices=HELD_OUTCOMES,
        help_text="“Compliant” needs what the court found about each firearm that is not accounted for.",
    )


class HoldHearingForm(FindingsForm, HearingForm):
    """The hearing was held."""

    takes_confirm = True

    held_on = held_on_field()
    outcome = outcome_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Ask what the court found about each item that is not accounted for."""
        super().prepare_fields(order)
        self.ask_findings(order)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts, with the findings as the service takes them."""
        facts = super().service_kwargs()
        return {name: facts[name] for name in facts if name not in self.asked_fields} | {
            "findings": self.found()
        }


_NEEDS_FINDING = "The outcome “Compliant” needs what the court found. Choose one, or another outcome."
_CANCELED = (
    "At a canceled hearing the court found nothing. Leave the findings out, or choose another outcome."
)
_STILL_HELD = "The respondent still holds this, so the outcome is not “Compliant”. Choose another outcome."


ACTS = (
    Act(
        name="hearing",
        resource="hearing",
        action="add",
        section=Section.HEARINGS,
        title="Schedule a hearing",
        form=ScheduleHearingForm,
        service=hearings.schedule_hearing,
        done="The hearing is scheduled.",
        prefilled=("purpose",),
        undo="withdraw-hearing",
    ),
    Act(
        name="continue",
        resource="hearing",
        action="continue",
        section=Section.HEARINGS,
        title="Continue a hearing",
        form=ContinueHearingForm,
        service=hearings.continue_hearing,
        needs=lambda record: record.open_hearings,
        done="The hearing is continued.",
        undo="withdraw-continuance",
    ),
    Act(
        name="hold",
        resource="hearing",
        action="hold",
        section=Section.HEARINGS,
        title="Record a hearing held",
        form=HoldHearingForm,
        service=hearings.record_hearing,
        needs=lambda record: record.open_hearings,
        done="The hearing is recorded.",
        undo="withdraw-outcome",
    ),
)
