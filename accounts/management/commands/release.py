"""Lets somebody in again who is locked out, where no administrator can: from the server itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import people


class Command(BaseCommand):
    """Releases one account, and takes its second factor away where that is asked for."""

    help = "Releases a locked account, for when the last administrator is locked out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose account, and what of it."""
        parser.add_argument("email", help="the address that the person signs in with")
        parser.add_argument(
            "--reset-second-factor",
            action="store_true",
            help="the person sets up a new second factor at the next sign-in",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when nobody signs in with that address."""
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist as error:
            raise CommandError("Nobody signs in with that address.") from error
        people.release_user(user=user)
        if options["reset_second_factor"]:
            people.reset_second_factor(user=user)
        self.stdout.write("Released.")
