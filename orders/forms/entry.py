"""The form by which an order comes into the system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from accounts.models import Agency
from orders.errors import InvalidFact
from orders.forms.fields import BirthdayField, DayField, InstantField, town_field
from orders.models import FiledBy, OrderKind, ProofFound
from orders.services.calendar import bundled
from orders.services.entry import NewOrder

Fieldsets = list[tuple[str | None, dict[str, Any]]]


#: Where the court said nothing, or the papers do not.
NOT_STATED = ("", "Not stated")


def filer_field() -> forms.ChoiceField:
    """Who asked for the order."""
    return forms.ChoiceField(
        choices=[NOT_STATED, *FiledBy.choices],
        required=False,
        label="Filed by",
        help_text="Who asked the court for the order. Refused where the law does not let them.",
    )


def proof_field() -> forms.ChoiceField:
    """How far the court was convinced."""
    return forms.ChoiceField(
        choices=[NOT_STATED, *ProofFound.choices],
        required=False,
        label="Standard found met",
        help_text="What the court found, if the order says so. Refused where the law asks for more.",
    )


def area_field(jurisdiction: str) -> forms.ChoiceField | None:
    """The parts of a state that keep another time zone; none where the whole state keeps one."""
    areas = sorted(bundled().jurisdictions[jurisdiction].areas, key=str.casefold)
    if not areas:
        return None
    return forms.ChoiceField(
        choices=[("", "None of these"), *((one, one) for one in areas)],
        required=False,
        label="County",
        help_text=(
            "Where the court sits, if that county keeps another time zone than the state. Instants stay as "
            "they are; correct times too that were read on that county's clock."
        ),
    )


class FactsForm(forms.Form):
    """A form whose facts a service takes or refuses; a refusal stands beside the field it is about."""

    #: Under which field here a service's name for a fact stands, where the two differ.
    stands_in: ClassVar[Mapping[str, str]] = {}

    #: The fields by subject; all in one where it is empty.
    subjects: ClassVar[Fieldsets] = []

    def refuse(self, refusal: InvalidFact) -> None:
        """Shows what the service said."""
        name = refusal.field if refusal.field in self.fields else self.stands_in.get(refusal.field)
        self.add_error(name if name in self.fields else None, refusal.message)

    def fieldsets(self) -> Fieldsets:
        """Every field once, in the order in which they are asked for."""
        return self.subjects or [(None, {"fields": [field.name for field in self.visible_fields()]})]


class EnterOrderForm(FactsForm):
    """One order: its docket, whom it restrains and protects, and what the application says of firearms."""

    stands_in = {"issued_at": "issued", "issued_on": "issued"}
    subjects = [
        (
            "Order",
            {
                "fields": [
                    "court",
                    "docket_number",
                    "kind",
                    "filed_by",
                    "proof_found",
                    "por_number",
                    "issued",
                    "expires_on",
                    "hearing_on",
                ]
            },
        ),
        (
            "Respondent",
            {"fields": ["respondent_name", "respondent_dob", "respondent_town", "respondent_address"]},
        ),
        ("Protected person", {"fields": ["protected_person", "address_confidential"]}),
        ("Firearms", {"fields": ["firearms_indicated", "permit_indicated", "financial_support"]}),
    ]

    court = forms.ModelChoiceField(Agency.objects.none())
    docket_number = forms.CharField(max_length=40, label="Docket number")
    kind = forms.ChoiceField(choices=[("", "---------"), *OrderKind.choices])
    filed_by = filer_field()
    proof_found = proof_field()
    por_number = forms.CharField(
        max_length=40,
        required=False,
        label="Registry number",
        help_text="Its number in the Protection Order Registry.",
    )
    issued = InstantField(label="Issued", needs_time=False)
    expires_on = DayField(
        required=False, label="Last day", help_text="As printed on the order; the whole day counts."
    )
    hearing_on = DayField(
        required=False, label="Hearing", help_text="The day set for the hearing on the application."
    )
    respondent_name = forms.CharField(max_length=200, label="Name")
    respondent_dob = BirthdayField(required=False, label="Date of birth")
    respondent_town = town_field(label="Town", help_text="Where the respondent lives. Its police are told.")
    respondent_address = forms.CharField(
        max_length=200,
        required=False,
        label="Address",
        help_text="Street and number. Police who look for firearms read it.",
    )
    protected_person = forms.CharField(
        max_length=200, required=False, label="Name", help_text="No address is kept here."
    )
    address_confidential = forms.BooleanField(
        required=False, label="The court keeps the address from the respondent"
    )
    firearms_indicated = forms.BooleanField(
        required=False, label="The application says that the respondent has firearms or ammunition"
    )
    permit_indicated = forms.BooleanField(
        required=False, label="The respondent holds a permit or an eligibility certificate"
    )
    financial_support = forms.BooleanField(required=False, label="Financial support is asked for")

    def __init__(self, *args: Any, courts: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        court = self.fields["court"]
        assert isinstance(court, forms.ModelChoiceField)  # noqa: S101 - narrows
        court.queryset = courts
        only = list(courts[:2])
        if len(only) == 1:
            court.initial = only[0]

    def new_order(self) -> NewOrder:
        """The order as it was typed. Asked for once the form is valid."""
        facts = dict(self.cleaned_data)
        issued = facts.pop("issued")
        known = "issued_at" if isinstance(issued, datetime) else "issued_on"
        return NewOrder(**facts, **{known: issued})
