"""URLs of the reference data, of memberships, and of the report on the access log."""

from __future__ import annotations

from accounts.api import memberships, reference, reports

urlpatterns = [*reference.urlpatterns, *memberships.urlpatterns, *reports.urlpatterns]
