"""URLs of sign-in. Of the pages of django-allauth only those listed here exist."""

from __future__ import annotations

from django.urls import path

from accounts import device_views, views
from accounts.single_sign_on import from_sso, to_sso

# Names with underscores are the ones that django-allauth reverses.
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-in/use-notice/", views.use_notice, name="use-notice"),
    path("sign-in/new-password/", views.new_password, name="new-password"),
    path("sign-in/forgotten/", views.ask_for_reset, name="ask-for-reset"),
    path("sign-in/forgotten/<str:token>/", views.reset_password, name="reset-password"),
    path("sign-in/second-factor/", views.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", views.PasskeyAlone.as_view(), name="mfa_login_webauthn"),
    path("sign-in/sso/", to_sso, name="sso"),
    path(
        "sign-in/sso/callback/",
        from_sso,
        {"provider_id": "sso"},
        name="openid_connect_callback",
    ),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/", views.Account.as_view(), name="account"),
    path("account/", views.Account.as_view(), name="mfa_index"),
    path("account/stay-signed-in/", views.stay_signed_in, name="stay-signed-in"),
    path("account/map-links/", views.choose_map_links, name="map-links"),
    path("account/device-key/", device_views.device_key, name="device-key"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/sign-in-again/", views.sign_in_again, name="sign-in-again"),
    path("account/password/", views.ChangePassword.as_view(), name="change-password"),
    path("account/set-up/", views.set_up_second_factor, name="set-up-second-factor"),
    path("account/app/add/", views.AddApp.as_view(), name="mfa_activate_totp"),
    path("account/app/remove/", views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/recovery-codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
]
