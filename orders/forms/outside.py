"""The forms of a transfer to police that have no accounts here."""

from __future__ import annotations

from typing import Any

from django import forms
from typing_extensions import override

from orders.forms.fields import INSTANT_HELP, InstantField, LabeledChoiceField
from orders.forms.follow_up_corrections import PutRightForm
from orders.forms.follow_up_forms import FollowUpForm, tomorrow
from orders.models import Order, OutsideTransfer, OutsideWay


class OutsideForm(FollowUpForm):
    """Police that have no accounts here are asked to act."""

    agency_name = forms.CharField(max_length=120, label="Agency")
    address = forms.CharField(
        max_length=300, label="Address", help_text="Where you sent it: street and state, email, or telephone."
    )
    way = forms.ChoiceField(choices=OutsideWay.choices, label="How", widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=500, help_text="What they are asked to do. Leave the protected person out."
    )
    next_action_at = InstantField(
        label="Next action", help_text=f"When you ask them again: it stays yours. {INSTANT_HELP}"
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with a next action tomorrow morning."""
        self.fields["next_action_at"].initial = tomorrow(self.task)


class WithdrawOutsideForm(PutRightForm):
    """They were not asked, or need not act any more."""

    row = LabeledChoiceField(str, OutsideTransfer.objects.none(), label="Transfer")
    reason = forms.CharField(max_length=500)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer those that were not withdrawn, the newest first."""
        rows = self.task.follow_up.outside_transfers.filter(withdrawn_at=None).order_by("-sent_at", "-id")
        self.offer_rows("row", rows, chooses_only=True)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the reason."""
        return {"reason": self.cleaned_data["reason"]}
