"""Whether this process answers. Whether deadlines fire is asked elsewhere."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse


@login_not_required
def process(request: HttpRequest) -> HttpResponse:
    """200 while the process serves requests; it asks neither database nor broker."""
    return JsonResponse({"status": "ok"})
