"""The pages that answer without sign-in: help by town and guides."""

from __future__ import annotations

from django.urls import path

from guidance.views import guides, help_pages

urlpatterns = [
    path("help/", help_pages.by_town, {"language": "en"}, name="help"),
    path("help/es/", help_pages.by_town, {"language": "es"}, name="help-es"),
    path("help/hsds.json", help_pages.export, name="help-data"),
    path("guides/", guides.contents, {"language": "en"}, name="guides"),
    path("guides/es/", guides.contents, {"language": "es"}, name="guides-es"),
    path("guides/<slug:name>/", guides.guide, {"language": "en"}, name="guide"),
    path("guides/<slug:name>/es/", guides.guide, {"language": "es"}, name="guide-es"),
]
