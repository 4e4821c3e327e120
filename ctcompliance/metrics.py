"""The Prometheus endpoint."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from notifications.services.watch.metrics import render_metrics

_LOOPBACK = ("127.0.0.1", "::1")


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to callers with the token; else 404.

    Without a configured token, a demonstration serves them to its own machine.
    """
    if not _may_read(request):
        raise Http404
    try:
        return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("database unreachable\n", status=503, content_type="text/plain")


def _may_read(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return settings.IS_LOCAL and request.META.get("REMOTE_ADDR") in _LOOPBACK
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
