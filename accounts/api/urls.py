"""The addresses of reference data and of the reports on the access log."""

from __future__ import annotations

from django.urls import path

from accounts.api.reference import Agencies, JudicialDistricts, Problems, Towns
from accounts.api.reports import WhoSaw

urlpatterns = [
    path("reference/agencies", Agencies.as_view(), name="agencies"),
    path("reference/towns", Towns.as_view(), name="towns"),
    path("reference/judicial-districts", JudicialDistricts.as_view(), name="judicial-districts"),
    path("reference/problems", Problems.as_view(), name="problems"),
    path("reports/who-saw", WhoSaw.as_view(), name="who-saw"),
]
