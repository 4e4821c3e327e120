"""The form for an absence of a person, filled in by the person or a supervisor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_base import SiteForm
from accounts.models import User
from notifications.services.absences import people_of
from orders.forms.fields import InstantField


class AbsenceForm(SiteForm):
    """One absence."""

    person = forms.ModelChoiceField(queryset=User.objects.none(), empty_label=None, label=_("Who is away"))
    starts_at = InstantField(
        label=_("Away from"), required=False, help_text=_("Leave empty if it begins now. Court time.")
    )
    ends_at = InstantField(label=_("Back at"))

    def __init__(self, data: Any = None, *, by: User) -> None:
        super().__init__(data)
        people: Any = self.fields["person"]
        people.queryset, people.initial = people_of(by), by.pk
        if people.queryset.count() == 1:
            people.widget = forms.HiddenInput()
