"""Who is signed in, and how often somebody has tried to be."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class Session(AbstractBaseSession):
    """A browser's session, with its person in a column: all sessions of a person end in one statement.

    The row ends when it has been idle for too long or has lasted for too long, whichever is first.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )


class SignInAttempt(models.Model):
    """One guess at an account's password or second factor, written before anybody knows whether it is right.

    Guesses at addresses that no account has are written too, without an account: they take as long.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    was_wrong = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # The guesses of the last minutes at one account.
            models.Index(fields=["user", "at"], name="attempt_at_account"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.at}"
