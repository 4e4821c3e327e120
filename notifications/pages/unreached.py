"""Pages of alerts in place of another: to an administrator for an agency, to an advocate for a client.

Administrators see the agency and nothing of the case. Advocates see what the client's release covers.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import MATRIX
from accounts.models import User
from accounts.narrowing import expect
from notifications.models import Alert, FollowUpNote, Via
from notifications.services.contacts.contacts import releases_of
from notifications.services.recipients.recipients import reachable_members

#: Why an advocate is asked to reach a client.
OF_CLIENTS = (FollowUpNote.NO_CLIENT, FollowUpNote.NO_ANSWER, FollowUpNote.STOPPED)


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


def to_reach_client(request: HttpRequest, public_id: UUID) -> Alert | None:
    """Return the alert if it asks this advocate to reach a client whose release covers any part of the order.

    It is written whatever the release covers.
    """
    user = expect(User, request.user)
    asks = Q(via=Via.RELAY) | Q(note__in=OF_CLIENTS)
    rows = Alert.objects.known_to(user).filter(asks, release__in=releases_of(user))
    return rows.with_details().filter(public_id=public_id).first()


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
