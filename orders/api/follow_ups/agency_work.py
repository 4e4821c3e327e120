"""What a supervisor decides for a police agency: how many follow-ups are open at most, and who has them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction, UnpagedList
from accounts.mail_addresses import LONGEST
from accounts.models import POLICE, Agency, User
from orders.api.base import refusals_as_problems
from orders.models import OpenCeiling
from orders.services.follow_ups import figures, reassigning
from orders.services.follow_ups.actions import check_for


class OwnAgencyInput(InputSerializer):
    """About a police agency of the caller."""

    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE), help_text="The caller's own police.")


class OpenCeilingOutput(OutputSerializer):
    """The most follow-ups of surrenders that an agency wants open at once."""

    resource = "open_ceiling"
    agency = serializers.CharField(source="agency.name")
    most_open = serializers.IntegerField()
    set_at = InstantField()
    set_by = serializers.CharField(source="set_by.name")


class OpenCeilingInput(OwnAgencyInput):
    """How many follow-ups of surrenders the agency wants open at most."""

    most_open = serializers.IntegerField(min_value=0, max_value=figures.HIGHEST)


class ReassignmentOutput(OutputSerializer):
    """How many follow-ups went to another person."""

    resource = "reassignment"
    agency = serializers.CharField()
    given = serializers.IntegerField(help_text="At most 50 at once; send it again for the rest.")


class ReassignmentInput(OwnAgencyInput):
    """The open follow-ups of one person go to another, each as an act on its own case."""

    from_person = serializers.EmailField(
        max_length=LONGEST,
        allow_null=True,
        help_text="The address with which the person signs in; null: those that no one has.",
    )
    to_person = serializers.EmailField(max_length=LONGEST, help_text="A colleague who can take follow-ups.")


class AgencyAct(ResourceAction):
    """An act on the caller's own agency. There is no row to act on yet."""

    @override
    def get_target(self) -> None:
        """There is no row."""

    def get_version(self, target: None) -> str:
        """Return no ETag: it has no version."""
        return ""


class OpenCeilingList(UnpagedList, AgencyAct):
    """The ceilings of the caller's police that count now. POST sets one."""

    resource = "open_ceiling"
    actions = {"GET": "view", "POST": "add"}
    input = OpenCeilingInput
    output = OpenCeilingOutput

    @override
    def get_queryset(self) -> Any:
        mine = self.user.agencies_for("view", "open_ceiling")
        rows = OpenCeiling.objects.filter(agency__in=mine).select_related("agency", "set_by")
        return rows.order_by("agency_id", "-set_at", "-pk").distinct("agency_id")

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        """Set it."""
        with refusals_as_problems():
            row = figures.set_ceiling(**data, by=self.user, now=self.now)
        return Response(self.get_serializer(row).data, status=HTTPStatus.CREATED)


class ReassignmentCreate(AgencyAct):
    """POST: give the open follow-ups of one person of the agency to another."""

    resource = "reassignment"
    actions = {"POST": "add"}
    input = ReassignmentInput
    output = ReassignmentOutput

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        """Give them."""
        agency: Agency = data["agency"]
        with refusals_as_problems():
            # Before any person is looked up: who works elsewhere is not for the caller to find out.
            check_for(agency.pk, self.user, "reassign_all", "follow_up")
            given = reassigning.reassign(
                agency,
                from_person=self._person(agency, "from_person", data["from_person"]),
                to_person=self._colleague(agency, data["to_person"]),
                by=self.user,
                now=self.now,
            )
        shown = self.get_serializer({"agency": agency.name, "given": given}).data
        return Response(shown, status=HTTPStatus.CREATED)

    def _person(self, agency: Agency, name: str, address: str | None) -> User | None:
        if address is None:
            return None
        people = User.objects.filter(memberships__agency=agency).distinct()
        return self._found(name, people.filter(email__iexact=address).first())

    def _colleague(self, agency: Agency, address: str) -> User:
        found = reassigning.colleagues_of(agency).filter(email__iexact=address).first()
        return self._found("to_person", found)

    def _found(self, name: str, found: User | None) -> User:
        if found is None:
            message = "No one of the agency signs in with this address. Use a colleague's."
            raise Problem("invalid", errors=[FieldError(name, "does_not_exist", message)])
        return found


urlpatterns = [
    path("open-ceilings", OpenCeilingList.as_view(), name="open-ceilings"),
    path("follow-up-reassignments", ReassignmentCreate.as_view(), name="follow-up-reassignments"),
]
