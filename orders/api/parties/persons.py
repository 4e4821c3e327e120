"""People who may be the same: searched before an order is entered, joined and kept apart afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import DayField, NamedField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceSearch
from accounts.models import Agency, AgencyKind, User
from accounts.text import clean
from orders.api.base import OrderAction
from orders.api.serializers import OrderOutput, ReasonInput
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket
from orders.models import Order, Respondent
from orders.services.parties import persons
from orders.services.parties.candidates import candidates, clerk_orders, person_named


class CandidateInput(InputSerializer):
    """The respondent as the papers name them."""

    name = serializers.CharField(max_length=200)
    date_of_birth = DayField(required=False, allow_null=True)
    court = NamedField(
        queryset=Agency.objects.filter(kind=AgencyKind.COURT), required=False, help_text="One of your courts."
    )
    docket_number = serializers.CharField(
        max_length=40, required=False, help_text="The respondents of this docket are among the results."
    )


class CandidateOutput(OutputSerializer):
    """A person who may be the same one, the most likely first."""

    resource = "person"
    id = serializers.UUIDField(source="person.public_id")
    name = serializers.CharField(source="respondent.name")
    date_of_birth = serializers.DateField(source="respondent.date_of_birth", allow_null=True)
    town = serializers.CharField(source="respondent.town.name")
    dockets = serializers.ListField(child=serializers.CharField(), help_text="The dockets of your courts.")
    same_name = serializers.BooleanField(source="is_same_name")
    same_date_of_birth = serializers.BooleanField(source="is_same_birthday")


class CandidatePageOutput(serializers.Serializer[Any]):
    """The candidates."""

    results = CandidateOutput(many=True)


class CandidateSearch(ResourceSearch):
    """Who of the orders that you see as a clerk may be this respondent. This joins no one."""

    resource = "person"
    input = CandidateInput
    output = CandidateOutput
    created_output = CandidatePageOutput

    @override
    def search(self, data: dict[str, Any]) -> Sequence[Any]:
        return candidates(
            clerk_orders(self.user, data.get("court")),
            name=clean(data["name"]),
            born=data.get("date_of_birth"),
            docket_number=clean_docket(data.get("docket_number", "")),
        )

    @override
    def get_cases(self, rows: Sequence[Any]) -> set[UUID]:
        return {case.public_id for row in rows for case in row.respondent.cases.all()}


class PersonInput(ReasonInput):
    """The other person, and why the two are the same or not."""

    person = serializers.UUIDField(help_text="The id of the person, as the search for candidates gives it.")


def _other(order: Order, person: UUID, by: User) -> Respondent:
    """Return the respondent of that person at the order's court. Raises `InvalidFact`."""
    found = person_named(by, person, order.case.court)
    if found is None:
        raise InvalidFact(
            "person", "unknown_person", "No person with this id has an order of this court. Search again."
        )
    return (
        found.respondents.exclude(pk=order.case.respondent_id).order_by("id").first() or order.case.respondent
    )


def join(order: Order, *, person: UUID, reason: str, by: User, now: datetime) -> Order:
    """Record that the respondent is that person. Raises `InvalidFact`."""
    return persons.join_persons(order, other=_other(order, person, by), reason=reason, by=by, now=now)


def keep_apart(order: Order, *, person: UUID, reason: str, by: User, now: datetime) -> Order:
    """Record that the respondent is not that person. Raises `InvalidFact`."""
    return persons.keep_apart(order, other=_other(order, person, by), reason=reason, by=by, now=now)


class PersonJoinCreate(OrderAction):
    """POST: the respondent of the order is the same person."""

    resource = "person"
    actions = {"POST": "join"}
    input = PersonInput
    output = OrderOutput
    service = staticmethod(join)
    detail_route = "order"
    undo = "order-person-separations"


class PersonSeparationCreate(OrderAction):
    """POST: the respondent of the order is another person. It also undoes an earlier join."""

    resource = "person"
    actions = {"POST": "keep_apart"}
    input = PersonInput
    output = OrderOutput
    service = staticmethod(keep_apart)
    detail_route = "order"
    undo = "order-person-joins"


urlpatterns = [
    path("persons/candidates", CandidateSearch.as_view(), name="person-candidates"),
    path("orders/<uuid:id>/person-joins", PersonJoinCreate.as_view(), name="order-person-joins"),
    path(
        "orders/<uuid:id>/person-separations",
        PersonSeparationCreate.as_view(),
        name="order-person-separations",
    ),
]
