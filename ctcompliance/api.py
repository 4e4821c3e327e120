"""URLs of version 1 of the API, with its OpenAPI document and its documentation page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# A page for people in a browser: unlike the API itself, it redirects to sign-in.
docs: Any = login_required(SpectacularSwaggerSplitView.as_view(url_name="schema"))
docs.login_required = True

urlpatterns = [
    path("", include("orders.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("accounts.api.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs, name="api-docs"),
]
