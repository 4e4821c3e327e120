"""What is shown of a case and its orders. Who sees which field is the matrix's to say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Manager
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, InstantField, Shown
from accounts.api.problems import Fault, Problem
from orders.models import FiledBy, OrderKind, ProofFound
from orders.models.fields import as_given


class AsGivenField(InstantField):
    """An instant with the offset it was given, which is kept beside it: `served_at`, `served_offset`."""

    @override
    def get_attribute(self, instance: Any) -> datetime | None:
        """The instant; None where there is none."""
        name = str(self.source)
        at, offset = getattr(instance, name), getattr(instance, f"{name.removesuffix('_at')}_offset")
        return None if at is None else as_given(at, offset)


class IdsField(serializers.ListField):
    """Rows by their public ids alone."""

    child = serializers.UUIDField()

    @override
    def to_representation(self, data: Any) -> list[str]:
        """The ids, of rows or of what holds them."""
        rows = data.all() if isinstance(data, Manager) else data
        return [str(row.public_id) for row in rows]


class ReasonIn(Given):
    """What is not a plain record of what happened says why."""

    reason = serializers.CharField(max_length=500)


class EitherIn(Given):
    """Something that is told by its instant or, where that is not known, by its day."""

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Refuses both, which need not agree."""
        if given.get("on") and given.get("at"):
            fault = Fault("body", "ambiguous", "Give the day or the instant, not both.")
            raise Problem("refused", faults=[fault])
        return given


class RespondentOut(Shown):
    """The person restrained."""

    thing = "respondent"
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    date_of_birth = serializers.DateField(allow_null=True)
    town = serializers.CharField(source="town.name", help_text="Where the respondent lives.")
    address = serializers.CharField(help_text="Street and number; empty where it is not known.")


class ProtectedPersonOut(Shown):
    """A person whom an order protects. No address is kept."""

    thing = "protected_person"
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    address_confidential = serializers.BooleanField()
    is_applicant = serializers.BooleanField()


class CaseOut(Shown):
    """One docket in one court against one respondent."""

    thing = "case"
    id = serializers.UUIDField(source="public_id")
    docket_number = serializers.CharField()
    court = serializers.CharField(source="court.name")
    respondent = RespondentOut()


class ConcernOut(Shown):
    """An agency whose business the order is, and in what capacity."""

    thing = "concern"
    agency = serializers.CharField(source="agency.name")
    capacity = serializers.CharField()


class OfOrderOut(Shown):
    """A row of one order, by an id that cannot be counted."""

    id = serializers.UUIDField(source="public_id")
    order = serializers.UUIDField(source="order.public_id")


class OrderOut(Shown):
    """One protective order."""

    thing = "order"
    id = serializers.UUIDField(source="public_id")
    case = CaseOut()
    jurisdiction = serializers.CharField()
    area = serializers.CharField(help_text="The county, where it keeps another time than its state.")
    kind = serializers.ChoiceField(choices=OrderKind.choices)
    filed_by = serializers.ChoiceField(
        choices=FiledBy.choices, allow_blank=True, help_text="Empty: not stated."
    )
    proof_found = serializers.ChoiceField(
        choices=ProofFound.choices, allow_blank=True, help_text="Empty: not stated."
    )
    por_number = serializers.CharField(help_text="Its number in the Protection Order Registry.")
    issued_on = serializers.DateField()
    issued_at = AsGivenField(allow_null=True)
    expires_on = serializers.DateField(allow_null=True, help_text="The last day; the whole day counts.")
    served_at = AsGivenField(allow_null=True)
    service_method = serializers.CharField()
    service_officer = serializers.CharField()
    served_in_custody = serializers.BooleanField()
    vacated_at = AsGivenField(allow_null=True)
    firearms_indicated = serializers.BooleanField()
    permit_indicated = serializers.BooleanField()
    financial_support = serializers.BooleanField()
    protected_persons = ProtectedPersonOut(many=True)
    agencies = ConcernOut(many=True, source="concerns")
    entered_at = InstantField()
