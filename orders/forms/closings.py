"""A day on which courts are closed that no rule can compute."""

from __future__ import annotations

from django import forms

from orders.forms.entry import FactsForm
from orders.forms.fields import DayField


class ClosingForm(FactsForm):
    """A proclaimed day or a special closing."""

    closed_on = DayField(label="Closed on")
    name = forms.CharField(max_length=80, label="Why", help_text="Such as Good Friday, or snow.")
