"""Every URL.

Without sign-in only the pages of sign-in and leaving, help, health, metrics, callbacks, calendars, the
icon and /.well-known/ answer.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.urls import urlpatterns as account_urls
from accounts.views import sign_out
from ctcompliance import health, leaving, metrics, sign_in, well_known
from notifications.pages.clients import in_own_language
from orders.urls import urlpatterns as order_urls

# People of an organization have all that they use in their own language: the floors below do not know it.
for one in (*account_urls, *order_urls):
    if str(one.pattern).startswith(("account/", "search/")):
        one.callback = in_own_language(one.callback)

urlpatterns = [
    path("", include("accounts.urls")),
    path("healthz", health.process, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("leave/", leaving.leave, name="leave"),
    path("favicon.ico", well_known.favicon),
    path(".well-known/security.txt", well_known.security_txt, name="security-txt"),
    path(".well-known/change-password", well_known.change_password),
    # Before those of the admin site, which bypass our services.
    path("admin/login/", sign_in.for_admin),
    path("admin/logout/", sign_out),
    re_path(r"^admin/password_change/(?:done/)?$", RedirectView.as_view(pattern_name="change-password")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("ctcompliance.api")),
    path("", include("guidance.urls")),
    path("", include("orders.urls")),
    path("", include("notifications.urls")),
]

handler400 = "ctcompliance.edges.bad_request"
handler404 = "ctcompliance.edges.not_found"
handler500 = "ctcompliance.edges.unexpected"

if settings.IS_LOCAL:
    from ctcompliance import mailbox

    urlpatterns += [
        path("mailbox/", mailbox.index, name="mailbox"),
        path("mailbox/<str:key>/", mailbox.message, name="mailbox-message"),
    ]
