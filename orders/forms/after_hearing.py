"""The decision on an application after its hearing: the form and its acts."""

from __future__ import annotations

from typing import Any

from django import forms
from typing_extensions import override

from orders.forms.base import CHOOSE, Act, ReasonForm, Section
from orders.forms.fields import ClockField, DayField, InstantField
from orders.forms.hearings import HearingForm
from orders.models import Hearing, HearingOutcome, HearingPurpose, Order
from orders.services.orders import after_hearing
from orders.services.orders.record import OrderRecord


class AfterHearingForm(HearingForm):
    """The court decided on the application."""

    takes_confirm = True
    shows_with = {
        "decided_at": ("decision", ("granted", "denied")),
        "expires_on": ("decision", ("granted",)),
        "served_in_court": ("decision", ("granted",)),
        "scheduled_on": ("decision", ("continued",)),
        "scheduled_time": ("decision", ("continued",)),
    }

    decision = forms.ChoiceField(
        choices=[
            CHOOSE,
            (HearingOutcome.GRANTED.value, "Granted: enter the order after hearing"),
            (HearingOutcome.DENIED.value, "Denied: end the ex parte order"),
            (HearingOutcome.CONTINUED.value, "Continued to another day"),
        ],
        help_text=(
            "“Granted” takes the parties, open conditions, permits and firearms over into the order after "
            "hearing."
        ),
    )
    decided_at = InstantField(label="Decided", required=False)
    expires_on = DayField(
        required=False,
        label="Last day of the order after hearing",
        help_text="As printed on the order; the whole day counts.",
    )
    served_in_court = forms.BooleanField(
        required=False, label="The respondent was in court and was served there"
    )
    scheduled_on = DayField(required=False, label="New day")
    scheduled_time = ClockField(required=False, label="Time")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the open hearings on the application."""
        rows = Hearing.objects.filter(order=order, outcome="", purpose=HearingPurpose.APPLICATION)
        self.offer_rows("hearing", rows, chooses_only=True)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts. An instant may be left out."""
        facts = super().service_kwargs()
        facts.setdefault("decided_at", facts.pop("decided_on", None))
        return facts


def _is_open(record: OrderRecord) -> bool:
    """True if the order waits for the decision on its application."""
    return record.order.kind in after_hearing.AFTER_HEARING and any(
        one.purpose == HearingPurpose.APPLICATION for one in record.open_hearings
    )


def _is_decided(record: OrderRecord) -> bool:
    """True if a decision can be taken back."""
    return after_hearing.decision_among(record.history) is not None


ACTS = (
    Act(
        name="decide",
        resource="hearing",
        action="decide",
        section=Section.HEARINGS,
        title="Record the decision after the hearing",
        form=AfterHearingForm,
        service=after_hearing.decide_application,
        needs=_is_open,
        done="The decision is recorded.",
        undo="withdraw-decision",
    ),
    Act(
        name="withdraw-decision",
        resource="hearing",
        action="withdraw_decision",
        section=Section.HEARINGS,
        title="Take back the decision after the hearing",
        form=ReasonForm,
        service=after_hearing.withdraw_decision,
        needs=_is_decided,
        done="The decision is taken back.",
        undo="decide",
    ),
)
