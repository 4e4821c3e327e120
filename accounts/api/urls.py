"""The addresses of reference data, below `reference/`."""

from __future__ import annotations

from django.urls import path

from accounts.api.reference import Agencies, JudicialDistricts, Problems, Towns

urlpatterns = [
    path("agencies", Agencies.as_view(), name="agencies"),
    path("towns", Towns.as_view(), name="towns"),
    path("judicial-districts", JudicialDistricts.as_view(), name="judicial-districts"),
    path("problems", Problems.as_view(), name="problems"),
]
