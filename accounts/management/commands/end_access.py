"""End all access of an account, or of all accounts, in an incident."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Role, User
from accounts.services import people


class Command(BaseCommand):
    """End sessions, API tokens and calendar links, on record."""

    help = "Ends every session, API token and calendar link of one account or of all; people sign in again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the account, the person who answers for it, and the reason."""
        parser.add_argument("email", nargs="?", help="the email address of the account")
        parser.add_argument("--everyone", action="store_true", help="every account; systems need new tokens")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the administrator who decided it")
        parser.add_argument("--reason", required=True, help="why, for the access log; without names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError if an account is not known, or not one of both is given."""
        if bool(options["email"]) is options["everyone"]:
            raise CommandError("Name one account, or use --everyone.")
        by = _account(options["by"], "--by")
        if Role.ADMINISTRATOR not in by.roles:
            raise CommandError("--by: this person is not an administrator.")
        if options["everyone"]:
            users = list(User.objects.order_by("pk"))
        else:
            users = [_account(options["email"], "The account")]
        sessions = tokens = 0
        for user in users:
            ended = people.end_access(user=user, reason=options["reason"], by=by)
            sessions, tokens = sessions + ended["sessions"], tokens + ended["tokens"]
        self.stdout.write(f"Ended {sessions} sessions and {tokens} tokens of {len(users)} accounts.")


def _account(email: str, name: str) -> User:
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError(f"{name}: no account has that email address.") from error
