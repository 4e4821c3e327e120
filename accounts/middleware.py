"""Log every request that shows or changes a case or is refused. Without the entry there is no response."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from accounts.api.problems import MEDIA_TYPE, Problem
from accounts.models import AuditAction, EntryPoint
from accounts.services.access import enumeration_guard
from accounts.services.access.access_log import (
    AccessLogContext,
    entry_point_of,
    log_miss,
    origin_of,
    record,
    route_of,
    start,
)

logger = logging.getLogger(__name__)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Responses that would reveal which ids exist if they were not all alike.
_REVEALING = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_REFUSED = _REVEALING | {HTTPStatus.TOO_MANY_REQUESTS}


class AccessLog:
    """The innermost middleware: it sees the response of every view before it leaves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the view's response after logging it; 503, without any of it, if logging fails."""
        context = start(request)
        response = self.get_response(request)
        try:
            _write_entry(request, context, response.status_code)
        except Error as error:
            logger.error("access log: not written, so not answered: %s", type(error).__name__)
            return _not_recorded(request)
        return response

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, ids: Any) -> HttpResponse | None:
        """Return 429 for a page with an id in its address while the user is blocked.

        The API checks this itself, because systems authenticate after this middleware.
        """
        if not ids or entry_point_of(request) is EntryPoint.API or not request.user.is_authenticated:
            return None
        return _page(HTTPStatus.TOO_MANY_REQUESTS) if enumeration_guard.is_blocked(request.user) else None


def _write_entry(request: HttpRequest, context: AccessLogContext, status: int) -> None:
    """Write at most one entry for a signed-in user's request.

    SEEN for cases shown, DONE for a change, with or without cases, REFUSED for a refusal. Raises
    `django.db.Error` if the entry cannot be written.
    """
    if status in _REVEALING and not context.cases and not context.missed and route_of(request):
        _log_missed_id(request)
    action = _action_of(request, context, status)
    # Check the user last: on a page that needs no sign-in it would cost queries.
    if action is None or not request.user.is_authenticated:
        return
    facts = origin_of(request) | {"cases": sorted(context.cases)}
    if action is AuditAction.REFUSED:
        enumeration_guard.log_refusal(
            request.user, requested=context.missed, detail={"status": status}, **facts
        )
    else:
        record(action, succeeded=status < HTTPStatus.BAD_REQUEST, **facts)


def _log_missed_id(request: HttpRequest) -> None:
    """Log the first id of the address: it names the object. Later ones name an action or a part."""
    if request.resolver_match and (names := request.resolver_match.kwargs):
        log_miss(request, next(iter(names.values())))


def _action_of(request: HttpRequest, context: AccessLogContext, status: int) -> AuditAction | None:
    is_answered = status < HTTPStatus.BAD_REQUEST
    if context.missed or (status in _REFUSED and route_of(request)):
        return AuditAction.REFUSED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if request.method in _SAFE or context.is_viewing or _shows_form_again(request, status):
        return AuditAction.SEEN if context.cases and is_answered else None
    # Changes on other pages belong to sign-in, which writes entries of its own.
    is_change = is_answered and not context.is_recorded and entry_point_of(request) is not EntryPoint.PAGE
    return AuditAction.DONE if context.cases or is_change else None


def _shows_form_again(request: HttpRequest, status: int) -> bool:
    """Return True if a page did not redirect: the input was invalid, and nothing was done."""
    return entry_point_of(request) is not EntryPoint.API and status == HTTPStatus.OK


def _not_recorded(request: HttpRequest) -> HttpResponse:
    """Return a 503 without anything from the view, in the format of the request's entry point."""
    if entry_point_of(request) is not EntryPoint.API:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE)
    problem = Problem(
        "busy",
        "The access log could not be written, so there is no response. Check what was saved, then retry.",
    )
    return JsonResponse(problem.body(), status=problem.status_code, content_type=MEDIA_TYPE)


def _page(status: HTTPStatus) -> HttpResponse:
    return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
