"""Reference data of the law: rules with their dated values, and the days on which courts are closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceDetail, UnpagedList
from accounts.models import State
from orders.rules.model import Rule
from orders.rules.vocabulary import Certainty, SourceStatus, Unit
from orders.services.planning.rulebooks import bundled, closed_days

_LOOK_UP = {"GET": "look_up"}


class OffsetOutput(serializers.Serializer[Any]):
    """A number of units after an event. A unit that is not counted has the amount 0."""

    amount = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=[one.value for one in Unit])


class RuleValueOutput(serializers.Serializer[Any]):
    """A rule's value from its effective date on, with its sources and how well they are known."""

    effective = serializers.DateField()
    due = OffsetOutput()
    opens = OffsetOutput(allow_null=True)
    alternative = OffsetOutput(allow_null=True)
    sources = serializers.ListField(child=serializers.CharField())
    source_status = serializers.ChoiceField(choices=[one.value for one in SourceStatus])
    note = serializers.CharField()


class RuleOutput(OutputSerializer):
    """A rule of law that sets deadlines."""

    resource = "rule"
    id = serializers.CharField()
    jurisdiction = serializers.CharField()
    title = serializers.CharField()
    actor = serializers.CharField(help_text="Who has to act.")
    kinds = serializers.SerializerMethodField()
    starts = serializers.CharField(help_text="The event from which time is counted.")
    certainty = serializers.ChoiceField(choices=[one.value for one in Certainty])
    doubt = serializers.CharField(help_text="What is in doubt, if the reading is debatable.")
    values = RuleValueOutput(many=True)

    def get_kinds(self, rule: Rule) -> list[str]:
        """The kinds of order to which it applies."""
        return sorted({bind.kind.value for bind in rule.binds})


class RuleQuery(InputSerializer):
    """Which rules."""

    jurisdiction = serializers.ChoiceField(choices=State.choices, default=State.CONNECTICUT)


class RuleList(UnpagedList):
    """The rules of one state as its law has them. A court may have decided otherwise for itself."""

    resource = "rule"
    actions = _LOOK_UP
    query = RuleQuery
    output = RuleOutput

    @override
    def get_queryset(self) -> Any:
        jurisdiction = self.query_data["jurisdiction"]
        return [rule for rule in bundled().rules if rule.jurisdiction == jurisdiction]


class RuleDetail(ResourceDetail):
    """One rule."""

    resource = "rule"
    actions = _LOOK_UP
    output = RuleOutput

    @override
    def get_object(self) -> Rule:
        rule = bundled().by_id.get(self.kwargs["id"])
        if rule is None:
            raise Http404
        return rule


@dataclass(frozen=True)
class CourtClosingDay:
    """A day, other than a Saturday or Sunday, on which the courts of a state are closed."""

    jurisdiction: str
    closed_on: date
    name: str


class CourtClosingOutput(OutputSerializer):
    """A legal holiday as observed, or a day that was proclaimed or that a person closed."""

    resource = "court_closing"
    jurisdiction = serializers.CharField()
    closed_on = serializers.DateField()
    name = serializers.CharField()


class CourtClosingQuery(InputSerializer):
    """Which state and year."""

    jurisdiction = serializers.ChoiceField(choices=State.choices, default=State.CONNECTICUT)
    year = serializers.IntegerField(
        required=False, min_value=1901, max_value=2199, help_text="Default: the current year."
    )


class CourtClosingList(UnpagedList):
    """The days of one year on which courts are closed, without weekends."""

    resource = "court_closing"
    actions = _LOOK_UP
    query = CourtClosingQuery
    output = CourtClosingOutput

    @override
    def get_queryset(self) -> Any:
        """Return holidays, which follow from rules, and stored closings."""
        jurisdiction = self.query_data["jurisdiction"]
        year = self.query_data.get("year", timezone.localdate().year)
        days = closed_days(jurisdiction, year)
        return [CourtClosingDay(jurisdiction, day, name) for day, name in days.items()]


urlpatterns = [
    path("reference/rules", RuleList.as_view(), name="rules"),
    path("reference/rules/<str:id>", RuleDetail.as_view(), name="rule"),
    path("reference/court-closings", CourtClosingList.as_view(), name="court-closings"),
]
