"""The access log: who did and saw what, when, from where and through which entry point.

Entries are append-only; an audit chain of digests makes changes evident.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now


class AuditAction(models.TextChoices):
    """What an entry records."""

    SIGN_IN = "sign_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    SIGN_OUT = "sign_out", "Signed out"
    LOCKED = "locked", "Account locked"
    UNLOCKED = "unlocked", "Account unlocked"
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
    ACCOUNTS_READ = "accounts_read", "Read accounts"
    DIRECTORY_CHANGED = "directory_changed", "Agency or town changed"
    SEEN = "seen", "Viewed"
    DONE = "done", "Made a change"
    REFUSED = "refused", "Refused"
    ENUMERATION = "enumeration", "Blocked for trying IDs"
    LOG_READ = "log_read", "Read the access log"
    LOG_VERIFIED = "log_verified", "Verified the access log"


#: Actions whose label already says that something did not succeed.
_FAILURES = frozenset({AuditAction.SIGN_IN_FAILED, AuditAction.REFUSED, AuditAction.ENUMERATION})


class EntryPoint(models.TextChoices):
    """Through which interface a request came in."""

    API = "api", "API"
    ADMIN = "admin", "Admin"
    PAGE = "page", "Page"
    FEED = "feed", "Calendar feed"
    COMMAND = "command", "Command"
    SYSTEM = "system", "The system itself"


class _CurrentTransaction(Func):
    """The id of the transaction that writes the row. Ids only increase."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class AuditEntry(models.Model):
    """One entry of the access log, dated by the database's clock. The database refuses changes and deletion.

    `what` is the name of the page or resource, never its address, which may contain an id. `cases` are the
    public ids of the cases that were shown or changed. `transaction` orders the entries in the audit chain.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    action = models.CharField(max_length=20, choices=AuditAction)
    entry_point = models.CharField(max_length=10, choices=EntryPoint)
    what = models.CharField(max_length=100, blank=True)
    # `audit_of_actor` indexes this column.
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
        help_text="Whose account the entry is about.",
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
            models.CheckConstraint(condition=Q(action__in=AuditAction.values), name="audit_action_known"),
            models.CheckConstraint(
                condition=Q(entry_point__in=EntryPoint.values), name="audit_entry_point_known"
            ),
        ]
        indexes = [
            # Who saw a case.
            GinIndex(fields=["cases"], name="audit_of_case"),
            # A person's entries, newest first.
            models.Index(fields=["actor", "-at"], name="audit_of_actor"),
            # The auditor's list; the purge.
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            # All but views of cases: the auditor's list of one action; recent refusals and blocks; when the
            # chain was last verified.
            models.Index(
                fields=["action", "-at", "-id"], name="audit_of_action", condition=~Q(action="seen")
            ),
            # The audit chain takes the next transactions in order.
            models.Index(fields=["transaction", "id"], name="audit_chain_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.what}".strip()

    @property
    def title(self) -> str:
        """The action's label, marked if the action failed."""
        label = self.get_action_display()
        return label if self.succeeded or self.action in _FAILURES else f"{label} (failed)"


#: Lower than any id of an entry or a transaction.
BEFORE_ALL = -(2**63) + 1


class AuditChainLink(models.Model):
    """The digest of a batch of entries and of the link before it.

    Transaction ids only increase within one database, and start again in a copy of it. So the chain has eras:
    an era holds the entries with an id above `era_after`. A link of an era holds the entries of all
    transactions after the `up_to` of the link before, through its own `up_to`; `last_id` is the highest id
    of an entry of the era so far. The last link of an era has `closed_after`: it holds every entry that is in
    no link before, above that id in any order of transactions, through `last_id`.
    """

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    up_to = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    era_after = models.BigIntegerField(db_default=BEFORE_ALL, editable=False)
    last_id = models.BigIntegerField(null=True, editable=False)
    closed_after = models.BigIntegerField(null=True, editable=False)
    #: The database that wrote the link, by the identity that PostgreSQL gives it.
    database = models.CharField(max_length=80, db_default="", editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["era_after", "up_to"],
                condition=Q(closed_after=None),
                name="audit_chain_has_no_fork",
            ),
            models.UniqueConstraint(
                fields=["era_after"], condition=~Q(closed_after=None), name="audit_era_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entries} entries up to {self.up_to}"
