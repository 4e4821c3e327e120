"""Serializers and fields that several subjects share. The matrix decides who sees which field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Manager
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.models import Agency, State, Town, place_named
from accounts.text import clean
from orders.matching.dockets import clean_docket
from orders.models import FiledBy, FirearmsAnswer, Order, OrderKind, ProofFound
from orders.models.fields import as_given
from orders.services.registry.places import Places


class AsGivenField(InstantField):
    """An instant with the offset that was given. It is stored beside it: `served_at`, `served_offset`."""

    @override
    def get_attribute(self, instance: Any) -> datetime | None:
        """Return the instant, or None."""
        name = str(self.source)
        value, offset = getattr(instance, name), getattr(instance, f"{name.removesuffix('_at')}_offset")
        return None if value is None else as_given(value, offset)


class IdsField(serializers.ListField):
    """Rows by their public ids."""

    child = serializers.UUIDField()

    @override
    def to_representation(self, data: Any) -> list[str]:
        """Return the ids of rows or of a related manager."""
        rows = data.all() if isinstance(data, Manager) else data
        return [str(row.public_id) for row in rows]


class DocketField(serializers.CharField):
    """A docket number to look up, in any spelling of its dashes, blanks and capitals."""

    @override
    def to_internal_value(self, data: Any) -> str:
        """Return the number as it is stored."""
        return clean_docket(super().to_internal_value(data))


class TownField(NamedField):
    """A town of any state by its name. A name without its state is that of a town of the order's state.

    Its usual forms lead to it, as in an import: “W. Hartford”, “Mystic, CT”.
    """

    default_error_messages = {
        "does_not_exist": "“{value}” is not the name of a town. `GET /api/v1/reference/towns` lists them.",
        "invalid": "Not a text. Give the name of the town.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Town.objects.select_related("police"), **kwargs)

    @override
    def to_internal_value(self, data: Any) -> Town:
        """Return the town, also by a usual form of its name. Raises `ValidationError`."""
        if not isinstance(data, str):
            self.fail("invalid")
        state = self._state()
        named = Town.objects.select_related("police").filter(name=place_named(data, state)).first()
        if named is not None:
            return named
        places = Places(state=state)
        if (found := places.town(clean(data))) is not None:
            return found
        raise serializers.ValidationError(places.unknown_town(clean(data)), code="does_not_exist")

    def _state(self) -> str:
        """The state of the order, or of the court that enters one."""
        order = self.context.get("target")
        if isinstance(order, Order):
            return order.jurisdiction
        named = getattr(self.parent, "initial_data", {}).get("court")
        court = Agency.objects.filter(name=clean(named)).first() if isinstance(named, str) else None
        return court.jurisdiction if court else State.CONNECTICUT


class ReasonInput(InputSerializer):
    """The reason of an act that undoes or corrects something."""

    reason = serializers.CharField(max_length=500)


class ConfirmInput(InputSerializer):
    """An act that may be doubtful: a date beyond a rule, or proof from before the order."""

    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason to continue with a doubtful fact, after a refusal that asks for it.",
    )


class DayOrInstantInput(InputSerializer):
    """Something that happened at an instant or, if that is unknown, on a day."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both: they could contradict each other."""
        instants = [name for name in attrs if name.endswith("_at") and attrs[name]]
        if any(attrs.get(f"{name.removesuffix('_at')}_on") for name in instants):
            error = FieldError("body", "ambiguous", "Give the day or the instant, not both.")
            raise Problem("refused", errors=[error])
        return attrs


class RespondentOutput(OutputSerializer):
    """The person restrained."""

    resource = "respondent"
    id = serializers.UUIDField(source="public_id")
    person = serializers.UUIDField(
        source="person.public_id", help_text="The person; the same one in other cases of this court."
    )
    name = serializers.CharField()
    date_of_birth = serializers.DateField(allow_null=True)
    town = serializers.CharField(source="town.name", help_text="Where the respondent lives.")
    address = serializers.CharField(help_text="Street and number; empty if unknown.")


class ProtectedPersonOutput(OutputSerializer):
    """A person protected by an order. No address is stored."""

    resource = "protected_person"
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    address_confidential = serializers.BooleanField()
    is_applicant = serializers.BooleanField()


class CaseOutput(OutputSerializer):
    """A docket of a court against one respondent."""

    resource = "case"
    id = serializers.UUIDField(source="public_id")
    docket_number = serializers.CharField()
    court = serializers.CharField(source="court.name")
    respondent = RespondentOutput()


class OrderAgencyOutput(OutputSerializer):
    """An agency that the order involves, and in what capacity."""

    resource = "order_agency"
    agency = serializers.CharField(source="agency.name")
    capacity = serializers.CharField()


class OrderChildOutput(OutputSerializer):
    """A row that belongs to one order. Its id is random, so rows cannot be counted by it."""

    id = serializers.UUIDField(source="public_id")
    order = serializers.UUIDField(source="order.public_id")


class OrderOutput(OutputSerializer):
    """A protective order."""

    resource = "order"
    id = serializers.UUIDField(source="public_id")
    case = CaseOutput()
    jurisdiction = serializers.CharField()
    area = serializers.CharField(help_text="The county, if its time zone differs from its state's.")
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
    expires_on = serializers.DateField(allow_null=True, help_text="The last day, in force until it ends.")
    served_at = AsGivenField(allow_null=True)
    service_method = serializers.CharField()
    service_officer = serializers.CharField()
    served_in_custody = serializers.BooleanField()
    vacated_at = AsGivenField(allow_null=True)
    withdrawn_at = InstantField(
        allow_null=True, help_text="When it was withdrawn because it was entered in error."
    )
    firearms_indicated = serializers.BooleanField()
    firearms_alleged_count = serializers.IntegerField(
        allow_null=True, help_text="How many firearms the application alleges; null if it gives no number."
    )
    firearms_answer = serializers.ChoiceField(
        choices=FirearmsAnswer.choices,
        allow_blank=True,
        help_text="What the respondent answered at service when asked about firearms. Empty: not stated.",
    )
    permit_indicated = serializers.BooleanField()
    financial_support = serializers.BooleanField()
    protected_persons = ProtectedPersonOutput(many=True)
    agencies = OrderAgencyOutput(many=True, source="order_agencies")
    entered_at = InstantField()
