"""The form that enters an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop
from typing_extensions import override

from accounts.models import Agency, State, User
from accounts.text import clean
from orders.forms.base import CHOOSE, FactsForm, Fieldsets
from orders.forms.fields import BirthdayField, ClockField, DayField, InstantField, TownField, town_field
from orders.forms.firearm_words import offer_words
from orders.matching.dockets import clean_docket, docket_key
from orders.models import FiledBy, OrderKind, ProofFound
from orders.models.orders import MOST_FIREARMS
from orders.services.orders.entry import NewOrder
from orders.services.orders.entry_sheet import Listed, check_listed
from orders.services.orders.legal_checks import filers_of, kinds_of, standards_of
from orders.services.parties.candidates import ANOTHER, candidates, chosen_person, clerk_orders
from orders.services.planning.rulebooks import bundled, zone_at
from orders.services.validation import refusals_of

#: For what neither the court nor the papers state.
NOT_STATED = ("", "Not stated")


def filer_field() -> forms.ChoiceField:
    """Who applied for the order."""
    return forms.ChoiceField(
        choices=[NOT_STATED, *FiledBy.choices],
        required=False,
        label="Filed by",
        help_text="Who applied for the order. Rejected if the law does not allow it.",
    )


def proof_field() -> forms.ChoiceField:
    """The standard of proof that the court found met."""
    return forms.ChoiceField(
        choices=[NOT_STATED, *ProofFound.choices],
        required=False,
        label="Standard found met",
        help_text="What the court found, if the order states it. Rejected if the law requires more.",
    )


def kind_choices(jurisdiction: str) -> list[tuple[str, str]]:
    """The kinds of order that a court of the state issues, with their names."""
    return [(kind.value, str(OrderKind(kind.value).label)) for kind in kinds_of(jurisdiction)]


def filer_choices(jurisdiction: str, stored: str = "") -> list[tuple[str, str]]:
    """Who may ask courts of the state for an order, with what is stored already."""
    offered = {*filers_of(jurisdiction), stored}
    return [NOT_STATED, *(one for one in FiledBy.choices if one[0] in offered)]


def proof_choices(jurisdiction: str, stored: str = "") -> list[tuple[str, str]]:
    """The standards of proof at courts of the state, with what is stored already."""
    offered = {*standards_of(jurisdiction), stored}
    return [NOT_STATED, *(one for one in ProofFound.choices if one[0] in offered)]


def area_field(jurisdiction: str) -> forms.ChoiceField | None:
    """The counties of a state with another time zone; None if the whole state has one."""
    areas = sorted(bundled().jurisdictions[jurisdiction].areas, key=str.casefold)
    if not areas:
        return None
    return forms.ChoiceField(
        choices=[("", "None of these"), *((one, one) for one in areas)],
        required=False,
        label="County",
        help_text=(
            "Where the court sits, if that county has another time zone than the state. Stored times stay as "
            "they are: correct those too that were read from that county's clock."
        ),
    )


def firearms_indicated_field() -> forms.BooleanField:
    """Whether the application names firearms."""
    return forms.BooleanField(
        required=False, label="The application says that the respondent has firearms or ammunition"
    )


def alleged_count_field() -> forms.IntegerField:
    """How many firearms the application names."""
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_FIREARMS,
        label="Firearms alleged",
        help_text="How many firearms the application alleges. Leave it empty if it gives no number.",
    )


def permit_indicated_field() -> forms.BooleanField:
    """Whether the respondent holds a permit."""
    return forms.BooleanField(
        required=False, label="The respondent holds a permit or an eligibility certificate"
    )


def financial_support_field() -> forms.BooleanField:
    """Whether the applicant asks for financial support."""
    return forms.BooleanField(required=False, label="The applicant asks for financial support")


#: The lines for firearms. More are listed on the order's page.
GUNS = (1, 2, 3, 4)

#: The columns of a firearm: label, length, and the list of words that is offered.
_GUN_COLUMNS = {
    "make": ("Make", 23, "makes"),
    "model": ("Model", 20, ""),
    "caliber": ("Caliber", 10, "calibers"),
    "firearm_type": ("Type", 10, "types"),
    "serial": ("Serial number", 40, ""),
}


def gun_fields(number: int) -> list[str]:
    """Return the names of the fields of one line."""
    return [f"gun_{number}_{name}" for name in _GUN_COLUMNS]


#: Fields that are stored beside the order.
_NOT_OF_ORDER = frozenset(
    {
        "confirm",
        "hearing_time",
        "permit_kind",
        "permit_number",
        *(name for number in GUNS for name in gun_fields(number)),
    }
)


class EnterOrderForm(FactsForm):
    """One order: its docket, its parties, and what the application says about firearms."""

    takes_confirm = True

    subjects: ClassVar[Fieldsets] = [
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
                    "issued_at",
                    "expires_on",
                    ("hearing_on", "hearing_time", "judge"),
                ]
            },
        ),
        (
            "Respondent",
            {
                "fields": [
                    "respondent_name",
                    "respondent_dob",
                    "person",
                    "respondent_town",
                    "respondent_address",
                ]
            },
        ),
        ("Protected person", {"fields": ["protected_person", "address_confidential"]}),
        (
            "Firearms",
            {
                "fields": [
                    "firearms_indicated",
                    "firearms_alleged_count",
                    "permit_indicated",
                    ("permit_kind", "permit_number"),
                    *((*gun_fields(number),) for number in GUNS),
                    "financial_support",
                ]
            },
        ),
    ]

    court = forms.ModelChoiceField(Agency.objects.none())
    docket_number = forms.CharField(max_length=40, label="Docket number")
    kind = forms.ChoiceField()
    filed_by = filer_field()
    proof_found = proof_field()
    por_number = forms.CharField(
        max_length=40,
        required=False,
        label="Registry number",
        help_text="Its number in the Protection Order Registry.",
    )
    issued_at = InstantField(
        label="Issued",
        needs_time=False,
        missing=gettext_noop("Enter the day of issue, with the time if it is known."),
    )
    expires_on = DayField(
        required=False, label="Last day", help_text="As printed on the order; the whole day counts."
    )
    hearing_on = DayField(
        required=False, label="Hearing", help_text="The day set for the hearing on the application."
    )
    hearing_time = ClockField(required=False, label="Time", help_text="Court time, such as 9:30 a.m.")
    judge = forms.CharField(max_length=120, required=False, label="Judge")
    permit_kind = forms.CharField(
        max_length=60, required=False, label="Permit", help_text="For example: pistol permit."
    )
    permit_number = forms.CharField(max_length=40, required=False, label="Number")
    respondent_name = forms.CharField(max_length=200, label="Name")
    respondent_dob = BirthdayField(required=False, label="Date of birth")
    respondent_town = town_field(
        label="Town", help_text="Where the respondent lives. Its police are alerted."
    )
    respondent_address = forms.CharField(
        max_length=200,
        required=False,
        label="Address",
        help_text="Street and number, for police who look for firearms.",
    )
    protected_person = forms.CharField(
        max_length=200, required=False, label="Name", help_text="The address is not stored."
    )
    address_confidential = forms.BooleanField(
        required=False, label="The court keeps the address from the respondent"
    )
    firearms_indicated = firearms_indicated_field()
    firearms_alleged_count = alleged_count_field()
    permit_indicated = permit_indicated_field()
    financial_support = financial_support_field()

    def __init__(self, *args: Any, courts: QuerySet[Agency], clerk: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._add_guns()
        self.offer_rows("court", courts, chooses_only=True)
        self._clerk = clerk
        # People of the court are offered while the name is typed. With `autocomplete="off"` the browser would
        # lose the name when Back restores the page.
        self.fields["respondent_name"].widget.attrs |= {
            "data-hx-post": reverse("admin:orders_order_known"),
            "data-hx-trigger": "input changed delay:400ms",
            "data-hx-target": "#known",
            "data-hx-params": "respondent_name,court,csrfmiddlewaretoken",
        }
        self._offer_law_of(list(courts))
        self.ask_again()

    def _add_guns(self) -> None:
        """Add a line for each firearm that the application names."""
        for number in GUNS:
            for name, (label, length, words) in _GUN_COLUMNS.items():
                shown = f"Firearm {number}: {label.lower()}" if name == "make" else label
                field = forms.CharField(max_length=length, required=False, label=shown)
                field.widget.attrs |= {"aria-label": f"Firearm {number}: {label.lower()}"}
                if words:
                    offer_words(field, words)
                self.fields[f"gun_{number}_{name}"] = field

    def _offer_law_of(self, courts: Sequence[Agency]) -> None:
        """Offer what courts of the state may order, and read times by its clock.

        Until a court is chosen, the choices of several states stand beside each other, and all are offered
        where they may overlap.
        """
        chosen = str(self.data.get(self.add_prefix("court"), ""))
        courts = [one for one in courts if str(one.pk) == chosen] or courts
        states = sorted({one.jurisdiction for one in courts}) or [State.CONNECTICUT.value]
        named = [(State(state).label, kind_choices(state)) for state in states]
        self.offer_choices("kind", [CHOOSE, *(named[0][1] if len(named) == 1 else named)])
        if len(states) == 1:
            self.offer_choices("filed_by", filer_choices(states[0]))
            self.offer_choices("proof_found", proof_choices(states[0]))
            cast("TownField", self.fields["respondent_town"]).prefer(states[0])
        if len(courts) == 1:
            issued = cast("InstantField", self.fields["issued_at"])
            issued.zone = zone_at(courts[0].jurisdiction, courts[0].area)

    def begin(self) -> None:
        """Have typing go to the first field when the page opens; where there is one court, past it."""
        first = "docket_number" if self.fields["court"].initial else "court"
        self.fields[first].widget.attrs["autofocus"] = True

    @override
    def fieldsets(self) -> Fieldsets:
        """Return the fields by subject. The question who the respondent is appears once there is a choice."""
        return [
            (
                title,
                {"fields": [name for name in options["fields"] if name != "person" or name in self.fields]},
            )
            for title, options in super().fieldsets()
        ]

    @override
    def clean(self) -> dict[str, Any]:
        """Ask whether the respondent is one of the people who may be the same, and check the choice."""
        cleaned = dict(super().clean() or {})
        if "court" in cleaned and (name := clean(cleaned.get("respondent_name", ""))):
            self._ask_who(cleaned["court"], name, cleaned)
        return cleaned

    def _ask_who(self, court: Agency, name: str, typed: dict[str, Any]) -> None:
        docket = clean_docket(typed.get("docket_number", ""))
        found = candidates(
            clerk_orders(self._clerk, court),
            name=name,
            born=typed.get("respondent_dob"),
            docket_number=docket,
        )
        same_docket = [one for one in found if docket_key(docket) in map(docket_key, one.dockets)]
        certain = {one.person.pk for one in found if one.is_certain}
        if not found or (len(certain) == 1 and not same_docket):
            # An equal name and date of birth need no question, unless several people have them.
            return
        if any(one.is_certain for one in same_docket):
            return
        choices = [*((str(one.person.public_id), one.words) for one in found), (ANOTHER, "Another person")]
        self.fields["person"] = forms.ChoiceField(
            choices=choices,
            required=False,
            widget=forms.RadioSelect,
            label="Is this the same person?",
            help_text="Orders against one person share one list of firearms. You can change this later.",
        )
        chosen = self.data.get(self.add_prefix("person"), "")
        if chosen in dict(choices):
            typed["person"] = chosen
        else:
            self.add_error("person", "Choose one of these people, or “Another person”.")

    def new_order(self) -> NewOrder:
        """Return the order as typed. The form must be valid."""
        facts = {name: one for name, one in self.facts().items() if name not in _NOT_OF_ORDER}
        choice = facts.pop("person", "")
        return NewOrder(**facts, **chosen_person(self._clerk, choice, facts["court"]))

    def refuse_more(self, *, now: datetime) -> None:
        """Beside the errors of the form, show what the service would refuse of the other fields."""
        typed = self.facts()
        found = refusals_of(lambda: check_listed(typed.get("hearing_on"), self._listed_of(typed)))
        if {"court", "kind"} <= typed.keys() and {"issued_at", "issued_on"} & typed.keys():
            found += refusals_of(lambda: self._order_of(typed).check(now=now))
        self.refuse_all(found)

    @staticmethod
    def _order_of(typed: dict[str, Any]) -> NewOrder:
        """Return the order as far as it is valid. What has an error gets no second one: any text will do."""
        facts = {name: one for name, one in typed.items() if name not in _NOT_OF_ORDER | {"person"}}
        given = {"docket_number": "", "respondent_name": "", "respondent_town": None} | facts
        return NewOrder(**given).cleaned()

    @staticmethod
    def _listed_of(typed: dict[str, Any]) -> Listed:
        return Listed(
            permit_kind=typed.get("permit_kind", ""),
            permit_number=typed.get("permit_number", ""),
            hearing_time=typed.get("hearing_time"),
            judge=typed.get("judge", ""),
        )

    def firearms(self) -> list[dict[str, str]]:
        """Return the firearms that were typed, each by the columns of the list."""
        typed = [
            {name: str(self.cleaned_data[f"gun_{number}_{name}"]) for name in _GUN_COLUMNS} for number in GUNS
        ]
        return [one for one in typed if any(one.values())]

    def listed(self) -> Listed:
        """Return what is listed with the order: firearms, a permit, and the time of the hearing."""
        return Listed(
            firearms=tuple(self.firearms()),
            permit_kind=self.cleaned_data["permit_kind"],
            permit_number=self.cleaned_data["permit_number"],
            hearing_time=self.cleaned_data["hearing_time"],
            judge=self.cleaned_data["judge"],
        )

    @property
    def confirm(self) -> str:
        """The reason to continue although something is unusual; empty if it was not asked for."""
        return str(self.cleaned_data.get("confirm", ""))
