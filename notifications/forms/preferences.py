"""How somebody wants to be told, as the person types it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from typing_extensions import override

from notifications.models import Language, Preference
from notifications.services.preferences import ZONES, Wishes

_CLOCK = {"type": "time"}
#: Letters of a number as people write it, and of another service's address, at the most.
_NUMBER, _ADDRESS = 32, 500


class PreferenceForm(forms.Form):
    """The address of another service is never shown again; it is replaced or removed."""

    language = forms.ChoiceField(choices=Language.choices, label="Language of messages")
    phone = forms.CharField(
        required=False,
        max_length=_NUMBER,
        label="Mobile number",
        help_text="Such as +1 860 555 0100.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    by_sms = forms.BooleanField(
        required=False,
        label="Also by text message",
        help_text="When the time for something is over, or nobody answered. Never for mere reminders.",
    )
    zone = forms.ChoiceField(choices=list(ZONES.items()), label="Your time zone")
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        required=False, label="Quiet until", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    digest_at = forms.TimeField(
        required=False,
        label="Reminders once a day, at",
        help_text="They are gathered until then. Empty: each comes at once.",
        widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
    )
    service = forms.CharField(
        required=False,
        max_length=_ADDRESS,
        label="Address of another service",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    forgets_service = forms.BooleanField(required=False, label="Remove the other service that is set")

    def __init__(self, data: Any = None, *, preference: Preference) -> None:
        kept = ("language", "phone", "by_sms", "zone", "quiet_from", "quiet_until", "digest_at")
        super().__init__(data, initial={name: getattr(preference, name) for name in kept})
        if not preference.sealed_service:
            del self.fields["forgets_service"]
        if not settings.SMS_PROVIDERS:
            # Nobody carries text messages; what was wished before they went is not kept on.
            del self.fields["phone"], self.fields["by_sms"]
        if settings.SERVICES:
            names = ", ".join(f"{name}://" for name in settings.SERVICES)
            self.fields["service"].help_text = f"It begins with one of {names}. It is not shown again."
        else:
            del self.fields["service"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuses an address that is at once to be set and to be removed."""
        typed = super().clean() or {}
        if typed.get("service") and typed.get("forgets_service"):
            self.add_error("service", "Leave it empty to remove the one that is set, or do not tick that.")
        return typed

    def wishes(self) -> Wishes:
        """What was typed, for the service that keeps it."""
        return Wishes(**self.cleaned_data)
