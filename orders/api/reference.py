"""Reference data of the law: rules with their dated values, and the days on which courts are closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, Shown
from accounts.api.views import Showing, Whole
from orders.rules.rulebook import Certainty, Mark, Rule, Unit
from orders.services.calendar import bundled, closed_days

_LOOK_UP = {"GET": "look_up"}


class JurisdictionField(serializers.ChoiceField):
    """A state that the rulebook knows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=sorted(bundled().jurisdictions), **options)


class OffsetOut(serializers.Serializer[Any]):
    """So many units after an event. A unit that counts nothing has the amount 0."""

    amount = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=[one.value for one in Unit])


class ValueOut(serializers.Serializer[Any]):
    """What a rule says from a day on, where that is written, and how far it was seen."""

    effective = serializers.DateField()
    due = OffsetOut()
    opens = OffsetOut(allow_null=True)
    alternative = OffsetOut(allow_null=True)
    sources = serializers.ListField(child=serializers.CharField())
    mark = serializers.ChoiceField(choices=[one.value for one in Mark])
    note = serializers.CharField()


class RuleOut(Shown):
    """A rule of law that gives deadlines."""

    thing = "rule"
    id = serializers.CharField()
    jurisdiction = serializers.CharField()
    title = serializers.CharField()
    actor = serializers.CharField(help_text="Who has to act.")
    kinds = serializers.SerializerMethodField()
    starts = serializers.CharField(help_text="The event that it counts from.")
    certainty = serializers.ChoiceField(choices=[one.value for one in Certainty])
    doubt = serializers.CharField(help_text="What is doubted, where the reading is debatable.")
    values = ValueOut(many=True)

    def get_kinds(self, rule: Rule) -> list[str]:
        """The kinds of order that it binds."""
        return sorted({bind.kind.value for bind in rule.binds})


class RuleQuery(Given):
    """Which rules."""

    jurisdiction = JurisdictionField(default="us_ct")


class Rules(Whole):
    """The rules of one state, as its law has them; a court may have decided otherwise for itself."""

    thing = "rule"
    acts = _LOOK_UP
    asks = RuleQuery
    shows = RuleOut

    @override
    def whole(self, **asked: Any) -> Sequence[Rule]:
        """Those of the state."""
        return [rule for rule in bundled().rules if rule.jurisdiction == asked["jurisdiction"]]


class OneRule(Showing):
    """One rule."""

    thing = "rule"
    acts = _LOOK_UP
    shows = RuleOut

    @override
    def row(self, **ids: Any) -> Rule:
        """The rule of the address."""
        rule = bundled().by_id.get(ids["id"])
        if rule is None:
            raise Http404
        return rule


@dataclass(frozen=True)
class ClosedDay:
    """A day, other than a Saturday or Sunday, on which the courts of a state are closed."""

    jurisdiction: str
    closed_on: date
    name: str


class ClosingOut(Shown):
    """A legal holiday, as observed, or a day that was proclaimed or closed by a person."""

    thing = "court_closing"
    jurisdiction = serializers.CharField()
    closed_on = serializers.DateField()
    name = serializers.CharField()


class ClosingQuery(Given):
    """Of which state and year."""

    jurisdiction = JurisdictionField(default="us_ct")
    year = serializers.IntegerField(
        required=False, min_value=1901, max_value=2199, help_text="The current one unless it is given."
    )


class Closings(Whole):
    """The days of one year on which courts are closed, weekends aside."""

    thing = "court_closing"
    acts = _LOOK_UP
    asks = ClosingQuery
    shows = ClosingOut

    @override
    def whole(self, **asked: Any) -> Sequence[ClosedDay]:
        """Holidays by rule, and the days kept."""
        jurisdiction = asked["jurisdiction"]
        year = asked.get("year", timezone.localdate().year)
        days = closed_days(jurisdiction, year)
        return [ClosedDay(jurisdiction, day, name) for day, name in days.items()]
