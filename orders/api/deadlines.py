"""What is due: of one order with its reasons, and as a work list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import InstantField, Shown
from accounts.api.pages import Paged
from orders.api.base import OneRow, OrderRows
from orders.api.shapes import OfOrderOut
from orders.models import Deadline, DeadlineState
from orders.rules.words import LANGUAGE, languages
from orders.services.explaining import reasons
from orders.wording import rule_title, state_at


class DeadlineOut(OfOrderOut):
    """What one rule makes of one order's facts. A whole day's `due_at` is the instant that ends it."""

    thing = "deadline"
    rule = serializers.CharField(source="rule_id")
    title = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    opens_at = InstantField(allow_null=True)
    opens_on = serializers.DateField(allow_null=True)
    due_at = InstantField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    alternative_on = serializers.DateField(
        allow_null=True, help_text="The day by the other reading of the law."
    )
    met_at = InstantField(allow_null=True)
    met_in_time = serializers.BooleanField(allow_null=True)
    overdue_at = InstantField(allow_null=True, help_text="When it was marked overdue.")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Facts without which it is not due."
    )
    certainty = serializers.CharField()
    mark = serializers.CharField(help_text="How far the rule's source was seen.")

    def get_title(self, deadline: Deadline) -> str:
        """What the rule asks."""
        return rule_title(deadline.rule_id)

    def get_state(self, deadline: Deadline) -> DeadlineState:
        """How it stands at this instant, whether or not anything marked it yet."""
        return state_at(deadline, self.context["now"])


class ReasonedDeadlineOut(DeadlineOut):
    """A deadline, and why it is due when it is."""

    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Sentences, in the language asked."
    )


class ReasonsQuery(Paged):
    """In which language."""

    language = serializers.ChoiceField(choices=sorted(languages()), default=LANGUAGE)


class OrderDeadlines(OrderRows):
    """Every deadline of the order, with its reasons: they are said afresh, from the facts as they are."""

    thing = "deadline"
    asks = ReasonsQuery
    shows = ReasonedDeadlineOut

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Deadline.objects.all()

    @override
    def rows(self, *, language: str = LANGUAGE, **asked: Any) -> QuerySet[Any]:
        """Those of the order, to be explained in that language."""
        self.language = language
        return super().rows(**asked)

    @override
    def shown(self, rows: Sequence[Any], shape: type[Shown] | None = None) -> list[dict[str, Any]]:
        """One page; the order is planned once for all of it."""
        why = reasons(rows[0].order, self.language) if rows else {}
        for one in rows:
            one.reasons = why.get((one.rule_id, one.occurrence), ())
        return super().shown(rows, shape)


class OneDeadline(OneRow):
    """One deadline, without its reasons: those are said of a whole order."""

    thing = "deadline"
    shows = DeadlineOut
    every = staticmethod(OrderDeadlines.every)
