"""Forms of a supervisor of police: the ceiling of what is open, and work that goes to another person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from accounts.form_base import SiteForm
from accounts.models import Agency, User
from orders.errors import InvalidFact
from orders.models import LookResult, SecondLook, StatementVerification
from orders.services.follow_ups import figures, reassigning
from orders.services.follow_ups.second_looks import record_look, withdraw_look


class _AgencyForm(SiteForm):
    """A form about one agency."""

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        self.agency = agency
        super().__init__(*args, **kwargs)


class CeilingForm(_AgencyForm):
    """How many follow-ups of surrenders the agency wants open at most."""

    most_open = forms.IntegerField(
        min_value=0,
        max_value=figures.HIGHEST,
        label="Open at most",
        help_text="The page shows when more are open.",
    )

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, agency=agency, **kwargs)
        self.fields["most_open"].initial = figures.ceiling_of([agency.pk])

    def record(self, *, by: User, now: datetime) -> bool:
        """Store it; show a refusal and return False."""
        try:
            figures.set_ceiling(self.agency, most_open=self.cleaned_data["most_open"], by=by, now=now)
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return False
        return True


class ReassignForm(_AgencyForm):
    """Open follow-ups go from one person to another."""

    from_person = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Give all of", empty_label="Those that no one has"
    )
    to_person = forms.ModelChoiceField(User.objects.none(), label="To")

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, agency=agency, **kwargs)
        people: Any = self.fields["from_person"]
        people.queryset = User.objects.filter(memberships__agency=agency).distinct().order_by("name", "pk")
        takers: Any = self.fields["to_person"]
        takers.queryset = reassigning.colleagues_of(agency)

    def record(self, *, by: User, now: datetime) -> int | None:
        """Give them and return how many; show a refusal and return None."""
        data = self.cleaned_data
        try:
            return reassigning.reassign(
                self.agency, from_person=data["from_person"], to_person=data["to_person"], by=by, now=now
            )
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return None


class LookForm(SiteForm):
    """What a second look at a check found."""

    result = forms.ChoiceField(choices=LookResult.choices, widget=forms.RadioSelect, label="Result")
    note = forms.CharField(
        max_length=500,
        label="What you read again",
        help_text="Or who you asked. Leave the protected person out.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def record(self, verification: StatementVerification, *, by: User, now: datetime) -> bool:
        """Record it; show a refusal and return False."""
        try:
            record_look(verification, **self.cleaned_data, by=by, now=now)
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return False
        return True


class WithdrawLookForm(SiteForm):
    """Why a second look is taken back."""

    reason = forms.CharField(max_length=500, label="Why", help_text="Leave the protected person out.")

    def record(self, look: SecondLook, *, by: User, now: datetime) -> bool:
        """Take it back; show a refusal and return False."""
        try:
            withdraw_look(look, **self.cleaned_data, by=by, now=now)
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return False
        return True
