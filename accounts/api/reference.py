"""Reference data: agencies, towns, judicial districts, and the error codes of this API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.pagination import PageQuery
from accounts.api.problems import PROBLEMS
from accounts.api.serializers import OutputSerializer
from accounts.api.views import ResourceList, UnpagedList
from accounts.models import Agency, AgencyKind, JudicialDistrict, State, Town

_LOOK_UP = {"GET": "look_up"}


class AgencyOutput(OutputSerializer):
    """An agency that can be notified: a court, a police department, …"""

    resource = "agency"
    name = serializers.CharField(help_text="The name by which all other endpoints identify it.")
    kind = serializers.ChoiceField(choices=AgencyKind.choices)
    jurisdiction = serializers.ChoiceField(choices=State.choices, help_text="Its state.")
    ori = serializers.CharField(help_text="Its originating agency identifier; empty if it has none.")
    judicial_district = serializers.CharField(
        source="judicial_district.name", allow_null=True, help_text="For a court."
    )
    docket_prefixes = serializers.SerializerMethodField()

    def get_docket_prefixes(self, agency: Agency) -> list[str]:
        """Return a court's location codes, with which its docket numbers begin."""
        return agency.docket_prefixes.split()


class AgencyQuery(PageQuery):
    """Which agencies."""

    kind = serializers.ChoiceField(choices=AgencyKind.choices, required=False)
    jurisdiction = serializers.ChoiceField(
        choices=State.choices, required=False, help_text="Only of this state."
    )


class AgencyList(ResourceList):
    """All agencies, by name."""

    resource = "agency"
    actions = _LOOK_UP
    queryset = Agency.objects.select_related("judicial_district")
    query = AgencyQuery
    output = AgencyOutput
    ordering = ("name",)

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.filter(**self.filters)


class TownOutput(OutputSerializer):
    """A town, or a village that people name as their town, and its police; a place of another state."""

    resource = "town"
    name = serializers.CharField(
        help_text="The name by which all other endpoints identify it. Outside Connecticut it ends with "
        "the state."
    )
    jurisdiction = serializers.ChoiceField(choices=State.choices, help_text="Its state.")
    within = serializers.CharField(
        source="within.name", allow_null=True, help_text="For a village: its town."
    )
    fips = serializers.CharField(help_text="Its FIPS code; empty for a village.")
    police = serializers.CharField(source="police.name", help_text="The police department in charge.")


class TownQuery(PageQuery):
    """Which towns."""

    jurisdiction = serializers.ChoiceField(
        choices=State.choices, required=False, help_text="Only of this state."
    )


class TownList(ResourceList):
    """All towns and villages, by name."""

    resource = "town"
    actions = _LOOK_UP
    queryset = Town.objects.select_related("within", "police")
    query = TownQuery
    output = TownOutput
    ordering = ("name",)

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.filter(**self.filters)


class JudicialDistrictOutput(OutputSerializer):
    """A judicial district (C.G.S. § 51-344)."""

    resource = "judicial_district"
    name = serializers.CharField()
    former_name = serializers.CharField(help_text="Empty if it never had another name.")


class JudicialDistrictList(ResourceList):
    """All judicial districts, by name."""

    resource = "judicial_district"
    actions = _LOOK_UP
    queryset = JudicialDistrict.objects.all()
    output = JudicialDistrictOutput
    ordering = ("name",)


@dataclass(frozen=True)
class ProblemCode:
    """An error code with its status and title."""

    code: str
    status: int
    title: str


class ProblemOutput(OutputSerializer):
    """An error code. Codes do not change; new ones may be added."""

    resource = "problem"
    code = serializers.CharField()
    status = serializers.IntegerField(help_text="The HTTP status of the response.")
    title = serializers.CharField(help_text="A summary that fits every request refused with it.")


class ProblemList(UnpagedList):
    """All error codes."""

    resource = "problem"
    actions = _LOOK_UP
    output = ProblemOutput

    @override
    def get_queryset(self) -> Any:
        return [ProblemCode(code, status.value, title) for code, (status, title) in PROBLEMS.items()]


urlpatterns = [
    path("reference/agencies", AgencyList.as_view(), name="agencies"),
    path("reference/towns", TownList.as_view(), name="towns"),
    path("reference/judicial-districts", JudicialDistrictList.as_view(), name="judicial-districts"),
    path("reference/problems", ProblemList.as_view(), name="problems"),
]
