"""Every address. Without sign-in only signing in, signing out and the health addresses answer."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from accounts.forms import SignInForm
from ctcompliance import health, sign_in

sign_in_page = LoginView.as_view(template_name="registration/sign_in.html", authentication_form=SignInForm)
# Open to those whose session has ended, or they would be asked to sign in so as to sign out.
sign_out = login_not_required(LogoutView.as_view())

urlpatterns = [
    path("sign-in/", sign_in_page, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("healthz", health.process, name="healthz"),
    # Before the admin site's own: there is one sign-in page.
    path("admin/login/", sign_in.for_admin),
    path("admin/", admin.site.urls),
    path("api/v1/", include("ctcompliance.api")),
    path("", include("notifications.urls")),
]

if settings.IS_LOCAL:
    from ctcompliance import mailbox

    urlpatterns += [
        path("mailbox/", mailbox.index, name="mailbox"),
        path("mailbox/<str:key>/", mailbox.message, name="mailbox-message"),
    ]
