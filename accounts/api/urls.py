"""URLs of the reference data and of the report on the access log."""

from __future__ import annotations

from accounts.api import reference, reports

urlpatterns = [*reference.urlpatterns, *reports.urlpatterns]
