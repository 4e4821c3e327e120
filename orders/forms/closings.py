"""A court closing that no rule can compute."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from accounts.models import State
from orders.forms.base import FactsForm
from orders.forms.fields import DayField


class TakeBackForm(FactsForm):
    """Why a closing that a person added is taken back."""

    reason = forms.CharField(max_length=500, label="Why", help_text="The reason is kept with your name.")


class ClosingForm(FactsForm):
    """A proclaimed holiday or a special closing."""

    jurisdiction = forms.ChoiceField(label="State")
    closed_on = DayField(label="Closed on")
    name = forms.CharField(max_length=80, label="Why", help_text="For example: Good Friday, or snow.")

    def __init__(self, *args: Any, states: Collection[str], **kwargs: Any) -> None:
        """Ask for the state only if there is a choice."""
        super().__init__(*args, **kwargs)
        self._only = next(iter(states)) if len(states) == 1 else ""
        if self._only:
            del self.fields["jurisdiction"]
        else:
            self.offer_choices("jurisdiction", [one for one in State.choices if one[0] in states])

    def closing(self) -> dict[str, Any]:
        """Return the closing as typed. The form must be valid."""
        return {"jurisdiction": self._only} | self.facts() if self._only else self.facts()
