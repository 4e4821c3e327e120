"""The one search. Its text is in the body, so that no log of addresses has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceSearch
from accounts.text import clean
from orders.models import OrderKind
from orders.services.order_state import STATE_CHOICES
from orders.services.search import LONGEST, SHORTEST, Matched, search
from orders.views.search import ResultRow, result_rows


class SearchInput(InputSerializer):
    """What to look for."""

    text = serializers.CharField(
        max_length=LONGEST,
        help_text="A name in any spelling or part of it, a date of birth, or part of a docket, serial, "
        "registry, receipt or permit number, for the court also of a former one.",
    )


class SearchResultOutput(OutputSerializer):
    """An order that fits, the best first."""

    resource = "search_result"
    order = serializers.UUIDField(source="order.public_id")
    docket_number = serializers.CharField(source="order.case.docket_number")
    court = serializers.CharField(source="order.case.court.name")
    kind = serializers.ChoiceField(choices=OrderKind.choices, source="order.kind")
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    last_day = serializers.DateField(allow_null=True)
    overdue = serializers.IntegerField(help_text="How many deadlines are overdue.")
    respondent_name = serializers.CharField(source="order.case.respondent.name")
    respondent_dob = serializers.DateField(source="order.case.respondent.date_of_birth", allow_null=True)
    matched = serializers.ListField(
        child=serializers.ChoiceField(choices=[one.name.lower() for one in Matched]),
        help_text="The fields that fit the text.",
    )

    @override
    def to_representation(self, instance: ResultRow) -> dict[str, Any]:
        """Return the fields that the caller may see, with codes in place of words."""
        body = super().to_representation(instance)
        body["state"] = instance.state.name.lower()
        body["matched"] = [one.name.lower() for one in instance.matched]
        return body


class SearchPageOutput(serializers.Serializer[Any]):
    """The results."""

    results = SearchResultOutput(many=True)


class SearchCreate(ResourceSearch):
    """Search the cases that the caller sees."""

    resource = "search_result"
    input = SearchInput
    output = SearchResultOutput
    created_output = SearchPageOutput

    @override
    def search(self, data: dict[str, Any]) -> Sequence[Any]:
        text, now = clean(data["text"]), self.now
        if sum(map(str.isalnum, text)) < SHORTEST:
            message = "Give at least two letters or three digits."
            raise Problem("refused", message, errors=[FieldError("text", "too_short", message)])
        return result_rows(self.user, search(self.user, text, now=now), now=now)

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        return lambda row: row.found.roles

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        return {row.order.case.public_id for row in rows}


urlpatterns = [path("searches", SearchCreate.as_view(), name="searches")]
