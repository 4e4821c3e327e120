"""Steps between a correct password and a session: first the use notice, then the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.shortcuts import redirect
from typing_extensions import override

from accounts.models import User
from accounts.narrowing import expect
from accounts.services import sign_in


class UseNotice(LoginStage):
    """Require explicit acceptance of the use notice."""

    key = "use_notice"
    urlname = "use-notice"

    @override
    def handle(self) -> tuple[Any, bool]:
        """Redirect to the notice. Sign-in continues from there."""
        return redirect(self.urlname), True


class NewPassword(LoginStage):
    """Ask for a new password after a link by mail, or if an administrator set the one that was typed."""

    key = "new_password"
    urlname = "new-password"

    @override
    def handle(self) -> tuple[Any, bool]:
        """Redirect to the page. A link by mail needs a second factor besides."""
        user = expect(User, self.login.user)
        if sign_in.RESET in sign_in.methods_of(self.request, user):
            if not sign_in.has_second_factor(self.request, user):
                return redirect("sign-in"), False
            return redirect(self.urlname), True
        must_change = user.must_change_password and "password" in sign_in.methods_of(self.request, user)
        return (redirect(self.urlname) if must_change else None), True


class SecondFactorStage(AuthenticateStage):
    """Ask for the second factor if the person has one; `accounts.gate` stops those without."""

    @override
    def handle(self) -> tuple[Any, bool]:
        """Skip the step if a passkey or single sign-on has already proven a second factor."""
        if sign_in.has_second_factor(self.request, self.login.user):
            return None, True
        return super().handle()
