"""Reference data: agencies, towns, judicial districts, and the error codes of this API."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import NamedField
from accounts.api.pagination import PageQuery
from accounts.api.problems import PROBLEMS, invalid_rows_as_problems
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, ResourceList, UnpagedList
from accounts.mail_addresses import LONGEST
from accounts.models import Agency, AgencyKind, JudicialDistrict, State, Town
from accounts.services.agencies import directory

_LOOK_UP = {"GET": "look_up"}


class AgencyOutput(OutputSerializer):
    """An agency that can be notified: a court, a police department, …"""

    resource = "agency"
    name = serializers.CharField(help_text="The name by which all other endpoints identify it.")
    kind = serializers.ChoiceField(choices=AgencyKind.choices)
    jurisdiction = serializers.ChoiceField(choices=State.choices, help_text="Its state.")
    ori = serializers.CharField(help_text="Its originating agency identifier; empty if it has none.")
    judicial_district = serializers.CharField(
        source="judicial_district.name", allow_null=True, help_text="For a court or a state's attorney."
    )
    docket_prefixes = serializers.SerializerMethodField()
    email = serializers.CharField(help_text="The shared mailbox of its office, or empty.")
    telephone = serializers.CharField(help_text="The telephone number of its office, or empty.")
    serves_state = serializers.BooleanField(
        source="answers_for_state",
        help_text="Whether it is the agency of its kind that is notified about orders anywhere in its state.",
    )

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


class AgencyChangeInput(InputSerializer):
    """Where the alerts of an agency go. What is left out stays as it is."""

    agency = NamedField(queryset=Agency.objects.all(), help_text="Its name.")
    email = serializers.EmailField(
        max_length=LONGEST,
        required=False,
        allow_blank=True,
        help_text="Its shared mailbox; an empty text removes it.",
    )
    serves_state = serializers.BooleanField(
        required=False,
        help_text="Whether it is notified about orders anywhere in its state. One agency of each kind is.",
    )

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject a body that changes nothing."""
        if not attrs.keys() - {"agency"}:
            raise serializers.ValidationError("Send what to change: email, serves_state.", code="required")
        return attrs


class AgencyChangeCreate(ResourceAction):
    """POST: change where the alerts of an agency go."""

    resource = "agency"
    actions = {"POST": "change"}
    input = AgencyChangeInput
    output = AgencyOutput

    @override
    def get_target(self) -> None:
        """The body names the agency."""

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        agency = Agency.objects.select_for_update(of=("self",)).get(pk=data["agency"].pk)
        agency.email = data.get("email", agency.email)
        agency.answers_for_state = data.get("serves_state", agency.answers_for_state)
        request: Any = self.request
        with invalid_rows_as_problems({"email"}):
            directory.record(row=agency, request=request)
        return Response(self.get_serializer(agency).data, status=HTTPStatus.CREATED)


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
    path("reference/agency-changes", AgencyChangeCreate.as_view(), name="agency-changes"),
    path("reference/towns", TownList.as_view(), name="towns"),
    path("reference/judicial-districts", JudicialDistrictList.as_view(), name="judicial-districts"),
    path("reference/problems", ProblemList.as_view(), name="problems"),
]
