"""The person who answers for a command."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.access import MATRIX
from accounts.models import User


def administrator(email: str) -> User:
    """Return the administrator with the email address of the option `--by`. Raises `CommandError`."""
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError("--by: no account has that email address.") from error
    if not MATRIX.may(user.roles, "add", "alert_resending"):
        raise CommandError("--by: this person is not an administrator.")
    return user
