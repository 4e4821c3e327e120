"""Every address of version 1 of the API, and its own description."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# A page for people in a browser: unlike the API itself it leads whoever has not signed in to where one does.
docs: Any = login_required(SpectacularSwaggerSplitView.as_view(url_name="schema"))
docs.login_required = True

urlpatterns = [
    path("", include("orders.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("accounts.api.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs, name="api-docs"),
]
