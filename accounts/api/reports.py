"""Who saw a case: read by auditors, and itself on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, InstantField, Shown
from accounts.api.views import Whole
from accounts.models import Act
from accounts.services.access_report import Looker, Question, lookers
from accounts.services.audit import record_for

#: The longest time between the two instants, and the time looked at unless another is asked for.
LONGEST = timedelta(days=366)
LATELY = timedelta(days=30)


class WhenQuery(Given):
    """Of which time, a year at the most."""

    since = InstantField(required=False, help_text="Thirty days before `until` unless it is given.")
    until = InstantField(required=False, help_text="Now unless it is given; at most 366 days after `since`.")

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses a time that ends before it begins, or is too long."""
        until: datetime = attrs.get("until") or timezone.now()
        since: datetime = attrs.get("since") or until - LATELY
        if not timedelta() < until - since <= LONGEST:
            raise serializers.ValidationError(
                {"since": serializers.ErrorDetail("Give at most 366 days before `until`.", code="range")}
            )
        return attrs | {"since": since, "until": until}


class LookerOut(Shown):
    """One person who saw or changed the case."""

    thing = "looker"
    name = serializers.CharField()
    times = serializers.IntegerField()
    first = InstantField()
    last = InstantField()


class WhoSawQuery(WhenQuery):
    """Of which case, and when."""

    case = serializers.UUIDField()


class WhoSaw(Whole):
    """Everybody who saw or changed one case, the latest first; at most a hundred."""

    thing = "looker"
    acts = {"GET": "look_up"}
    asks = WhoSawQuery
    shows = LookerOut

    @override
    def whole(self, **asked: Any) -> Sequence[Looker]:
        """Those in the time asked for. That it was read is on record."""
        found = lookers(Question(**asked))
        detail = {name: asked[name].isoformat() for name in ("since", "until")} | {"people": len(found)}
        # The API's request passes on what it does not have itself.
        request: Any = self.request
        record_for(request, Act.LOG_READ, cases=[asked["case"]], detail=detail)
        return found
