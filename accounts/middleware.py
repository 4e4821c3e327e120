"""One entry on record for every request that shows or changes a case, or is refused; no entry, no answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from accounts.api.problems import MEDIA_TYPE, Problem
from accounts.models import Act, Door
from accounts.services import guessing
from accounts.services.audit import Watch, asked_in_vain, door_of, origin_of, record, route_of

logger = logging.getLogger(__name__)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Answers from which somebody who guesses could learn which ids there are, were they not all alike.
_TELLING = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_REFUSED = _TELLING | {HTTPStatus.TOO_MANY_REQUESTS}


class AccessLog:
    """Stands innermost, so that it sees what every view answers and nothing leaves that it did not see."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer once it is on record; 503, and nothing of the answer, where that fails."""
        request.watch = watch = Watch()  # type: ignore[attr-defined]
        response = self.get_response(request)
        try:
            _put_on_record(request, watch, response.status_code)
        except Error as error:
            logger.error("access log: not written, so not answered: %s", type(error).__name__)
            return _not_recorded(request)
        return response

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, ids: Any) -> HttpResponse | None:
        """429 for a page that has an id in its address, while the person counts as guessing.

        The API, where systems sign in later than here, asks by itself.
        """
        if not ids or door_of(request) is Door.API or not request.user.is_authenticated:
            return None
        return _page(HTTPStatus.TOO_MANY_REQUESTS) if guessing.too_many_guesses(request.user) else None


def _put_on_record(request: HttpRequest, watch: Watch, status: int) -> None:
    """What a signed-in person's request came to is on record: as one entry, or none where it was nothing.

    Cases shown are `SEEN`. What changes something is `DONE`, with the cases or without. A refusal is
    `REFUSED`. Raises `django.db.Error` when that cannot be written.
    """
    if status in _TELLING and not watch.cases and not watch.asked and route_of(request):
        _ask(request)
    act = _act_of(request, watch, status)
    # Who asks is looked at last: for a page that needs no sign-in it would cost queries.
    if act is None or not request.user.is_authenticated:
        return
    facts = origin_of(request) | {"cases": sorted(watch.cases)}
    if act is Act.REFUSED:
        guessing.refuse(request.user, asked=watch.asked, detail={"status": status}, **facts)
    else:
        record(act, succeeded=status < HTTPStatus.BAD_REQUEST, **facts)


def _ask(request: HttpRequest) -> None:
    """What the address names first was asked for: the thing itself; what may follow is an act or a part."""
    if request.resolver_match and (names := request.resolver_match.kwargs):
        asked_in_vain(request, next(iter(names.values())))


def _act_of(request: HttpRequest, watch: Watch, status: int) -> Act | None:
    is_answered = status < HTTPStatus.BAD_REQUEST
    if watch.asked or (status in _REFUSED and route_of(request)):
        return Act.REFUSED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if request.method in _SAFE or _shows_a_form_again(request, status):
        return Act.SEEN if watch.cases and is_answered else None
    # What is done on other pages is sign-in's, which has acts of its own.
    is_told = is_answered and not watch.is_recorded and door_of(request) is not Door.PAGE
    return Act.DONE if watch.cases or is_told else None


def _shows_a_form_again(request: HttpRequest, status: int) -> bool:
    """True where a page was not led on to another: what was typed was wrong, and nothing was done."""
    return door_of(request) is not Door.API and status == HTTPStatus.OK


def _not_recorded(request: HttpRequest) -> HttpResponse:
    """An answer without anything of the view's, in the form of its door."""
    if door_of(request) is not Door.API:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE)
    problem = Problem(
        "busy", "This could not be put on record, so it is not answered. Look before you repeat it."
    )
    return JsonResponse(problem.body(), status=problem.status_code, content_type=MEDIA_TYPE)


def _page(status: HTTPStatus) -> HttpResponse:
    return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
