"""The order itself: events of its case, extension, correction and vacatur on the court's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_noop
from typing_extensions import override

from orders.display import case_event_words
from orders.forms.base import CHOOSE, Act, ActForm, ChangesForm, CorrectionForm, ReasonForm, Section
from orders.forms.entry import (
    alleged_count_field,
    area_field,
    filer_choices,
    filer_field,
    financial_support_field,
    firearms_indicated_field,
    kind_choices,
    permit_indicated_field,
    proof_choices,
    proof_field,
)
from orders.forms.fields import DayField, InstantField
from orders.models import LicensingReportKind, Order
from orders.services.court_days import zone_of
from orders.services.orders import case_events, corrections, extension, licensing, vacatur, withdrawal


def event_titles(order: Order) -> Mapping[str, str]:
    """Return the events that can be recorded for the order: kind to name, by name."""
    names = {kind: case_event_words(kind) for kind in case_events.events_of(order)}
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


class CaseEventForm(ActForm):
    """A dated event that a rule depends on and that no other form records."""

    takes_confirm = True

    kind = forms.ChoiceField(label="What happened")
    occurred_at = InstantField(label="When", needs_time=False)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the events that the order's rules depend on. One chosen by its button is not asked for."""
        titles = event_titles(order)
        self.offer_choices("kind", [CHOOSE, *titles.items()])
        if self.initial.get("kind") in titles:
            self.fields["kind"].widget = forms.HiddenInput()


class LicensingReportForm(ActForm):
    """What the firearms licensing unit reports, or a dealer's check through it."""

    takes_confirm = True

    kind = forms.ChoiceField(label="What happened", choices=[CHOOSE, *LicensingReportKind.choices])
    occurred_at = InstantField(label="When", needs_time=False)


class ExtendForm(ActForm):
    """The court extended the order."""

    takes_confirm = True

    expires_on = DayField(label="New last day")


class VacateForm(ReasonForm):
    """The court vacated the order."""

    field_order = ["vacated_at", "reason"]

    vacated_at = InstantField(
        label="Vacated", missing=gettext_noop("Enter the time at which the court vacated the order.")
    )


class CorrectExtensionForm(CorrectionForm):
    """The latest extension was recorded with a wrong day."""

    takes_confirm = True

    columns = ("expires_on",)
    field_order = ["expires_on", "reason"]

    expires_on = DayField(label="New last day")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored day."""
        super().prepare_fields(order)
        self.fields["expires_on"].initial = order.expires_on


class CorrectVacaturForm(CorrectionForm):
    """The vacatur was recorded with a wrong time."""

    columns = ("vacated_at",)
    field_order = ["vacated_at", "reason"]

    vacated_at = InstantField(
        label="Vacated", missing=gettext_noop("Enter the time at which the court vacated the order.")
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored time."""
        super().prepare_fields(order)
        at = order.vacated_at
        self.fields["vacated_at"].initial = at and at.astimezone(zone_of(order))


class WithdrawOrderForm(ReasonForm):
    """The whole order was entered in error."""

    reason = forms.CharField(
        max_length=500,
        help_text="Only for an order that should never have been entered. If the court ended it, vacate it.",
    )


class CorrectOrderForm(ChangesForm):
    """The order was entered with an error. Only the changed values go to the service."""

    takes_confirm = True

    columns = (
        "kind",
        "por_number",
        "issued_on",
        "issued_at",
        "expires_on",
        "firearms_indicated",
        "firearms_alleged_count",
        "permit_indicated",
        "financial_support",
        "filed_by",
        "proof_found",
        "area",
    )
    field_order = [
        "kind",
        "filed_by",
        "proof_found",
        "area",
        "por_number",
        "issued_at",
        *columns[4:],
        "reason",
    ]

    kind = forms.ChoiceField()
    por_number = forms.CharField(max_length=40, required=False, label="Registry number")
    issued_at = InstantField(
        label="Issued",
        needs_time=False,
        missing=gettext_noop("Enter the day of issue, with the time if it is known."),
    )
    expires_on = DayField(required=False, label="Last day")
    firearms_indicated = firearms_indicated_field()
    firearms_alleged_count = alleged_count_field()
    permit_indicated = permit_indicated_field()
    financial_support = financial_support_field()
    filed_by = filer_field()
    proof_found = proof_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values. Ask for the county only in a state with several time zones."""
        super().prepare_fields(order)
        self.offer_choices("kind", kind_choices(order.jurisdiction))
        self.offer_choices("filed_by", filer_choices(order.jurisdiction, order.filed_by))
        self.offer_choices("proof_found", proof_choices(order.jurisdiction, order.proof_found))
        if area := area_field(order.jurisdiction):
            self.fields["area"] = area
            self.order_fields(self.field_order)
        for name in self.columns:
            if name in self.fields:
                self.fields[name].initial = getattr(order, name)
        at = order.issued_at
        self.fields["issued_at"].initial = at.astimezone(zone_of(order)) if at else order.issued_on

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the changed values and the reason."""
        changed = super().service_kwargs()
        if "issued_at" in changed and not isinstance(changed["issued_at"], datetime):
            changed |= {"issued_at": None, "issued_on": changed["issued_at"]}
        return changed


