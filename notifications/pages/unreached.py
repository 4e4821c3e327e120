"""Agencies without anyone who receives alerts, as the administrators see them.

Administrators are notified in place of the agency. They see the agency and nothing of the case.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import MATRIX
from notifications.models import Alert, Via
from notifications.services.recipients.recipients import reachable_members


def unreached_agency(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page of an alert that an administrator received in place of an agency. Raises `Http404`."""
    alert = _fallbacks(request).filter(public_id=public_id).select_related("agency").first()
    if alert is None:
        raise Http404
    context = {
        "agency": alert.agency,
        "since": alert.created_at,
        "is_unreached": _still_unreached(_fallbacks(request).filter(pk=alert.pk)).exists(),
    }
    return render(request, "notifications/unreached.html", context)


def unreached_agencies(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the agencies in whose place this person was notified and that still have no recipient."""
    rows: Any = (
        _still_unreached(_fallbacks(request))
        .values("agency", "agency__name")
        .annotate(alerts=Count("pk"), since=Min("created_at"))
        .order_by("agency__name")
    )
    return list(rows)


def _fallbacks(request: HttpRequest) -> QuerySet[Alert]:
    return Alert.objects.filter(recipient=request.user.pk, via=Via.FALLBACK)


def _still_unreached(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Filter for agencies without an address and without a member who would get an alert today."""
    members = reachable_members().filter(agency=OuterRef("agency"), role__in=set(MATRIX.alert_role.values()))
    return alerts.filter(agency__email="").exclude(Exists(members))
