"""API tokens of systems, and idempotency records."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

#: Maximum length of an Idempotency-Key, in characters.
MAX_KEY = 255


class Scope(models.TextChoices):
    """What a token may be used for. The roles of its account still limit rows and actions."""

    ORDERS_READ = "orders:read", "Read orders"
    ORDERS_WRITE = "orders:write", "Enter orders and record actions"
    ALERTS_READ = "alerts:read", "Read alerts"
    ALERTS_WRITE = "alerts:write", "Acknowledge alerts"
    REPORTS_READ = "reports:read", "Read reports"
    REFERENCE_READ = "reference:read", "Read agencies, towns and rules"
    REFERENCE_WRITE = "reference:write", "Change agencies and who is a backup"
    IMPORTS_WRITE = "imports:write", "Import in bulk"
    WEBHOOKS_WRITE = "webhooks:write", "Manage webhook subscriptions"
    EXCHANGE_READ = "exchange:read", "Download orders for other systems"
    AUDIT_READ = "audit:read", "Read the access log"


class ApiToken(models.Model):
    """A system's token for the API. Only its digest is stored, so a lost token must be replaced.

    It works until `expires_at` or `revoked_at`, whichever is first, while its account is active.
    """

    #: The token itself, set only on the instance that was just issued.
    secret = ""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=120, help_text="Which system uses it, and where the system stores it.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="Last used, to the minute.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="token_expires_after_it_was_made"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyRecord(models.Model):
    """The response to a POST with an Idempotency-Key, returned again when the POST is repeated.

    Kept for 24 hours. `request` is the digest of the request; `body` is encrypted.
    """

    # `answer_once_per_key` indexes this column.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=MAX_KEY)
    request = models.BinaryField(max_length=32)
    rights = models.CharField(
        max_length=64,
        default="",
        db_default="",
        help_text="A digest of the roles that the user held. With others nothing is returned again.",
    )
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    cases = ArrayField(models.UUIDField(), default=list, help_text="Public ids of the cases in the response.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="answer_once_per_key"),
        ]
        indexes = [
            # The hourly purge.
            models.Index(fields=["at"], name="answer_oldest_first"),
        ]

    def __str__(self) -> str:
        return self.key
