"""What is due: of one order with its reasons, and as a work list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import InstantField, NamedField, Shown
from accounts.api.pages import Paged
from accounts.models import Agency, AgencyKind
from orders.api.base import DeskRows, OneRow, OrderRows
from orders.api.shapes import OfOrderOut
from orders.models import Capacity, Deadline, DeadlineState
from orders.rules.words import LANGUAGE, languages
from orders.services.explaining import reasons
from orders.wording import rule_title, state_at

#: What somebody must still meet.
STANDING = (DeadlineState.OPEN, DeadlineState.OVERDUE)


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


class DeadlinesQuery(Paged):
    """What waits: open and overdue, unless one of the two is asked for."""

    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), required=False)
    agency = NamedField(
        # Who may not know of a school must not find it by asking.
        queryset=Agency.objects.exclude(kind=AgencyKind.SCHOOL),
        required=False,
        help_text="One that the order concerns in any capacity, but no school.",
    )
    due_after = InstantField(required=False, help_text="From this instant on.")
    due_before = InstantField(required=False, help_text="Before this instant.")
    state = serializers.ChoiceField(choices=[one.value for one in STANDING], required=False)


class Deadlines(DeskRows):
    """The work list: what stands in the orders that the caller sees, the longest overdue first."""

    thing = "deadline"
    asks = DeadlinesQuery
    shows = DeadlineOut
    # As the index of what stands has it.
    order_by = ("due_at", "id")
    narrowing = {"court": {"capacity": Capacity.COURT}, "agency": {}}

    @override
    def wanted(self, *, state: str = "", **due: datetime) -> tuple[QuerySet[Any], QuerySet[Any]]:
        """What stands. Whether one is overdue is asked of the clock and not of the mark: so it is shown, and
        the index answers it."""
        bounds = {"due_after": "due_at__gte", "due_before": "due_at__lt"}
        found = Deadline.objects.filter(state__in=STANDING, **{bounds[name]: at for name, at in due.items()})
        if state:
            passed = Q(due_at__lte=self.now)
            found = found.filter(passed if state == DeadlineState.OVERDUE else ~passed)
        return found, found.select_related("order__case")


class OneDeadline(OneRow):
    """One deadline, without its reasons: those are said of a whole order."""

    thing = "deadline"
    shows = DeadlineOut
    every = staticmethod(OrderDeadlines.every)
