"""Pages of sign-in (password, use notice, second factor) and of account security."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.account.utils import get_login_redirect_url, perform_login
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import FormView
from typing_extensions import override

from accounts import tasks
from accounts.allauth_internals import perform_passwordless_login, record_authentication
from accounts.forms import AskForResetForm, ChangePasswordForm, NewPasswordForm, SignInForm
from accounts.models import User
from accounts.narrowing import expect, present
from accounts.own_pages import own_page
from accounts.services import password_reset, people, second_factor, sign_in
from accounts.single_sign_on import sso_name
from accounts.stages import NewPassword, UseNotice


@method_decorator([login_not_required, sensitive_post_parameters("password")], name="dispatch")
class SignIn(FormView[SignInForm]):
    """Email and password. The use notice and the second factor follow."""

    template_name = "registration/sign_in.html"
    form_class = SignInForm

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect people who are signed in."""
        if request.user.is_authenticated:
            return redirect(_next_page(request) or "home")
        return super().dispatch(request, *args, **kwargs)

    @override
    def get_form_kwargs(self) -> dict[str, Any]:
        """Pass the request: attempts are logged with its address."""
        return super().get_form_kwargs() | {"request": self.request}

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the page to return to."""
        return super().get_context_data(next=_next_page(self.request), sso=sso_name(), **kwargs)

    @override
    def form_valid(self, form: SignInForm) -> HttpResponse:
        """Continue with the next step of sign-in."""
        record_authentication(self.request, form.user, method="password")
        answer: HttpResponse = perform_login(
            self.request, present(form.user), redirect_url=_next_page(self.request) or None
        )
        return answer


def _next_page(request: HttpRequest) -> str:
    """Return the page to go to after sign-in, or an empty string if it is not on this site."""
    return own_page(request.POST.get("next") or request.GET.get("next", ""))


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def use_notice(request: HttpRequest) -> HttpResponse:
    """Show the use notice, and continue once it is accepted."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    stage = LoginStageController.enter(request, UseNotice.key)
    if stage is None:
        return redirect("sign-in")
    if request.method == "POST":
        answer: HttpResponse = stage.exit()
        return answer
    return render(request, "sign_in/use_notice.html")


class SecondFactor(AuthenticateView):
    """Ask for a code or a passkey after the password."""

    template_name = "sign_in/second_factor.html"


@method_decorator(login_not_required, name="dispatch")
class PasskeyAlone(LoginWebAuthnView):
    """Sign in with a passkey instead of a password."""

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Continue with the use notice, then with the requested page."""
        passkey = form.cleaned_data["credential"]
        login = Login(user=passkey.user, redirect_url=_next_page(self.request) or None)
        answer: HttpResponse = perform_passwordless_login(self.request, passkey, login)
        return answer


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session or an unfinished sign-in. Also works after the session has ended."""
    get_adapter().logout(request)
    return redirect("sign-in")


@require_http_methods(["GET", "POST"])
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the person, also this one, and calendar links."""
    if request.method == "POST":
        people.sign_out_everywhere(user=expect(User, request.user), request=request)
        messages.success(request, "You were signed out everywhere. Sign in again here.")
        return redirect("sign-in")
    return render(request, "sign_in/sign_out_everywhere.html")


@login_not_required
@require_http_methods(["GET", "POST"])
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    """Mail a link to a person who forgot the password. The answer is the same for every address."""
    form = AskForResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["username"]
        tasks.request_reset_link(password_reset.person_who_asked(request, email))
        return render(request, "sign_in/reset_asked.html")
    return render(request, "sign_in/reset_ask.html", {"form": form})


@never_cache
@login_not_required
@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link by mail. Its button begins a sign-in that ends with a new password."""
    user = password_reset.person_of(token, now=timezone.now())
    if request.user.is_authenticated:
        return redirect("change-password")
    if user is None:
        messages.error(request, "This link works no more. Ask for a new one.")
        return redirect("ask-for-reset")
    if request.method == "POST":
        record_authentication(request, user, method=sign_in.RESET)
        answer: HttpResponse = perform_login(request, user)
        return answer
    return render(request, "sign_in/reset.html")


