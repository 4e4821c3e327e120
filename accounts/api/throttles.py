"""The limit of requests for each account, and the headers that announce it."""

from __future__ import annotations

import math
from typing import Any

from rest_framework.throttling import UserRateThrottle
from typing_extensions import override

#: The headers that announce the limits. With two limits, each has an item in both.
HEADERS_OF_LIMITS = ("RateLimit-Policy", "RateLimit")


class AccountThrottle(UserRateThrottle):
    """Counts the requests of one account, and knows how many are left."""

    now: float
    history: list[float]
    num_requests: int | None
    duration: int | None

    @override
    def allow_request(self, request: Any, view: Any) -> bool:
        """Return True while the account has requests left."""
        self.history = []
        return bool(super().allow_request(request, view))

    def headers(self) -> dict[str, str]:
        """Return `RateLimit` and `RateLimit-Policy`; nothing for a request that was not counted.

        Source: draft-ietf-httpapi-ratelimit-headers-10. `t` counts to the moment when the oldest request is
        forgotten and one more is allowed.
        """
        if not self.history or self.num_requests is None or self.duration is None:
            return {}
        left = max(0, self.num_requests - len(self.history))
        wait = max(1, math.ceil(self.duration - (self.now - self.history[-1])))
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.num_requests};w={self.duration}',
            "RateLimit": f'"{self.scope}";r={left};t={wait}',
        }


class ExchangeThrottle(AccountThrottle):
    """Counts the downloads for other systems, because each may have thousands of cases."""

    scope = "exchange"
