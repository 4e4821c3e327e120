"""Unlock an account from the server, for when no administrator can sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import people


class Command(BaseCommand):
    """Unlock one account, and remove its second factor on request."""

    help = "Unlocks a locked account, for when the last administrator is locked out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the account and what to reset."""
        parser.add_argument("email", help="the email address of the account")
        parser.add_argument(
            "--reset-second-factor",
            action="store_true",
            help="the person sets up a new second factor at the next sign-in",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError if no account has that address."""
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist as error:
            raise CommandError("No account has that email address.") from error
        people.unlock_user(user=user)
        if options["reset_second_factor"]:
            people.reset_second_factor(user=user)
        self.stdout.write("Unlocked.")
