"""The safe contact that a protected person chose."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.encrypted_fields import EncryptedTokenField
from notifications.models.alert import AlertState
from notifications.models.client_choice import News
from notifications.models.recipient import Language
from notifications.querysets import SafeContactQuerySet
from orders.models import ConfidentialityRelease
from orders.models.fields import public_id


class ContactChannel(models.TextChoices):
    """How the person wants to be notified."""

    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    RELAY = "relay", "Through the advocate"


class SafeContact(models.Model):
    """How one protected person is notified that there is news, while a release is in force.

    It belongs to the release, because the organization's client chose it, and holds no name. Address and
    phrase are encrypted. It is not used after `confirmed_at` plus `confirm_every`, outside the hours, or
    after the release has ended: then nothing is sent.
    """

    public_id = public_id()
    release = models.ForeignKey(
        ConfidentialityRelease, on_delete=models.PROTECT, related_name="safe_contacts"
    )
    channel = models.CharField(max_length=10, choices=ContactChannel)
    encrypted_address = EncryptedTokenField(blank=True)
    second_channel = models.CharField(
        max_length=10,
        choices=ContactChannel,
        blank=True,
        default="",
        db_default="",
        help_text="Used if a message by the first way failed. Empty: the person chose one way.",
    )
    encrypted_second_address = EncryptedTokenField(blank=True, default="", db_default="")
    encrypted_phrase = EncryptedTokenField(
        blank=True,
        help_text="Words that the person chose, so that the person knows the message comes from us.",
    )
    encrypted_pin = EncryptedTokenField(
        blank=True,
        default="",
        db_default="",
        help_text="Digits that the person chose, to answer a message. Without them no message asks.",
    )
    unwanted = ArrayField(
        models.CharField(max_length=10, choices=News),
        default=list,
        db_default=[],
        blank=True,
        help_text="News that the person wants no message about.",
    )
    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)
    hours_from = models.TimeField(null=True, blank=True, help_text="Court time. Empty: at any hour.")
    hours_until = models.TimeField(null=True, blank=True)
    confirm_every = models.DurationField(
        help_text="How long the contact may be used before the person confirms it again."
    )
    confirmed_at = models.DateTimeField()
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person last answered; it answers all that was sent before."
    )
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the advocate was last asked to reach the person, unanswered."
    )

    tested_at = models.DateTimeField(null=True, blank=True, help_text="When the last test message was sent.")
    tested_as = models.SmallIntegerField(
        null=True,
        blank=True,
        choices=AlertState,
        help_text="What became of it, as far as the provider knows.",
    )

    objects = SafeContactQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["release"], condition=Q(ended_at=None), name="safe_contact_one_a_release"
            ),
            models.CheckConstraint(
                condition=Q(channel="relay", encrypted_address="")
                | ~Q(channel="relay") & ~Q(encrypted_address="")
                | Q(ended_at__isnull=False, encrypted_address="", encrypted_phrase=""),
                name="safe_contact_has_an_address",
            ),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_until=None)
                | Q(hours_from__isnull=False, hours_until__isnull=False),
                name="safe_contact_hours_are_whole",
            ),
        ]
        indexes = [
            # Read by every pulse: the contacts whose messages ask for an answer, few among all.
            models.Index(
                fields=["id"], condition=Q(ended_at=None) & ~Q(encrypted_pin=""), name="safe_contact_asks"
            )
        ]

    def __str__(self) -> str:
        return f"Safe contact {str(self.public_id)[:8]}"
