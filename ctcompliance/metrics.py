"""Metrics for whoever watches from outside."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from notifications.services.metrics import exposed

_LOOPBACK = ("127.0.0.1", "::1")


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for who has the token; without one set, for this machine's own demonstration. Else 404."""
    if not _may_read(request):
        raise Http404
    try:
        return HttpResponse(exposed(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("database unreachable\n", status=503, content_type="text/plain")


def _may_read(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return settings.IS_LOCAL and request.META.get("REMOTE_ADDR") in _LOOPBACK
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
