"""The form that confirms a printed notice."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_base import SiteForm
from accounts.models import User
from notifications.models import Alert
from notifications.services.delivery import printing
from orders.errors import InvalidFact
from orders.forms.fields import InstantField


class HandedOverForm(SiteForm):
    """Who received the printed notice, and when."""

    handed_to = forms.CharField(
        label=_("I handed this to"),
        max_length=printing.LONGEST_NAME,
        help_text=_("Name, and badge number or office."),
        error_messages={"required": "Enter the name of the person who received it."},
    )
    handed_at = InstantField(label=_("When"))

    def confirm(self, alert: Alert, *, by: User, now: datetime) -> bool:
        """Record the delivery; return False if a field has an error."""
        if not self.is_valid():
            return False
        given = self.cleaned_data
        try:
            printing.confirm_handed_over(alert, by=by, to=given["handed_to"], at=given["handed_at"], now=now)
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return False
        return True
