"""Who guesses at ids is answered nothing for a while."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

from accounts.models import User
from accounts.services.guessing import WINDOW, too_many_guesses


class NoGuessing(BaseThrottle):
    """Lets nobody look anything up, by its id or by a filter, who was found guessing a short while ago."""

    @override
    def allow_request(self, request: Request, view: Any) -> bool:
        """False while the caller counts as guessing."""
        looks_up = view.kwargs or request.query_params
        return not (looks_up and isinstance(request.user, User) and too_many_guesses(request.user))

    @override
    def wait(self) -> float:
        """Seconds until it may be tried again, at most."""
        return WINDOW.total_seconds()
