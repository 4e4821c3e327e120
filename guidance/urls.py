"""The pages that answer without sign-in: help by town."""

from __future__ import annotations

from django.urls import path

from guidance.views import help_pages

urlpatterns = [
    path("help/", help_pages.by_town, {"language": "en"}, name="help"),
    path("help/es/", help_pages.by_town, {"language": "es"}, name="help-es"),
    path("help/hsds.json", help_pages.export, name="help-data"),
]
