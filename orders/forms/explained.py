"""The form of an administrative act that needs only a reason."""

from __future__ import annotations

from collections.abc import Callable

from django import forms

from accounts.form_base import SiteForm
from orders.errors import InvalidFact


class ExplainedForm(SiteForm):
    """Why something is ended, lifted or canceled."""

    reason = forms.CharField(max_length=500)

    def does(self, act: Callable[[str], object]) -> bool:
        """Do the act with the reason; False if nothing valid was sent or the service refuses it."""
        if not self.is_bound or not self.is_valid():
            return False
        try:
            act(self.cleaned_data["reason"])
        except InvalidFact as refusal:
            self.add_error("reason", refusal.message)
            return False
        return True
