"""People, agencies, and the towns that police agencies serve."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from typing_extensions import override

from accounts.converters import take_capitals


class AccountsConfig(AppConfig):
    """Users, roles, agencies, towns and judicial districts."""

    name = "accounts"
    verbose_name = "People and agencies"

    @override
    def ready(self) -> None:
        """Let ids in capitals match, before the first address is resolved; look for held forms at sign-in."""
        from accounts.services import held_forms

        take_capitals()
        user_logged_in.connect(held_forms.note_at_sign_in, dispatch_uid="held-forms")
