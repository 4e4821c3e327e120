"""The form for a person's own notification preferences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.form_base import SiteForm
from notifications.channels.phone import readable
from notifications.models import Language, Preference
from notifications.services.contacts.preferences import ZONES, PreferenceSettings
from orders.forms.fields import ClockField

#: The longest phone number as typed, and the longest address of another service, in characters.
_NUMBER, _ADDRESS = 32, 500


class PreferenceForm(SiteForm):
    """Notification preferences.

    The address of another service is not shown again, only replaced or removed.
    """

    # It holds the tokens of another service.
    kept_as_typed = ("service",)

    language = forms.ChoiceField(choices=Language.choices, label=_("Language of messages"))
    phone = forms.CharField(
        required=False,
        max_length=_NUMBER,
        label=_("Mobile number"),
        help_text=_("For example +1 860 555 0100."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    by_sms = forms.BooleanField(
        required=False,
        label=_("Notify me by text message too"),
        help_text=_("When a time limit is over or no one has answered an alert. Not for reminders."),
    )
    zone = forms.ChoiceField(choices=list(ZONES.items()), label=_("Your time zone"))
    quiet_from = ClockField(required=False, label=_("Quiet hours start"), help_text=_("Such as 9 p.m."))
    quiet_until = ClockField(required=False, label=_("Quiet hours end"), help_text=_("Such as 7 a.m."))
    digest_at = ClockField(
        required=False,
        label=_("Send reminders once a day, at"),
        help_text=_("Reminders are collected until then. Leave empty to get each one at once."),
    )
    service = forms.CharField(
        required=False,
        max_length=_ADDRESS,
        label=_("Address of another service"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    forgets_service = forms.BooleanField(required=False, label=_("Remove the saved service"))

    def __init__(self, data: Any = None, *, preference: Preference) -> None:
        kept = ("language", "phone", "by_sms", "zone", "quiet_from", "quiet_until", "digest_at")
        super().__init__(data, initial={name: getattr(preference, name) for name in kept})
        if preference.phone:
            self.initial["phone"] = readable(preference.phone)
        if not preference.encrypted_service:
            del self.fields["forgets_service"]
        if not settings.SMS_PROVIDERS:
            # No provider for text messages: saving the form also clears an earlier choice.
            del self.fields["phone"], self.fields["by_sms"]
        if settings.SERVICES:
            names = ", ".join(f"{name}://" for name in settings.SERVICES)
            begins = gettext("Begins with one of %(names)s. It is not shown again.")
            self.fields["service"].help_text = begins % {"names": names}
        else:
            del self.fields["service"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse an address that is set and removed at the same time."""
        typed = super().clean() or {}
        if typed.get("service") and typed.get("forgets_service"):
            self.add_error(
                "service",
                gettext("Leave this empty, or clear the check box below."),
            )
        return typed

    def to_settings(self) -> PreferenceSettings:
        """Return the settings for the service."""
        return PreferenceSettings(**self.cleaned_data)