@never_cache
@login_not_required
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Set a new password as the last step of a sign-in. The person then signs in with it."""
    stage = LoginStageController.enter(request, NewPassword.key)
    if stage is None or stage.login.user is None:
        return redirect("sign-in")
    user = expect(User, stage.login.user)
    form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        how = sign_in.RESET if sign_in.RESET in sign_in.methods_of(request, user) else "first sign-in"
        with transaction.atomic():
            people.set_password(
                user=user, password=form.cleaned_data["new_password1"], request=request, by=how
            )
            if how == sign_in.RESET:
                people.release_lock(user=user, why="second factor", request=request)
        request.session.flush()
        messages.success(request, "Your password was changed. Sign in with the new one.")
        return redirect("sign-in")
    return render(request, "sign_in/new_password.html", {"form": form})


@require_POST
def stay_signed_in(request: HttpRequest) -> HttpResponse:
    """Extend the session as if a page had been opened."""
    sign_in.extend(request)
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Explain why a new sign-in is needed. The button ends the session and leads back to `next`."""
    back = own_page(request.GET.get("next", "")) or resolve_url("account")
    if request.method == "POST":
        get_adapter().logout(request)
        return redirect(f"{resolve_url('sign-in')}?{urlencode({'next': back}, safe='/')}")
    return render(request, "sign_in/again.html", {"back": back})


def set_up_second_factor(request: HttpRequest) -> HttpResponse:
    """Offer an app or a passkey to a person who has neither."""
    if isinstance(request.user, User) and second_factor.is_set_up(request.user):
        return redirect("account")
    return render(request, "sign_in/set_up.html")


class Account(IndexView):
    """Account security: the person's sign-in methods and how to change them."""

    template_name = "sign_in/account.html"


@require_POST
def choose_map_links(request: HttpRequest) -> HttpResponse:
    """Turn links to a map beside addresses on or off."""
    wants = request.POST.get("map") == "on"
    people.choose_map_links(expect(User, request.user), wants=wants)
    messages.success(request, f"Addresses have {'a' if wants else 'no'} link to a map.")
    return redirect("account")


class AddApp(ActivateTOTPView):
    """Add an authenticator app, proven by its first code."""

    template_name = "sign_in/add_app.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Save the app as a second factor."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.log_added(self.request, Authenticator.Type.TOTP)
        return answer


class RemoveApp(DeactivateTOTPView):
    """Remove an authenticator app if another factor remains."""

    template_name = "sign_in/remove.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Remove the app."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.log_removed(self.request, Authenticator.Type.TOTP)
        return answer


class AddPasskey(AddWebAuthnView):
    """Add a passkey or security key."""

    template_name = "sign_in/add_passkey.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Keep the invalid form: allauth would show an empty one."""
        return super().get_context_data(**kwargs) | kwargs

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Save the passkey as a second factor."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.log_added(self.request, Authenticator.Type.WEBAUTHN)
        return answer


class RemovePasskey(RemoveWebAuthnView):
    """Remove a passkey if another factor remains."""

    template_name = "sign_in/remove.html"
    success_url = reverse_lazy("account")

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Remove the passkey unless it is the last factor."""
        if second_factor.is_last(self.object):
            form.add_error(None, get_mfa_adapter().validation_error("cannot_delete_authenticator"))
            return self.form_invalid(form)
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.log_removed(self.request, Authenticator.Type.WEBAUTHN)
        return answer


class RecoveryCodes(ViewRecoveryCodesView):
    """Show the recovery codes once."""

    template_name = "sign_in/recovery_codes.html"


class NewRecoveryCodes(GenerateRecoveryCodesView):
    """Replace the recovery codes."""

    template_name = "sign_in/new_recovery_codes.html"

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        """Save the new codes."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factor.log_added(self.request, Authenticator.Type.RECOVERY_CODES)
        return answer


@method_decorator(
    sensitive_post_parameters("old_password", "new_password1", "new_password2"), name="dispatch"
)
class ChangePassword(FormView[ChangePasswordForm]):
    """Change one's own password."""

    template_name = "sign_in/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("sign-in")

    @override
    def get_form_kwargs(self) -> dict[str, Any]:
        """Pass the request and the user."""
        return super().get_form_kwargs() | {"request": self.request, "user": self.request.user}

    @override
    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        """Save the password. The person signs in with it again."""
        form.save()
        messages.success(self.request, "Your password was changed. Sign in with the new one.")
        return super().form_valid(form)

    @override
    def form_invalid(self, form: ChangePasswordForm) -> HttpResponse:
        """Show the errors, or end a session whose guesses locked the account."""
        if form.has_locked:
            logout(self.request)
            return redirect("sign-in")
        return super().form_invalid(form)
