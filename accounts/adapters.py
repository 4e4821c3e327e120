"""Adapters of django-allauth. Sign-in works only for accounts that administrators created."""

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
from django.utils import timezone
from typing_extensions import override

from accounts.crypto import decrypt, encrypt
from accounts.models import User
from accounts.own_pages import own_page
from accounts.services import devices, second_factor, sign_in
from accounts.services.access.access_log import address_of

#: The same message for every failure of a sign-in that has no form.
NOT_SIGNED_IN = "You were not signed in. Try again, or ask your administrator."


def turn_away(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page with a message that is the same for every cause."""
    messages.error(request, NOT_SIGNED_IN)
    return redirect("sign-in")


class AccountAdapter(DefaultAccountAdapter):
    """No sign-up; the use notice for everyone; sign-in only for accounts that may sign in."""

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: administrators create accounts."""
        return False

    @override
    def is_safe_url(self, url: str) -> bool:
        """Return True for a page of this site."""
        return bool(own_page(url))

    @override
    def get_login_stages(self) -> list[str]:
        """Return the steps after a correct password, a passkey or single sign-on."""
        return [
            "accounts.stages.UseNotice",
            "accounts.stages.SecondFactorStage",
            "accounts.stages.NewPassword",
        ]

    @override
    def pre_login(self, request: HttpRequest, user: Any, **_facts: Any) -> HttpResponse | None:
        """Refuse accounts that may not sign in, or not in this way."""
        if sign_in.may_enter(request, user, now=timezone.now()):
            return None
        sign_in.refuse(request, user, by=", ".join(sign_in.methods_of(request, user)))
        return turn_away(request)

    @override
    def login(self, request: HttpRequest, user: Any) -> None:
        """Give the session to the person under a new key, and log the sign-in."""
        # The account may have been locked or deactivated since the password.
        if not sign_in.may_enter(request, user, now=timezone.now()):
            raise ImmediateHttpResponse(turn_away(request))
        super().login(request, user)
        sign_in.complete(request, user, sign_in.methods_of(request, user))

    @override
    def post_login(self, request: HttpRequest, user: Any, **facts: Any) -> HttpResponse:
        """Go to the requested page. After a second factor the account knows this browser."""
        response: HttpResponse = super().post_login(request, user, **facts)
        if sign_in.has_second_factor(request, user):
            devices.remember(request, response, user)
        return response

    @override
    def logout(self, request: HttpRequest) -> None:
        """Delete the session on the server, and log the sign-out."""
        sign_in.leave(request)
        super().logout(request)

    @override
    def is_reauthentication_required(self, *, app: str, **_facts: Any) -> bool:
        """Return True some minutes after sign-in: an unlocked screen must not be enough for changes."""
        return not sign_in.is_fresh(self.request, self.request.user)

    @override
    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return one method: a complete new sign-in."""
        return [{"id": "sign_in", "description": "Sign in again", "url": reverse("sign-in-again")}]

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the same address as the access log."""
        return address_of(request) or ""


class MfaAdapter(DefaultMFAAdapter):
    """Second factors, with encrypted secrets."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code or passkey is not valid. Try again with a new one.",
        "cannot_delete_authenticator": "This is your only second factor. Add another one first.",
    }

    @override
    def encrypt(self, text: str) -> str:
        """Encrypt a secret for the database."""
        return encrypt(text)

    @override
    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret from the database."""
        return decrypt(encrypted_text)

    @override
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Refuse the last factor: everyone must keep one."""
        return not second_factor.is_last(authenticator)

    @override
    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """Return the default name of a new passkey."""
        return f"Passkey {Authenticator.objects.filter(user=user.pk, type=type).count() + 1}"

    @override
    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the site's name as devices show it with a passkey."""
        return super().get_public_key_credential_rp_entity() | {"name": "ctcompliance"}


class SsoAdapter(DefaultSocialAccountAdapter):
    """Sign in to the account with the verified email address of the identity, if there is one.

    Nothing about the identity is stored, so no link can outlive either account.
    """

    @override
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Use the account with the verified address; refuse if there is none."""
        user = _account_of(sociallogin)
        is_sign_in = sociallogin.state.get("process") == "login"
        if user is None or not is_sign_in or not user.is_person_in_use(timezone.now()):
            sign_in.refuse(request, user, by="sso")
            raise ImmediateHttpResponse(turn_away(request))
        sociallogin.user = user

    @override
    def on_authentication_error(self, request: HttpRequest, provider: Any, *_: Any, **__: Any) -> None:
        """Redirect to the sign-in page on any error of the provider or the connection."""
        sign_in.refuse(request, None, by="sso")
        raise ImmediateHttpResponse(turn_away(request))

    @override
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Refuse always."""
        return False


def _account_of(sociallogin: SocialLogin) -> User | None:
    """Return the account with the address that the provider marks as verified."""
    # Compare with True: some providers send a string, and any string is truthy.
    verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
    try:
        return User.objects.get_by_natural_key(verified[0]) if verified else None
    except User.DoesNotExist:
        return None
