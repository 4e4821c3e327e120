"""Sessions and sign-in attempts."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

from accounts.encrypted_fields import EncryptedTokenField


class Session(AbstractBaseSession):
    """A browser session, with the user in a column so that one statement ends all sessions of a user.

    `session_key` is a digest of the key in the browser's cookie. The session expires at the idle limit or the
    absolute limit, whichever is first.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )


class SignInAttempt(models.Model):
    """One attempt at an account's password or second factor, saved before it is checked.

    Attempts at unknown addresses are saved too, without an account, so that they take the same time.
    """

    # `attempt_at_account` indexes this column.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    was_wrong = models.BooleanField(default=False)
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(
        max_length=32,
        db_default="",
        default="",
        help_text="A digest that names the known browser; empty for browsers that the account does not know.",
    )

    class Meta:
        indexes = [
            # Recent attempts at one account.
            models.Index(fields=["user", "at"], name="attempt_at_account"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.at}"


class HeldForm(models.Model):
    """What a person typed into a form and sent after the session had ended, to be shown again after sign-in.

    Kept for an hour, encrypted, for that person only, and deleted when it is shown. It never holds files,
    passwords or other secrets.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    #: The random part of the form's one-time key.
    key = models.CharField(max_length=32, unique=True)
    path = models.CharField(max_length=500)
    typed = EncryptedTokenField(help_text="Encrypted.")
    held_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Form of {self.user_id}"
