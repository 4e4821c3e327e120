"""How people want to be notified."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.encrypted_fields import (
    DigestField,
    EncryptedTextField,
    EncryptedTokenField,
    FormerField,
    HoldsEncrypted,
)
from notifications.querysets import PreferenceQuerySet


class Language(models.TextChoices):
    """The language of messages."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"


class Preference(HoldsEncrypted):
    """How one person wants to be notified. Without a row: in English, by email, at any hour, at once."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preference"
    )
    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)
    phone = EncryptedTextField(
        max_length=16,
        db_column="encrypted_phone",
        former="open_phone",
        help_text="In the form +18605550100, encrypted.",
    )
    phone_digest = DigestField(of="phone", purpose="phone")
    open_phone = FormerField(max_length=16, blank=True, default="", db_default="", db_column="phone")
    by_sms = models.BooleanField(
        default=False, help_text="Also by text message, when time ran out or no one acknowledged."
    )
    encrypted_service = EncryptedTokenField(blank=True, help_text="The encrypted address of another service.")
    zone = models.CharField(max_length=40, default="America/New_York")
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Quiet hours: what can wait is held from then…"
    )
    quiet_until = models.TimeField(null=True, blank=True, help_text="…until then, in the person's time zone.")
    digest_at = models.TimeField(
        null=True, blank=True, help_text="Reminders are collected and sent at this time of day."
    )

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            # Of the version before this one.
            models.UniqueConstraint(
                fields=["open_phone"], condition=~Q(open_phone=""), name="preference_phone_once"
            ),
            models.UniqueConstraint(
                fields=["phone_digest"],
                condition=Q(phone_digest__isnull=False),
                name="preference_phone_digest_once",
                violation_error_message="Another person uses this number. Give a different one.",
            ),
            models.CheckConstraint(
                condition=Q(by_sms=False) | Q(phone__isnull=False) | ~Q(open_phone=""),
                name="preference_sms_has_a_phone",
                violation_error_message="Give the number that text messages go to.",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="preference_quiet_hours_are_whole",
                violation_error_message="Give both ends of the quiet hours, or neither.",
            ),
        ]

    def __str__(self) -> str:
        return f"Preferences of {self.user_id}"


class OptedOutNumber(models.Model):
    """The keyed digest of a number whose owner replied STOP. Nothing is sent to it."""

    digest = models.CharField(primary_key=True, max_length=64)
    key_id = models.CharField(
        max_length=8, blank=True, db_default="", help_text="The key of the digest; empty: unknown."
    )
    opted_out_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:8]
