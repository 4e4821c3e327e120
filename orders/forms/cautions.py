"""A caution for officers: form and act."""

from __future__ import annotations

from datetime import datetime

from django import forms
from typing_extensions import override

from accounts.models import User
from orders.forms.base import Act, ActForm, Section
from orders.forms.fields import DayField
from orders.services import cautions
from orders.services.court_days import court_day


class CautionForm(ActForm):
    """Officers must know something before they go there."""

    takes_confirm = True

    words = forms.CharField(
        max_length=200,
        label="What officers must know",
        help_text="A threat, a weapon, a dog. Never who applied for the order, or where that person is.",
    )
    known_on = DayField(label="Known since")

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer today."""
        self.fields["known_on"].initial = court_day(self.order, now)


ACTS = (
    Act(
        name="caution",
        resource="caution",
        action="add",
        section=Section.SERVICE,
        title="Add a caution for officers",
        form=CautionForm,
        service=cautions.add_caution,
        done="The caution is recorded. Police and marshals of the case read it first.",
        undo="withdraw-caution",
    ),
)
