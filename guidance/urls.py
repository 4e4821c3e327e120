"""The pages that answer without sign-in: help by town, guides and figures."""

from __future__ import annotations

from django.urls import path

from guidance.views import guides, help_pages, statistics

urlpatterns = [
    path("help/", help_pages.by_town, {"language": "en"}, name="help"),
    path("help/es/", help_pages.by_town, {"language": "es"}, name="help-es"),
    path("help/hsds.json", help_pages.export, name="help-data"),
    path("guides/", guides.contents, {"language": "en"}, name="guides"),
    path("guides/es/", guides.contents, {"language": "es"}, name="guides-es"),
    path("guides/<slug:name>/", guides.guide, {"language": "en"}, name="guide"),
    path("guides/<slug:name>/es/", guides.guide, {"language": "es"}, name="guide-es"),
    path("statistics/", statistics.figures, {"language": "en"}, name="statistics"),
    path("statistics/es/", statistics.figures, {"language": "es"}, name="statistics-es"),
    path(
        "statistics/<int:year>/<int:quarter>/",
        statistics.figures,
        {"language": "en"},
        name="statistics-quarter",
    ),
    path(
        "statistics/<int:year>/<int:quarter>/es/",
        statistics.figures,
        {"language": "es"},
        name="statistics-quarter-es",
    ),
    path("statistics/<int:year>/<int:quarter>/figures.csv", statistics.as_csv, name="statistics-csv"),
    path("statistics/<int:year>/<int:quarter>/figures.json", statistics.as_json, name="statistics-json"),
]
