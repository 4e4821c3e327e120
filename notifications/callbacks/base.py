"""The decorator and the checks that all callbacks share."""

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

from notifications.services.delivery import receipts

logger = logging.getLogger(__name__)

#: The most bytes of one callback.
MAX_BYTES = 64 * 1024

_Args = ParamSpec("_Args")
_View = Callable[Concatenate[HttpRequest, _Args], HttpResponse]


class CallbackRefusedError(Exception):
    """A callback that is refused and changes nothing."""

    def __init__(self, provider: str, reason: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> None:
        super().__init__(reason)
        self.provider, self.reason, self.status = provider, reason, status


def callback(view: _View[_Args]) -> _View[_Args]:
    """Make `view` a callback: POST without sign-in or CSRF token, in one transaction."""

    @wraps(view)
    def respond(request: HttpRequest, /, *args: _Args.args, **kwargs: _Args.kwargs) -> HttpResponse:
        try:
            length = request.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) > MAX_BYTES:
                raise CallbackRefusedError("unknown", "too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except CallbackRefusedError as error:
            logger.warning("callback of %s refused: %s", error.provider, error.reason)
            return HttpResponse(status=error.status)

    return login_not_required(csrf_exempt(require_POST(respond)))


def refuse_repeat(provider: str, unique: str) -> None:
    """Raise `CallbackRefusedError` if a callback with this unique text was processed before."""
    if not receipts.first_time(provider, hashlib.sha256(unique.encode()).hexdigest()):
        raise CallbackRefusedError(provider, "repeated", HTTPStatus.CONFLICT)
