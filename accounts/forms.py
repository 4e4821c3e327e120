"""The forms that people and administrators fill in."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, BaseUserCreationForm, PasswordChangeForm
from django.core.validators import MaxLengthValidator
from typing_extensions import override

from accounts.models import User
from accounts.services import people, second_factor, sign_in

#: As long as a password may be that is looked at: longer ones only cost time.
MAX_PASSWORD = 1024


class _CodeInput(forms.TextInput):
    """Empty again after a wrong code, as a password's field is."""

    @override
    def format_value(self, value: Any) -> None:
        """Nothing."""


class SignInForm(forms.Form):
    """Email and password. A refusal is the same sentence whether or not the account exists."""

    username = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )
    password = forms.CharField(
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    @override
    def clean(self) -> dict[str, Any]:
        """Finds whose email and password these are."""
        typed = super().clean() or {}
        if self.errors:
            return typed
        self.user = sign_in.by_password(self.request, email=typed["username"], password=typed["password"])
        if self.user is None:
            raise forms.ValidationError(
                "That email address and password do not match an account that may sign in."
            )
        return typed


class CodeForm(AuthenticateForm):
    """A code of the authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self.fields["code"])

    @override
    def clean_code(self) -> str:
        """The code, used up from now on. A wrong one counts as a wrong password does."""
        code = str(self.cleaned_data["code"])
        found: list[Authenticator] = []

        def is_right() -> bool:
            found.extend(filter(None, [second_factor.is_code_of(self.user, code)]))
            return bool(found)

        if not sign_in.guess(context.request, self.user, is_right, by="code"):
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = found[0]
        self.authenticator.user = self.user
        return code


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as second factor."""

    @override
    def clean_credential(self) -> Authenticator:
        """The passkey. A wrong one counts as a wrong password does."""
        found: list[Authenticator] = []

        def is_right() -> bool:
            try:
                found.append(super(PasskeyForm, self).clean_credential())
            except forms.ValidationError:
                return False
            return True

        if not sign_in.guess(context.request, self.user, is_right, by="passkey"):
            raise get_adapter().validation_error("incorrect_code")
        return found[0]


class PasskeyAloneForm(LoginWebAuthnForm):
    """A passkey instead of a password. Nothing is guessed, so nothing is counted, but put on record."""

    @override
    def clean_credential(self) -> Authenticator:
        """The passkey."""
        try:
            return super().clean_credential()
        except forms.ValidationError:
            sign_in.refuse(context.request, None, by="passkey")
            raise


class AddAppForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self.fields["code"])


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey and its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name of the passkey"
        self.fields["name"].help_text = "So that you know it among several, such as “Key on my key ring”."
        self.fields["name"].validators.append(MaxLengthValidator(60))
        self.fields["passwordless"].label = "Sign in with this passkey alone, without a password"
        self.fields["passwordless"].help_text = "Your device must then ask for a PIN, finger or face."


class ChangePasswordForm(PasswordChangeForm):
    """A new password of one's own. A wrong old one counts as a wrong sign-in does."""

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["old_password"].label = "Your password now"
        self.fields["new_password1"].label = "New password"
        self.fields["new_password2"].label = "New password once more"

    @override
    def clean_old_password(self) -> str:
        """The password of now."""
        typed = str(self.cleaned_data["old_password"])
        if not sign_in.guess(
            self.request, self.user, lambda: self.user.check_password(typed), by="old password"
        ):
            raise forms.ValidationError("That is not your password.")
        return typed

    @override
    def save(self, commit: bool = True) -> User:
        """Only the new password signs in from now on, and every session has ended."""
        typed = self.cleaned_data["new_password1"]
        return people.set_password(user=self.user, password=typed, request=self.request)


class AddUserForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """A new person with a first password, typed twice; or a system, which has none."""

    is_system = forms.BooleanField(
        label="This is a system",
        required=False,
        help_text="It calls the API with tokens, and never signs in. Leave the passwords empty.",
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_system")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].required = False
        self.fields[
            "password1"
        ].help_text = "Leave both empty for somebody who signs in by single sign-on alone."

    @override
    def clean(self) -> dict[str, Any]:
        """Refuses a password that was typed only once: Django would neither compare nor judge it."""
        typed = super().clean() or {}
        if bool(typed.get("password1")) is not bool(typed.get("password2")):
            self.add_error("password2", "Type the password twice.")
        return typed


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """A new password for somebody else."""

    @override
    def save(self, commit: bool = True) -> User:
        """Only the new password signs in from now on."""
        # Django's view hands the form no request.
        typed = self.cleaned_data["password1"]
        return people.set_password(user=self.user, password=typed, request=context.request)


def _ask_for_code(field: forms.Field) -> None:
    field.label = "Code"
    field.error_messages["required"] = "Enter the code."
    # No number field: codes begin with zeros, may be pasted with spaces, and are read out by screen readers.
    field.widget = _CodeInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    )
