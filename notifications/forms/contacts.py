"""How a protected person wants to be reached, as an advocate types it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings

from notifications.models import ContactChannel, Language
from notifications.services.contacts import LONGEST_ADDRESS, LONGEST_PHRASE, Wish

_CLOCK = {"type": "time"}


class ContactForm(forms.Form):
    """Always the whole of it: what was set before is not shown, and is wiped."""

    channel = forms.ChoiceField(choices=ContactChannel.choices, label="How the person wants to hear")
    address = forms.CharField(
        required=False,
        max_length=LONGEST_ADDRESS,
        label="Email address or mobile number",
        help_text="Empty where you tell the person yourself. It is kept sealed and not shown again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phrase = forms.CharField(
        required=False,
        max_length=LONGEST_PHRASE,
        label="Code phrase",
        help_text="Words that the person chose, by which a message is known to be real. No names.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(choices=Language.choices)
    hours_from = forms.TimeField(
        required=False,
        label="Not before",
        help_text="Court time. Empty: at any hour.",
        widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
    )
    hours_until = forms.TimeField(
        required=False, label="Not after", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    confirm_every_days = forms.IntegerField(
        label="Ask the person again after so many days",
        min_value=settings.SHORTEST_WORD,
        max_value=settings.LONGEST_WORD,
        initial=settings.SAFE_CONTACT_DAYS,
        help_text="Nothing is sent once this time is over and nobody has confirmed the way again.",
    )

    def wish(self) -> Wish:
        """What was typed, for the service that keeps it."""
        typed: dict[str, Any] = dict(self.cleaned_data)
        return Wish(confirm_every=timedelta(days=typed.pop("confirm_every_days")), **typed)
