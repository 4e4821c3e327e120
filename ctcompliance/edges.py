"""What is answered where no view answers: the API's own form below /api/, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from accounts.api.problems import Problem
from accounts.models import Door
from accounts.services.audit import door_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that Django itself refuses, such as one for a host that is not ours."""
    return _problem("invalid") if _is_api(request) else defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: an address that does not exist."""
    return _problem("not_found") if _is_api(request) else defaults.page_not_found(request, exception)


def unexpected(request: HttpRequest) -> HttpResponse:
    """500: what nobody foresaw. It is logged; the answer says nothing of it."""
    return _problem("unexpected") if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return door_of(request) is Door.API


def _problem(code: str) -> HttpResponse:
    answer = Problem(code).response()
    # What Django refuses by itself passes no middleware that would say so.
    answer.headers["Cache-Control"] = "no-store"
    return answer
