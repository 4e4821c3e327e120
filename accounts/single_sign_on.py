"""Single sign-on: the way to the court's own provider of identities, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.adapter import get_adapter as get_sso_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException
from typing_extensions import override

from accounts.adapters import turn_away
from accounts.allauth_internals import jwtkit
from accounts.services import sign_in

#: The provider id of single sign-on in URLs.
SSO = "sso"


class _Provider(OpenIDConnectOAuth2Adapter):
    """Trusts the provider's claims only from a signed ID token."""

    @override
    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """Return the identity in the ID token.

        Raises OAuth2Error if the token is missing, expired, or not from this provider or for this client.
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


def _sso_view(view: Callable[[_Provider], Callable[..., HttpResponse]]) -> Callable[..., HttpResponse]:
    @login_not_required
    @wraps(view)
    def respond(request: HttpRequest, **_provider_id: str) -> HttpResponse:
        if not sso_name():
            raise Http404
        try:
            return view(_Provider(request, SSO))(request)
        except (RequestException, LookupError, TypeError, ValueError):
            # The provider is down or sent an invalid response.
            sign_in.refuse(request, None, by=SSO)
            return turn_away(request)

    return respond


def sso_name() -> str:
    """Return the name of single sign-on; empty if it is not configured."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return str(apps[0]["name"]) if apps else ""


#: Redirect to the provider, and the callback from it.
to_sso = _sso_view(OAuth2LoginView.adapter_view)
from_sso = _sso_view(OAuth2CallbackView.adapter_view)
