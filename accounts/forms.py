"""The forms that people and administrators fill in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AdminPasswordChangeForm, AuthenticationForm, BaseUserCreationForm
from typing_extensions import override

from accounts.models import User
from accounts.services import people


class SignInForm(AuthenticationForm):
    """Email and password. A refusal is the same sentence whether or not the account exists."""

    error_messages = {
        "invalid_login": "That email address and password do not match an account that may sign in.",
        "inactive": "That email address and password do not match an account that may sign in.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email address"
        self.fields["username"].error_messages["required"] = "Enter your email address."
        self.fields["username"].widget.input_type = "email"
        self.fields["password"].error_messages["required"] = "Enter your password."


class AddUserForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """A new person with a first password, typed twice."""

    class Meta:
        model = User
        fields = ("email", "name")


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """A new password for somebody else."""

    @override
    def save(self, commit: bool = True) -> User:
        """Only the new password signs in from now on."""
        return people.set_password(user=self.user, password=self.cleaned_data["password1"])
