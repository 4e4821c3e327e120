"""Who did and saw what, when, from where and by which door: append-only, sealed in chained batches."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now


class Act(models.TextChoices):
    """What was done."""

    SIGN_IN = "sign_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    SIGN_OUT = "sign_out", "Signed out"
    LOCKED = "locked", "Account locked"
    RELEASED = "released", "Account released"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    FACTOR_ADDED = "factor_added", "Second factor added"
    FACTOR_REMOVED = "factor_removed", "Second factor removed"
    ACCOUNT_CREATED = "account_created", "Account created"
    ACCOUNT_CHANGED = "account_changed", "Account changed"
    ACCOUNT_DISABLED = "account_disabled", "Account disabled"
    ACCOUNT_ENABLED = "account_enabled", "Account enabled"
    ROLE_GRANTED = "role_granted", "Role granted"
    ROLE_REVOKED = "role_revoked", "Role revoked"
    TOKEN_ISSUED = "token_issued", "Token issued"
    TOKEN_REVOKED = "token_revoked", "Token revoked"
    DIRECTORY_CHANGED = "directory_changed", "Agency or town changed"
    SEEN = "seen", "Saw"
    DONE = "done", "Did"
    REFUSED = "refused", "Was refused"
    GUESSING = "guessing", "Guessed at what is not there"
    LOG_READ = "log_read", "Read the access log"
    LOG_VERIFIED = "log_verified", "Verified the access log"


class Door(models.TextChoices):
    """By which way somebody came in."""

    API = "api", "API"
    ADMIN = "admin", "Admin"
    PAGE = "page", "Page"
    FEED = "feed", "Calendar feed"
    COMMAND = "command", "Command"
    SYSTEM = "system", "The system itself"


class _CurrentTransaction(Func):
    """The number of the transaction that writes the row, which only ever grows."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class AuditEntry(models.Model):
    """One act, seen by the database's clock. The database refuses to change or delete a row.

    `what` names the page or resource, never its address with an id in it; `cases` are the public ids of the
    cases that were shown or changed; `transaction` is what batches are sealed by.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    act = models.CharField(max_length=20, choices=Act)
    door = models.CharField(max_length=10, choices=Door)
    what = models.CharField(max_length=100, blank=True)
    # `audit_of_actor` leads from a person to the entries.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose account it was about.",
    )
    token = models.ForeignKey(
        "accounts.ApiToken", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.GenericIPAddressField("network address", null=True, blank=True)
    succeeded = models.BooleanField(default=True)
    detail = models.JSONField(default=dict, blank=True)
    cases = ArrayField(models.UUIDField(), default=list, blank=True)
    transaction = models.BigIntegerField(db_default=_CurrentTransaction(), editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="audit_act_known"),
            models.CheckConstraint(condition=Q(door__in=Door.values), name="audit_door_known"),
        ]
        indexes = [
            # Who saw this case.
            GinIndex(fields=["cases"], name="audit_of_case"),
            # What this person did and saw, the newest first.
            models.Index(fields=["actor", "-at"], name="audit_of_actor"),
            # The auditor's list; the purge.
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            # Everything but looking: the auditor's list of one act; who was refused or guessed lately; when
            # the record was last verified.
            models.Index(fields=["act", "-at", "-id"], name="audit_of_act", condition=~Q(act="seen")),
            # Sealing takes the next transactions in order.
            models.Index(fields=["transaction", "id"], name="audit_to_seal"),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.what}".strip()


class AuditSeal(models.Model):
    """A batch of entries and the digest that fixes it together with every batch before it.

    It holds the entries of all transactions after the seal before it, up to `up_to`.
    """

    sealed_at = models.DateTimeField(db_default=Now(), editable=False)
    up_to = models.BigIntegerField(unique=True)
    entries = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.entries} entries up to {self.up_to}"
