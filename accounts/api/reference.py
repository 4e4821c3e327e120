"""Reference data: agencies, places, and what this API's refusals mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Shown
from accounts.api.pages import Paged
from accounts.api.problems import PROBLEMS
from accounts.api.views import Listing, Whole
from accounts.models import Agency, AgencyKind, JudicialDistrict, Town

_LOOK_UP = {"GET": "look_up"}


class AgencyOut(Shown):
    """A body that can be told something: a court, a police department, …"""

    thing = "agency"
    name = serializers.CharField(help_text="How every other address names it.")
    kind = serializers.ChoiceField(choices=AgencyKind.choices)
    ori = serializers.CharField(help_text="Its originating agency identifier; empty where it has none.")
    judicial_district = serializers.CharField(
        source="judicial_district.name", allow_null=True, help_text="For a court."
    )
    docket_prefixes = serializers.SerializerMethodField()

    def get_docket_prefixes(self, agency: Agency) -> list[str]:
        """For a court: the location codes that open its docket numbers."""
        return agency.docket_prefixes.split()


class AgencyQuery(Paged):
    """Which agencies."""

    kind = serializers.ChoiceField(choices=AgencyKind.choices, required=False)


class Agencies(Listing):
    """Every agency, by name."""

    thing = "agency"
    acts = _LOOK_UP
    asks = AgencyQuery
    shows = AgencyOut
    order_by = ("name",)

    @override
    def rows(self, **asked: Any) -> QuerySet[Agency]:
        """All, or those of one kind."""
        return Agency.objects.filter(**asked).select_related("judicial_district")


class TownOut(Shown):
    """A town, or a village that people name as their town, and the police who answer for it."""

    thing = "town"
    name = serializers.CharField(help_text="How every other address names it.")
    within = serializers.CharField(
        source="within.name", allow_null=True, help_text="For a village: its town."
    )
    fips = serializers.CharField(help_text="Its code; empty for a village.")
    police = serializers.CharField(source="police.name")


class Towns(Listing):
    """Every town and village, by name."""

    thing = "town"
    acts = _LOOK_UP
    shows = TownOut
    order_by = ("name",)

    @override
    def rows(self, **asked: Any) -> QuerySet[Town]:
        """All."""
        return Town.objects.select_related("within", "police")


class JudicialDistrictOut(Shown):
    """A judicial district (C.G.S. § 51-344)."""

    thing = "judicial_district"
    name = serializers.CharField()
    former_name = serializers.CharField(help_text="Empty where it never had another.")


class JudicialDistricts(Listing):
    """Every judicial district, by name."""

    thing = "judicial_district"
    acts = _LOOK_UP
    shows = JudicialDistrictOut
    order_by = ("name",)

    @override
    def rows(self, **asked: Any) -> QuerySet[JudicialDistrict]:
        """All."""
        return JudicialDistrict.objects.all()


@dataclass(frozen=True)
class Meaning:
    """What one code of a refusal means."""

    code: str
    status: int
    title: str


class ProblemOut(Shown):
    """A code that a refusal may carry. Codes do not change; new ones may come."""

    thing = "problem"
    code = serializers.CharField()
    status = serializers.IntegerField(help_text="The status that it comes with.")
    title = serializers.CharField(help_text="What it says of any request that gets it.")


class Problems(Whole):
    """Every code that a refusal may carry."""

    thing = "problem"
    acts = _LOOK_UP
    shows = ProblemOut

    @override
    def whole(self, **asked: Any) -> Sequence[Meaning]:
        """All."""
        return [Meaning(code, status.value, title) for code, (status, title) in PROBLEMS.items()]