ACTS = (
    Act(
        name="case-event",
        resource="case_event",
        action="add",
        section=Section.ORDER,
        title="Record an event of the case",
        form=CaseEventForm,
        service=case_events.record_case_event,
        variants=event_titles,
        done="The event is recorded.",
        undo="withdraw-case-event",
    ),
    Act(
        name="licensing-report",
        resource="licensing_report",
        action="add",
        section=Section.ORDER,
        title="Record a report of the licensing unit",
        form=LicensingReportForm,
        service=licensing.record_licensing_report,
        done="The report is recorded. Of an attempt, police, court and prosecutor are alerted now.",
        undo="withdraw-licensing-report",
    ),
    Act(
        name="extend",
        resource="order",
        action="extend",
        section=Section.ORDER,
        title="Extend the order",
        form=ExtendForm,
        service=extension.extend_order,
        done="The order is extended.",
        ends=True,
        undo="withdraw-extension",
    ),
    Act(
        name="correct-extension",
        resource="order",
        action="change",
        section=Section.ORDER,
        title="Correct the extension",
        form=CorrectExtensionForm,
        service=extension.correct_extension,
        done="The extension is corrected.",
        needs=lambda record: record.extensions,
        undo="correct-extension",
    ),
    Act(
        name="withdraw-extension",
        resource="order",
        action="extend",
        section=Section.ORDER,
        title="Withdraw the extension",
        form=ReasonForm,
        service=extension.withdraw_extension,
        done="The extension is withdrawn. The last day is what it was before.",
        needs=lambda record: record.extensions,
        undo="extend",
    ),
    Act(
        name="correct",
        resource="order",
        action="change",
        section=Section.ORDER,
        title="Correct the order",
        form=CorrectOrderForm,
        service=corrections.correct_order,
        done="The order is corrected.",
        undo="correct",
    ),
    Act(
        name="vacate",
        resource="order",
        action="vacate",
        section=Section.ORDER,
        title="Vacate the order",
        form=VacateForm,
        service=vacatur.vacate_order,
        done="The order is vacated. Open deadlines are withdrawn.",
        ends=True,
        undo="reinstate",
    ),
    Act(
        name="withdraw-order",
        resource="order",
        action="withdraw",
        section=Section.ORDER,
        title="Withdraw the whole order",
        form=WithdrawOrderForm,
        service=withdrawal.withdraw_order,
        done="The order is withdrawn as entered in error. Only the court finds it now.",
        previews=True,
        undo="restore-order",
    ),
    Act(
        name="restore-order",
        resource="order",
        action="restore",
        section=Section.ORDER,
        title="Restore the order",
        form=ReasonForm,
        service=withdrawal.restore_order,
        done="The order is restored.",
        in_error=True,
        previews=True,
        undo="withdraw-order",
    ),
    Act(
        name="correct-vacatur",
        resource="order",
        action="change",
        section=Section.ORDER,
        title="Correct the vacatur",
        form=CorrectVacaturForm,
        service=vacatur.correct_vacatur,
        done="The time of the vacatur is corrected.",
        needs=lambda record: record.order.vacated_at is not None,
        undo="correct-vacatur",
    ),
    Act(
        name="reinstate",
        resource="order",
        action="reinstate",
        section=Section.ORDER,
        title="Reinstate the order",
        form=ReasonForm,
        service=vacatur.reinstate_order,
        done="The order is in force again.",
        needs=lambda record: record.order.vacated_at is not None,
        undo="vacate",
    ),
)
