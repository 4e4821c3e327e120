"""What every callback passes through."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications.services import receipts

logger = logging.getLogger(__name__)

#: Bytes of the largest callback.
MOST = 64 * 1024

_More = ParamSpec("_More")
_View = Callable[Concatenate[HttpRequest, _More], HttpResponse]


class RefusedError(Exception):
    """A callback that changes nothing."""

    def __init__(self, provider: str, why: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> None:
        super().__init__(why)
        self.provider, self.why, self.status = provider, why, status


def callback(view: _View[_More]) -> _View[_More]:
    """A view for a provider: all of what it tells is recorded, or nothing."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: _More.args, **kwargs: _More.kwargs) -> HttpResponse:
        try:
            length = request.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) > MOST:
                raise RefusedError("unknown", "too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except RefusedError as error:
            logger.warning("callback of %s refused: %s", error.provider, error.why)
            return HttpResponse(status=error.status)

    return login_not_required(csrf_exempt(require_POST(answer)))


def once(provider: str, mark: str) -> None:
    """Raises `RefusedError` for a mark of a callback that came before."""
    if not receipts.first_time(provider, hashlib.sha256(mark.encode()).hexdigest()):
        raise RefusedError(provider, "came before", HTTPStatus.CONFLICT)
