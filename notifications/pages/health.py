"""The health of deadlines, for load balancers and monitors."""

from __future__ import annotations

from datetime import UTC

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from notifications.services.watch import health


@login_not_required
@require_GET
def deadlines_health(request: HttpRequest) -> JsonResponse:
    """Return 200 while deadlines are processed in time, else 503. Times are in UTC, lags in seconds."""
    try:
        measured = health.measure()
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse(
        {
            "status": "ok" if measured.is_healthy else "late",
            "pulse_age_s": measured.pulse_age,
            "due_lag_s": measured.due_lag,
            "outbox_lag_s": measured.outbox_lag,
            "channels_down": measured.channels_down,
            "canary_age_s": measured.canary_age,
            "mailbox_age_s": measured.mailbox_age,
            "rehearsal": {
                "installation": None in measured.rehearsals,
                "agencies": sum(one is not None for one in measured.rehearsals),
            },
            "counts": {
                name: {"value": value, "counted_at": at.astimezone(UTC).isoformat(timespec="seconds")}
                for name, (value, at) in measured.counts.items()
            },
        },
        status=200 if measured.is_healthy else 503,
    )
