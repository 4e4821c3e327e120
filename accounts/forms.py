"""Forms of sign-in and of user administration."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    BaseUserCreationForm,
    PasswordChangeForm,
    UserChangeForm,
)
from django.contrib.auth.forms import SetPasswordForm as DjangoSetPasswordForm
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext
from typing_extensions import override

from accounts.form_base import SiteForm, SiteFormMixin
from accounts.models import User
from accounts.services import people, second_factor, sign_in

#: Maximum length of a password that is checked: longer ones only cost time.
MAX_PASSWORD = 1024


class _CodeInput(forms.TextInput):
    """An input that is empty after a wrong code, like a password field."""

    @override
    def format_value(self, value: Any) -> None:
        """Return None, so that the value is not shown."""


class SignInForm(forms.Form):
    """Email and password. The error is the same whether or not the account exists."""

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
        """Find the account with this email and password."""
        typed = super().clean() or {}
        if self.errors:
            return typed
        self.user = sign_in.by_password(
            self.request, email=typed["username"], password=typed["password"], now=timezone.now()
        )
        if self.user is None:
            raise forms.ValidationError(
                "That email address and password do not match an account that can sign in."
            )
        return typed


class AskForResetForm(SiteForm):
    """The address of the account whose password was forgotten."""

    username = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )


class NewPasswordForm(SiteFormMixin, DjangoSetPasswordForm):  # type: ignore[type-arg] # generic in the stubs only
    """A new password, typed twice, as the last step of a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "New password"
        self.fields["new_password2"].label = "New password again"

    def clean_new_password1(self) -> str:
        """Refuse the password that is to be replaced."""
        typed = str(self.cleaned_data.get("new_password1", ""))
        if self.user.check_password(typed):
            raise forms.ValidationError("This is the password that you have. Choose another.")
        return typed


class CodeForm(AuthenticateForm):
    """A code from an authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self.fields["code"])

    @override
    def clean_code(self) -> str:
        """Check the code and mark it as used. A wrong one counts like a wrong password."""
        code = str(self.cleaned_data["code"])
        found: list[Authenticator] = []

        def is_right() -> bool:
            found.extend(filter(None, [second_factor.authenticator_of_code(self.user, code)]))
            return bool(found)

        if not sign_in.attempt(context.request, self.user, is_right, by="code", now=timezone.now()):
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = found[0]
        self.authenticator.user = self.user
        return code


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as a second factor."""

    @override
    def clean_credential(self) -> Authenticator:
        """Check the passkey. A wrong one counts like a wrong password."""
        found: list[Authenticator] = []

        def is_right() -> bool:
            try:
                found.append(super(PasskeyForm, self).clean_credential())
            except forms.ValidationError:
                return False
            return True

        if not sign_in.attempt(context.request, self.user, is_right, by="passkey", now=timezone.now()):
            raise get_adapter().validation_error("incorrect_code")
        return found[0]


class PasskeyAloneForm(LoginWebAuthnForm):
    """A passkey instead of a password. A failure is logged but not counted: it is no guess at a secret."""

    @override
    def clean_credential(self) -> Authenticator:
        """Check the passkey."""
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


class AddPasskeyForm(SiteFormMixin, AddWebAuthnForm):
    """A new passkey and its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = gettext("Name of the passkey")
        self.fields["name"].help_text = gettext(
            "To tell it apart from others, for example “Key on my key ring”."
        )
        self.fields["name"].validators.append(MaxLengthValidator(60))
        self.fields["passwordless"].label = gettext("Sign in with this passkey alone, without a password")
        self.fields["passwordless"].help_text = gettext(
            "Your device must then ask for a PIN, finger or face."
        )


class ChangePasswordForm(PasswordChangeForm):
    """Change one's own password. A wrong old one counts like a wrong sign-in."""

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        #: True if a wrong current password locked the account just now.
        self.has_locked = False
        self.fields["old_password"].label = gettext("Current password")
        self.fields["new_password1"].label = gettext("New password")
        self.fields["new_password2"].label = gettext("New password again")

    @override
    def clean_old_password(self) -> str:
        """Check the current password."""
        typed = str(self.cleaned_data["old_password"])
        was_open = self.user.locked_at is None
        if not sign_in.attempt(
            self.request,
            self.user,
            lambda: self.user.check_password(typed),
            by="old password",
            now=timezone.now(),
        ):
            self.has_locked = (
                was_open and User.objects.filter(pk=self.user.pk, locked_at__isnull=False).exists()
            )
            raise forms.ValidationError(gettext("That is not your current password."))
        return typed

    @override
    def save(self, commit: bool = True) -> User:
        """Set the new password and end every session."""
        typed = self.cleaned_data["new_password1"]
        return people.set_password(user=self.user, password=typed, request=self.request)


class AddUserForm(SiteFormMixin, BaseUserCreationForm[User]):
    """A new person with an initial password, typed twice, or a system, which has none."""

    is_system = forms.BooleanField(
        label="This is a system",
        required=False,
        help_text="It calls the API with tokens and never signs in. Leave the passwords empty.",
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
        ].help_text = "Leave both empty for a person who signs in only by single sign-on."

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse a password typed only once: Django would neither compare nor validate it."""
        typed = super().clean() or {}
        if bool(typed.get("password1")) is not bool(typed.get("password2")):
            self.add_error("password2", "Type the password twice.")
        return typed


class ChangeUserForm(SiteFormMixin, UserChangeForm[User]):
    """The name, the address and the state of an account."""


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg] # generic in the stubs only
    """Set another person's password."""

    @override
    def save(self, commit: bool = True) -> User:
        """Set the new password."""
        # Django's view does not pass the request to the form.
        typed = self.cleaned_data["password1"]
        request = context.request
        is_own = request is not None and request.user == self.user
        return people.set_password(
            user=self.user, password=typed, must_change_password=not is_own, request=request
        )


def _ask_for_code(field: forms.Field) -> None:
    field.label = gettext("Code")
    field.error_messages["required"] = gettext("Enter the code.")
    # Not a number input: codes can begin with zeros and be pasted with spaces.
    field.widget = _CodeInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    )
