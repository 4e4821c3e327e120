"""The pages of signing in: password, use-notice, second factor, and what a person may change about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.adapter import get_adapter as get_sso_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import FormView
from requests import RequestException
from typing_extensions import override

from accounts.adapters import turn_away
from accounts.forms import ChangePasswordForm, SignInForm
from accounts.models import User
from accounts.services import second_factor, sign_in

#: Who the provider of single sign-on is, in addresses.
SSO = "sso"


@method_decorator([login_not_required, sensitive_post_parameters("password")], name="dispatch")
class SignIn(FormView):  # type: ignore[type-arg]
    """Email and password. The use-notice and the second factor come after them."""

    template_name = "registration/sign_in.html"
    form_class = SignInForm

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever is signed in goes on."""
        if request.user.is_authenticated:
            return redirect(_then(request) or "home")
        return super().dispatch(request, *args, **kwargs)

    @override
    def get_form_kwargs(self) -> dict[str, Any]:
        """The form asks where the guess comes from."""
        return super().get_form_kwargs() | {"request": self.request}

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the page that was asked for."""
        return super().get_context_data(next=_then(self.request), sso=_sso_name(), **kwargs)

    @override
    def form_valid(self, form: SignInForm) -> HttpResponse:
        """The password is right: on to what else it takes."""
        record_authentication(self.request, form.user, method="password")
        login = Login(user=form.user, redirect_url=_then(self.request) or None)
        answer: HttpResponse = perform_login(self.request, login)
        return answer


def _then(request: HttpRequest) -> str:
    """The page that was asked for; nothing where it is not one of ours."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_here else ""


@login_stage_required(stage="use_notice", redirect_urlname="sign-in")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def use_notice(request: HttpRequest) -> HttpResponse:
    """What using the system means; only who accepts it gets further."""
    if request.method == "POST":
        answer: HttpResponse = request._login_stage.exit()  # type: ignore[attr-defined]  # noqa: SLF001
        return answer
    return render(request, "sign_in/use_notice.html")


class SecondFactor(AuthenticateView):
    """A code or a passkey, after the password."""

    template_name = "sign_in/second_factor.html"


@method_decorator(login_not_required, name="dispatch")
class PasskeyAlone(LoginWebAuthnView):
    """A passkey instead of a password."""

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The passkey is right: on to the use-notice, and then to the page that was asked for."""
        passkey = form.cleaned_data["credential"]
        login = Login(user=passkey.user, redirect_url=_then(self.request) or None)
        answer: HttpResponse = perform_passwordless_login(self.request, passkey, login)
        return answer


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The session, or what there is of a sign-in, is gone. Open to those whose session has ended already."""
    get_adapter().logout(request)
    return redirect("sign-in")


@require_POST
def stay_signed_in(request: HttpRequest) -> HttpResponse:
    """The session goes on as if a page had been opened."""
    sign_in.extend(request)
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Says why signing in anew is asked for; the button ends the session, and leads back here afterwards."""
    if request.method == "POST":
        get_adapter().logout(request)
        return redirect(f"{resolve_url('sign-in')}?next={resolve_url('account')}")
    return render(request, "sign_in/again.html")


def set_up_second_factor(request: HttpRequest) -> HttpResponse:
    """The choice between an app and a passkey, for somebody who has neither."""
    if isinstance(request.user, User) and second_factor.is_set_up(request.user):
        return redirect("account")
    return render(request, "sign_in/set_up.html")


class Account(IndexView):
    """How a person signs in, and what of it may be changed."""

    template_name = "sign_in/account.html"


class AddApp(ActivateTOTPView):
    """An authenticator app, proven by its first code."""

    template_name = "sign_in/add_app.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The app is a second factor from now on."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.added(self.request, Authenticator.Type.TOTP)
        return answer


class RemoveApp(DeactivateTOTPView):
    """The end of an authenticator app, where another factor stays."""

    template_name = "sign_in/remove.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The app is a second factor no more."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.removed(self.request, Authenticator.Type.TOTP)
        return answer


class AddPasskey(AddWebAuthnView):
    """A passkey or security key."""

    template_name = "sign_in/add_passkey.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the form as it was sent, where it was wrong: allauth's begins anew."""
        return super().get_context_data(**kwargs) | kwargs

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The passkey is a second factor from now on."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.added(self.request, Authenticator.Type.WEBAUTHN)
        return answer


class RemovePasskey(RemoveWebAuthnView):
    """The end of a passkey, where another factor stays."""

    template_name = "sign_in/remove.html"
    success_url = reverse_lazy("account")

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The passkey is a second factor no more, unless it is the last."""
        if second_factor.is_last(self.object):
            form.add_error(None, get_mfa_adapter().validation_error("cannot_delete_authenticator"))
            return self.form_invalid(form)
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.removed(self.request, Authenticator.Type.WEBAUTHN)
        return answer


class RecoveryCodes(ViewRecoveryCodesView):
    """The recovery codes, shown once."""

    template_name = "sign_in/recovery_codes.html"


class NewRecoveryCodes(GenerateRecoveryCodesView):
    """New recovery codes; those of before work no more."""

    template_name = "sign_in/new_recovery_codes.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """The codes stand."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.added(self.request, Authenticator.Type.RECOVERY_CODES)
        return answer


@method_decorator(
    sensitive_post_parameters("old_password", "new_password1", "new_password2"), name="dispatch"
)
class ChangePassword(FormView):  # type: ignore[type-arg]
    """A new password of one's own."""

    template_name = "sign_in/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("sign-in")

    @override
    def get_form_kwargs(self) -> dict[str, Any]:
        """The form asks whose password it is."""
        return super().get_form_kwargs() | {"request": self.request, "user": self.request.user}

    @override
    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        """The password is stored, and the person signs in with it."""
        form.save()
        messages.success(self.request, "Your password is changed. Sign in with the new one.")
        return super().form_valid(form)

    @override
    def form_invalid(self, form: ChangePasswordForm) -> HttpResponse:
        """What is wrong; whoever guessed too often is out."""
        if not self.request.session.session_key:
            logout(self.request)
            return redirect("sign-in")
        return super().form_invalid(form)


class _Provider(OpenIDConnectOAuth2Adapter):
    """Takes the provider's word only from a signed ID token."""

    @override
    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """The identity that the token names.

        Raises OAuth2Error for a token that is missing, is not the provider's, not for us, or too old.
        """
        if not (id_token := kwargs["response"].get("id_token")):
            raise OAuth2Error("no id_token")
        claims = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        provider: Any = get_sso_adapter().get_provider(request, SSO)
        return provider.sociallogin_from_response(request, {"id_token": claims})


def _at_the_provider(view: Callable[[_Provider], Callable[..., HttpResponse]]) -> Callable[..., HttpResponse]:
    @login_not_required
    @wraps(view)
    def respond(request: HttpRequest, **_names_the_provider: str) -> HttpResponse:
        if not _sso_name():
            raise Http404
        try:
            return view(_Provider(request, SSO))(request)
        except (RequestException, LookupError, TypeError, ValueError):
            # A provider that is down, or answers what no provider should, is no fault of ours.
            sign_in.refuse(request, None, by=SSO)
            return turn_away(request)

    return respond


def _sso_name() -> str:
    """What the single sign-on is called; empty where none is configured."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return str(apps[0]["name"]) if apps else ""


#: To the provider, and back from it.
to_sso = _at_the_provider(OAuth2LoginView.adapter_view)
from_sso = _at_the_provider(OAuth2CallbackView.adapter_view)
