"""The form of the one search."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.form_base import SiteForm
from orders.services.search import LONGEST, SHORTEST


class SearchForm(SiteForm):
    """What to look for."""

    text = forms.CharField(
        max_length=LONGEST,
        label=_("Search cases"),
        help_text=_(
            "A name in any spelling or part of it. Or a date of birth, or part of a docket, serial, "
            "registry, receipt or permit number."
        ),
        error_messages={"required": _("Type what to look for.")},
    )

    def clean_text(self) -> str:
        """Refuse a text that is too short to look up."""
        text: str = self.cleaned_data["text"]
        if sum(map(str.isalnum, text)) < SHORTEST:
            raise ValidationError(_("Type at least two letters or three digits."))
        return text
