"""Error responses outside of views: problem details below /api/, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from accounts.api.problems import Problem
from accounts.models import EntryPoint
from accounts.services.access.access_log import entry_point_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 400 for a request that Django itself refuses, for example for an unknown host."""
    return _problem("invalid") if _is_api(request) else defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 404 for an address that does not exist."""
    return _problem("not_found") if _is_api(request) else defaults.page_not_found(request, exception)


def unexpected(request: HttpRequest) -> HttpResponse:
    """Return 500 for an unexpected error, which is logged but not described in the response."""
    return _problem("unexpected") if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return entry_point_of(request) is EntryPoint.API


def _problem(code: str) -> HttpResponse:
    response = Problem(code).response()
    # A request that Django refuses bypasses the middleware that sets this.
    response.headers["Cache-Control"] = "no-store"
    return response
