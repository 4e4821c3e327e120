"""How django-allauth signs in here: to accounts that administrators made, and to no other."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override

from accounts.crypto import seal, unseal
from accounts.models import User
from accounts.services import second_factor, sign_in
from accounts.services.audit import address_of

#: One sentence for everything that went wrong on a way in that has no form.
NOT_SIGNED_IN = "That did not sign you in. Try again, or ask your administrator."


def turn_away(request: HttpRequest) -> HttpResponse:
    """Back to the sign-in page, with a sentence that is the same for every cause."""
    messages.error(request, NOT_SIGNED_IN)
    return redirect("sign-in")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up; everybody reads the use-notice; only who may sign in does."""

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: administrators make accounts."""
        return False

    @override
    def get_login_stages(self) -> list[str]:
        """What follows on a right password, a passkey or a single sign-on."""
        return ["accounts.stages.UseNotice", "accounts.stages.SecondFactor"]

    @override
    def pre_login(self, request: HttpRequest, user: Any, **_facts: Any) -> HttpResponse | None:
        """Turns away whoever may not sign in, by whichever way they came."""
        if user.may_sign_in:
            return None
        sign_in.refuse(request, user, by=", ".join(sign_in.methods_of(request, user)))
        return turn_away(request)

    @override
    def login(self, request: HttpRequest, user: Any) -> None:
        """The session is the person's from now on, under a new key, and on record."""
        if not user.may_sign_in:  # Locked or deactivated since the password.
            raise ImmediateHttpResponse(turn_away(request))
        super().login(request, user)
        sign_in.complete(request, user, sign_in.methods_of(request, user))

    @override
    def logout(self, request: HttpRequest) -> None:
        """The session is gone from the server, and its end on record."""
        sign_in.leave(request)
        super().logout(request)

    @override
    def is_reauthentication_required(self, *, app: str, **_facts: Any) -> bool:
        """True some minutes after sign-in: who finds a screen unlocked changes nothing about signing in."""
        return not sign_in.is_fresh(self.request, self.request.user)

    @override
    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """One: sign in again, with everything that takes."""
        return [{"id": "sign_in", "description": "Sign in again", "url": reverse("sign-in-again")}]

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the access log has too."""
        return address_of(request) or ""


class MfaAdapter(DefaultMFAAdapter):
    """Second factors, their secrets sealed."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code or passkey is not right. Try again with a new one.",
        "cannot_delete_authenticator": "This is your only second factor. Add another one first.",
    }

    @override
    def encrypt(self, text: str) -> str:
        """As the database keeps it."""
        return seal(text)

    @override
    def decrypt(self, encrypted_text: str) -> str:
        """As the app or the codes are made from."""
        return unseal(encrypted_text)

    @override
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """False for the last factor: nobody is without one."""
        return not second_factor.is_last(authenticator)

    @override
    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """What a passkey is called until its owner says otherwise."""
        return f"Passkey {Authenticator.objects.filter(user=user.pk, type=type).count() + 1}"

    @override
    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whose passkey it is, as the device shows it."""
        return super().get_public_key_credential_rp_entity() | {"name": "ctcompliance"}


class SsoAdapter(DefaultSocialAccountAdapter):
    """An identity of the agency's provider signs in to the account with its verified address, if any.

    Nothing of the identity is stored, so there is no link that could outlive either account.
    """

    @override
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The login is that of the account with the address; without one the person is turned away."""
        user = _account_of(sociallogin)
        if user is None or not user.may_sign_in or sociallogin.state.get("process") != "login":
            sign_in.refuse(request, user, by="sso")
            raise ImmediateHttpResponse(turn_away(request))
        sociallogin.user = user

    @override
    def on_authentication_error(self, request: HttpRequest, provider: Any, *_: Any, **__: Any) -> None:
        """Whatever the provider or the way to it did wrong: back to the sign-in page."""
        sign_in.refuse(request, None, by="sso")
        raise ImmediateHttpResponse(turn_away(request))

    @override
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never."""
        return False


def _account_of(sociallogin: SocialLogin) -> User | None:
    """The account with an address that the provider says is verified."""
    # Exactly true: some providers write the word, and any word is true.
    verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
    try:
        return User.objects.get_by_natural_key(verified[0]) if verified else None
    except User.DoesNotExist:
        return None
