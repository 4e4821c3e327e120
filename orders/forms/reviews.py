"""The forms in which a clerk decides a row that an import set aside, and takes a decision back."""

from __future__ import annotations

from typing import Any

from django import forms

from orders.forms.base import FactsForm
from orders.models import Firearm, ReviewItem, ReviewKind, ReviewResolution
from orders.services.near_numbers import NEAR_ON_OTHER_DOCKET
from orders.services.registry.set_aside import NEAR_SERIAL, OTHER_TIME, SAME_SERIAL

_CONFIRM = (ReviewResolution.CONFIRMED.value, "It is true: record it")
_MATCH = (ReviewResolution.MATCHED.value, "It is the firearm chosen below")
_ADD = (ReviewResolution.ADDED.value, "It is another firearm: add it to the list")
_TIME = (ReviewResolution.CONFIRMED.value, "The time of the row is right: correct the recorded one")
_KEEP = (ReviewResolution.REJECTED.value, "The recorded time is right: keep it")
_TWO = (ReviewResolution.CONFIRMED.value, "These are two firearms with one number: list both")
_BOTH = (ReviewResolution.CONFIRMED.value, "These are two firearms: keep both")
_ONE = (ReviewResolution.REJECTED.value, "It is one firearm: keep the one that was listed first")
_SAME_NUMBER = (
    ReviewResolution.REJECTED.value,
    "It is one firearm: write its number here as on the other docket",
)
_REJECT = (ReviewResolution.REJECTED.value, "It is wrong: do not record it")
_SAME = (ReviewResolution.CONFIRMED.value, "It is the same person with another spelling")
_OTHER = (ReviewResolution.REJECTED.value, "It is another person")


#: What is asked about doubtful facts of these codes.
_ASKED = {
    OTHER_TIME: [_TIME, _KEEP],
    SAME_SERIAL: [_TWO, _ONE],
    NEAR_SERIAL: [_BOTH, _ONE],
    NEAR_ON_OTHER_DOCKET: [_BOTH, _SAME_NUMBER],
}


class ReopenForm(FactsForm):
    """A decision that was wrong."""

    reason = forms.CharField(max_length=500, help_text="What was wrong with the decision.")


class ReviewForm(FactsForm):
    """A decision with its reason; for a serial number, the firearm of the list that it is."""

    decision = forms.ChoiceField(widget=forms.RadioSelect)
    firearm = forms.ModelChoiceField(
        Firearm.objects.none(), required=False, label="Firearm of the list", empty_label="None chosen"
    )
    reason = forms.CharField(max_length=500, help_text="For example, what the paper receipt shows.")

    def __init__(self, *args: Any, item: ReviewItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if item.kind == ReviewKind.NEAR_MATCH:
            self.offer_choices("decision", [_MATCH, _ADD, _REJECT])
            rows = Firearm.objects.of_case(item.order.case_id)
            self.offer_rows("firearm", rows.order_by("id"))
            # The likeliest, which the decision below may take or not.
            likely = item.payload.get("firearms") or [None]
            self.fields["firearm"].initial = rows.filter(public_id=likely[0]).first()
        else:
            asks_who = item.kind == ReviewKind.OTHER_RESPONDENT
            asked = _ASKED.get(item.code, [_CONFIRM, _REJECT])
            self.offer_choices("decision", [_SAME, _OTHER] if asks_who else asked)
            del self.fields["firearm"]

    def clean(self) -> dict[str, Any]:
        """Require a firearm when the decision is that it is one of the list."""
        facts = super().clean() or self.cleaned_data
        if facts.get("decision") == ReviewResolution.MATCHED and not facts.get("firearm"):
            self.add_error("firearm", "Choose the firearm that the receipt names.")
        return facts
