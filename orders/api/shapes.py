"""What is shown of a case and its orders. Who sees which field is the matrix's to say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.body import InstantField, Shown
from orders.models import OrderKind


class RespondentOut(Shown):
    """The person restrained."""

    thing = "respondent"
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    date_of_birth = serializers.DateField(allow_null=True)
    town = serializers.CharField(source="town.name", help_text="Where the respondent lives.")


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


class ConcernOut(serializers.Serializer[Any]):
    """An agency whose business the order is, and in what capacity."""

    agency = serializers.CharField(source="agency.name")
    capacity = serializers.CharField()


class OrderOut(Shown):
    """One protective order."""

    thing = "order"
    id = serializers.UUIDField(source="public_id")
    case = CaseOut()
    jurisdiction = serializers.CharField()
    kind = serializers.ChoiceField(choices=OrderKind.choices)
    por_number = serializers.CharField(help_text="Its number in the Protection Order Registry.")
    issued_on = serializers.DateField()
    issued_at = InstantField(source="issued_as_given", allow_null=True)
    expires_on = serializers.DateField(allow_null=True, help_text="The last day; the whole day counts.")
    served_at = InstantField(source="served_as_given", allow_null=True)
    service_method = serializers.CharField()
    service_officer = serializers.CharField()
    served_in_custody = serializers.BooleanField()
    vacated_at = InstantField(source="vacated_as_given", allow_null=True)
    firearms_indicated = serializers.BooleanField()
    permit_indicated = serializers.BooleanField()
    financial_support = serializers.BooleanField()
    protected_persons = ProtectedPersonOut(many=True)
    agencies = ConcernOut(many=True, source="concerns")
    entered_at = InstantField()
