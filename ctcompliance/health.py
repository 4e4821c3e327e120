"""The health of this web process. `/healthz/deadlines` reports whether deadlines fire."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse


@login_not_required
def process(request: HttpRequest) -> HttpResponse:
    """Return 200 while the process serves requests. Uses neither database nor broker."""
    return JsonResponse({"status": "ok"})
