"""What stands between a right password and a session, in this order: the use-notice, the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.shortcuts import redirect
from typing_extensions import override

from accounts.services import sign_in


class UseNotice(LoginStage):
    """Nobody enters who has not said in so many words that the notice is read and accepted."""

    key = "use_notice"
    urlname = "use-notice"

    @override
    def handle(self) -> tuple[Any, bool]:
        """Shows the notice; signing in goes on from there."""
        return redirect(self.urlname), True


class SecondFactor(AuthenticateStage):
    """Asks for the second factor of whoever has one; `accounts.gate` keeps out those who have none."""

    @override
    def handle(self) -> tuple[Any, bool]:
        """Asks, unless a passkey or the single sign-on has proven it already."""
        if sign_in.has_second_factor(self.request, self.login.user):
            return None, True
        return super().handle()
