"""One small form for each thing that is done to an order. A field is named as the service names the fact."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from typing_extensions import override

from accounts.models import Agency, AgencyKind
from orders.forms.entry import FactsForm, area_field, filer_field, proof_field
from orders.forms.fields import ClockField, DayField, InstantField, police_field, town_field
from orders.models import (
    Concern,
    Confirmed,
    Firearm,
    FirearmReturn,
    FirearmSource,
    FirearmStatus,
    Hearing,
    HearingOutcome,
    HearingPurpose,
    Order,
    OrderKind,
    OrderTerm,
    Receipt,
    ReceiptKind,
    Release,
    ServiceMethod,
    StatementKind,
)
from orders.rules.facts import Kind
from orders.services.calendar import bundled
from orders.services.change import zone_of
from orders.services.involved import NAMED, involved
from orders.services.releases import not_ended
from orders.services.requirements import requirements_of
from orders.services.returns import asked_before_return
from orders.services.term import RECORDABLE
from orders.services.terms import settable_terms
from orders.wording import happening_words, instant_words, release_words, requirement_words, term_words

_CHOOSE = ("", "---------")
_STALE = "Somebody changed this meanwhile. Open the order again and look before you correct it."


class ActForm(FactsForm):
    """What is done to one order."""

    stands_in = {
        "attempted_at": "at",
        "happened_at": "at",
        "happened_on": "at",
        "received_at": "at",
        "returned_at": "at",
        "served_at": "at",
        "sworn_at": "at",
        "vacated_at": "at",
        "scheduled_on": "on",
        "service_method": "method",
    }

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        self.order = order
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, InstantField):
                field.zone = zone_of(order)
        self.look_at(order)

    def look_at(self, order: Order) -> None:
        """Takes from the order what the fields offer or begin with."""

    def subject(self) -> Model:
        """What the service acts on."""
        return self.order

    def facts(self) -> dict[str, Any]:
        """What the service is told."""
        return dict(self.cleaned_data)


class ReasonForm(ActForm):
    """An act that needs nothing but its reason."""

    reason = forms.CharField(max_length=500, help_text="What was wrong, or what the court said.")


class ServiceForm(ActForm):
    """Service took place."""

    at = InstantField(label="Served")
    method = forms.ChoiceField(choices=[_CHOOSE, *ServiceMethod.choices], label="How")
    officer = forms.CharField(max_length=120, required=False, label="Officer")
    town = town_field(
        required=False, label="Town of service", help_text="Its police are told too, if it is another town."
    )
    in_custody = forms.BooleanField(required=False, label="The respondent was in custody")


class CorrectionForm(ReasonForm):
    """Puts right what stands. Refuses where it no longer stands as the clerk saw it."""

    #: The columns that the clerk sees before the correction.
    of: ClassVar[tuple[str, ...]] = ()

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    @override
    def look_at(self, order: Order) -> None:
        """Remembers how the order stood."""
        self.stands = "|".join(str(getattr(order, name)) for name in self.of)
        self.fields["seen"].initial = self.stands

    def clean_seen(self) -> str:
        """Refuses when somebody else was faster."""
        if self.cleaned_data["seen"] != self.stands:
            raise ValidationError(_STALE)
        return self.stands

    @override
    def facts(self) -> dict[str, Any]:
        """Without what only this form needs."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class CorrectServiceForm(CorrectionForm):
    """Service took place at another time, or in another way."""

    of = ("served_at", "service_method")
    field_order = ["at", "method", "reason"]

    at = InstantField(label="Served")
    method = forms.ChoiceField(choices=ServiceMethod.choices, label="How")

    @override
    def look_at(self, order: Order) -> None:
        """Begins with what is stored."""
        super().look_at(order)
        self.fields["at"].initial = order.served_at and order.served_at.astimezone(zone_of(order))
        self.fields["method"].initial = order.service_method


class FailedAttemptForm(ActForm):
    """An attempt at service that failed."""

    at = InstantField(label="Attempted")
    method = forms.ChoiceField(choices=[_CHOOSE, *ServiceMethod.choices], label="How")
    officer = forms.CharField(max_length=120, required=False, label="Officer")
    reason = forms.CharField(max_length=200, label="Why it failed")


class FirearmForm(ActForm):
    """One item that the respondent is believed to hold."""

    make = forms.CharField(max_length=23, required=False, help_text="NCIC code, or in words.")
    model = forms.CharField(max_length=20, required=False)
    caliber = forms.CharField(max_length=10, required=False)
    firearm_type = forms.CharField(
        max_length=10, required=False, label="Type", help_text="NCIC code, or in words."
    )
    serial = forms.CharField(
        max_length=40, required=False, label="Serial number", help_text="Empty where it is not known."
    )
    source = forms.ChoiceField(
        choices=[_CHOOSE, *FirearmSource.choices],
        label="How it is known",
        help_text="Where the belief that the respondent holds it comes from.",
    )


class PermitForm(ActForm):
    """A permit or certificate that the respondent holds."""

    kind = forms.CharField(max_length=60, label="What", help_text="Such as pistol permit.")
    number = forms.CharField(max_length=40, required=False)


class FirearmsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Firearms of the case's list, with how each one stands."""

    widget = forms.CheckboxSelectMultiple

    @override
    def label_from_instance(self, obj: Firearm) -> str:
        """The item, and where it is."""
        return f"{obj} ({obj.get_status_display().lower()})"


class ReceiptForm(ActForm):
    """Firearms changed hands."""

    firearms = FirearmsField(Firearm.objects.none(), label="Firearms")
    at = InstantField(label="Handed over")
    kind = forms.ChoiceField(choices=[_CHOOSE, *ReceiptKind.choices], label="To")
    agency = police_field(required=False, label="Police agency", help_text="For a receipt of police.")
    dealer_licence = forms.CharField(
        max_length=20,
        required=False,
        label="Dealer's licence",
        help_text="For a dealer's receipt: the federal licence, such as 6-06-014-01-7M-12345.",
    )
    taker_name = forms.CharField(
        max_length=200,
        required=False,
        label="Name of the person",
        help_text="Where it was neither police nor a dealer, and the law of the order allows it.",
    )
    receipt_number = forms.CharField(max_length=40, required=False, label="Receipt number")

    @override
    def look_at(self, order: Order) -> None:
        """Offers the firearms of the case."""
        firearms = self.fields["firearms"]
        assert isinstance(firearms, FirearmsField)  # noqa: S101 - narrows
        firearms.queryset = Firearm.objects.filter(order__case=order.case_id)


class WithdrawReceiptForm(ReasonForm):
    """A receipt that was recorded in error."""

    field_order = ["receipt", "reason"]

    receipt = forms.ModelChoiceField(Receipt.objects.none())

    @override
    def look_at(self, order: Order) -> None:
        """Offers the order's receipts."""
        receipt = self.fields["receipt"]
        assert isinstance(receipt, forms.ModelChoiceField)  # noqa: S101 - narrows
        receipt.queryset = Receipt.objects.filter(order=order)


class ReturnForm(ActForm):
    """Firearms went back from police to the respondent."""

    firearms = FirearmsField(Firearm.objects.none(), label="Firearms")
    at = InstantField(label="Given back")
    agency = police_field(label="Police agency", help_text="Whose custody they came from.")
    officer = forms.CharField(max_length=120, label="Officer", help_text="Who gave them back.")
    confirmed = forms.MultipleChoiceField(
        choices=Confirmed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Confirmed",
        help_text="The law of this order asks for all of these. That it has ended is seen from its record.",
    )

    @override
    def look_at(self, order: Order) -> None:
        """Offers what police hold, and what the law of the order asks before."""
        firearms, confirmed = self.fields["firearms"], self.fields["confirmed"]
        assert isinstance(firearms, FirearmsField)  # noqa: S101 - narrows
        assert isinstance(confirmed, forms.MultipleChoiceField)  # noqa: S101 - narrows
        firearms.queryset = Firearm.objects.filter(
            order__case=order.case_id, status=FirearmStatus.SURRENDERED
        )
        confirmed.choices = [(one.value, one.label) for one in asked_before_return(order)]
        if not confirmed.choices:
            del self.fields["confirmed"]


class ReturnedField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A firearm that went back."""

    @override
    def label_from_instance(self, obj: FirearmReturn) -> str:
        """The firearm, and when it went back."""
        return f"{obj.firearm}, {instant_words(obj.returned_at, zone_of(obj.order))}"


class WithdrawReturnForm(ReasonForm):
    """A return that was recorded in error."""

    field_order = ["returned", "reason"]

    returned = ReturnedField(FirearmReturn.objects.none(), label="Return")

    @override
    def look_at(self, order: Order) -> None:
        """Offers the order's returns."""
        returned = self.fields["returned"]
        assert isinstance(returned, ReturnedField)  # noqa: S101 - narrows
        returned.queryset = FirearmReturn.objects.filter(order=order).select_related("firearm", "order")


class StatementForm(ActForm):
    """A sworn statement."""

    kind = forms.ChoiceField(choices=[_CHOOSE, *StatementKind.choices], label="The respondent swears")
    at = InstantField(label="Sworn")
    receipt_number = forms.CharField(max_length=40, required=False, label="Number of the statement")


class TermField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A term of the order, in words."""

    @override
    def label_from_instance(self, obj: OrderTerm) -> str:
        """What was ordered, and by when."""
        return term_words(obj)


class ScheduleHearingForm(ActForm):
    """A hearing is set."""

    purpose = forms.ChoiceField(choices=[_CHOOSE, *HearingPurpose.choices])
    on = DayField(label="Day")
    at = ClockField(required=False, label="Time")


class HearingForm(ActForm):
    """An act on one hearing that has not ended."""

    hearing = forms.ModelChoiceField(Hearing.objects.none())

    @override
    def look_at(self, order: Order) -> None:
        """Offers the hearings that have no outcome yet; the only one is chosen."""
        hearing = self.fields["hearing"]
        assert isinstance(hearing, forms.ModelChoiceField)  # noqa: S101 - narrows
        hearing.queryset = Hearing.objects.filter(order=order, outcome="")
        only = list(hearing.queryset[:2])
        if len(only) == 1:
            hearing.initial = only[0]

    @override
    def subject(self) -> Model:
        """The hearing."""
        chosen: Hearing = self.cleaned_data["hearing"]
        return chosen

    @override
    def facts(self) -> dict[str, Any]:
        """What is said of it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "hearing"}


class ContinueHearingForm(HearingForm):
    """The hearing is put off to another day."""

    stands_in = {"scheduled_on": "to", "outcome": "hearing"}

    to = DayField(label="New day")
    at = ClockField(required=False, label="Time")


class HoldHearingForm(HearingForm):
    """The hearing was held."""

    held_on = DayField(label="Held on")
    outcome = forms.ChoiceField(
        choices=[_CHOOSE, *(one for one in HearingOutcome.choices if one[0] != HearingOutcome.CONTINUED)]
    )


class ExtendForm(ActForm):
    """The court extended the order."""

    expires_on = DayField(label="New last day")


class HappeningForm(ActForm):
    """Something dated that a rule looks at and that no other form records."""

    kind = forms.ChoiceField(label="What happened")
    at = InstantField(label="When", needs_time=False)

    @override
    def look_at(self, order: Order) -> None:
        """Offers what the rules that bind such an order look at."""
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - narrows
        words = {one: happening_words(one) for one in looked_at(order)}
        kind.choices = [_CHOOSE, *sorted(words.items(), key=lambda pair: pair[1])]

    @override
    def facts(self) -> dict[str, Any]:
        """The instant, or the day where no time is known."""
        return {"kind": self.cleaned_data["kind"], **_instant_or_day(self.cleaned_data["at"])}


class TermForm(ActForm):
    """The judge set a term of the order: something to be done by a day or a time."""

    stands_in = {"due_at": "due", "due_on": "due"}

    term = forms.ChoiceField()
    due = InstantField(label="Due", needs_time=False)

    @override
    def look_at(self, order: Order) -> None:
        """Offers the terms that a judge may set in such an order."""
        term = self.fields["term"]
        assert isinstance(term, forms.ChoiceField)  # noqa: S101 - narrows
        term.choices = [_CHOOSE, *((name, rule.title) for name, rule in settable_terms(order).items())]

    @override
    def facts(self) -> dict[str, Any]:
        """The instant, or the day where the order names no time."""
        return {"term": self.cleaned_data["term"], **_instant_or_day(self.cleaned_data["due"])}


class KeepTermForm(ActForm):
    """What the judge set was done."""

    stands_in = {"kept_at": "kept", "kept_on": "kept"}

    term = TermField(OrderTerm.objects.none())
    kept = InstantField(label="Kept", needs_time=False)

    @override
    def look_at(self, order: Order) -> None:
        """Offers the terms that are not recorded as kept."""
        term = self.fields["term"]
        assert isinstance(term, TermField)  # noqa: S101 - narrows
        term.queryset = OrderTerm.objects.filter(order=order, kept_on=None).select_related("order")

    @override
    def subject(self) -> Model:
        """The term."""
        chosen: OrderTerm = self.cleaned_data["term"]
        return chosen

    @override
    def facts(self) -> dict[str, Any]:
        """The instant, or the day where no time is known."""
        return _instant_or_day(self.cleaned_data["kept"])


class SendingForm(ActForm):
    """A document or notice that the law requires went to whom it must go."""

    stands_in = {"sent_at": "sent", "sent_on": "sent"}

    entry = forms.ChoiceField(label="What was sent")
    sent = InstantField(label="Sent", needs_time=False)

    @override
    def look_at(self, order: Order) -> None:
        """Offers what the law requires to be sent for such an order, what was not sent yet first."""
        entry = self.fields["entry"]
        assert isinstance(entry, forms.ChoiceField)  # noqa: S101 - narrows
        waiting: list[tuple[str, str]] = []
        sent: list[tuple[str, str]] = []
        for one in requirements_of(order):
            choice = (one.entry.id, requirement_words(one.entry))
            (sent if one.sendings else waiting).append(choice)
        groups = [("Not sent yet", waiting), ("Sent before", sent)]
        entry.choices = [_CHOOSE, *(group for group in groups if group[1])]

    @override
    def facts(self) -> dict[str, Any]:
        """The instant, or the day where no time is known."""
        return {"entry": self.cleaned_data["entry"], **_instant_or_day(self.cleaned_data["sent"])}


class VacateForm(ReasonForm):
    """The court ended the order."""

    field_order = ["at", "reason"]

    at = InstantField(label="Ended")


class ReleaseForm(ActForm):
    """A protected person's written release to an advocacy organization."""

    agency = forms.ModelChoiceField(Agency.objects.filter(kind=AgencyKind.ADVOCACY), label="Organization")
    signed_on = DayField(label="Signed on")
    begins_at = InstantField(label="Begins")
    ends_at = InstantField(label="Ends")


class InvolveForm(ActForm):
    """An agency that serves the order, or is given notice of it."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=NAMED), help_text="Marshals, a school, or the firearms licensing unit."
    )


class InvolvedField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An agency that was named, by its name."""

    @override
    def label_from_instance(self, obj: Concern) -> str:
        """The agency."""
        return str(obj.agency)


class DropForm(ActForm):
    """An agency that was named for the order is no longer."""

    agency = InvolvedField(Concern.objects.none())
    reason = forms.CharField(max_length=500)

    @override
    def look_at(self, order: Order) -> None:
        """Offers those that were named."""
        agency = self.fields["agency"]
        assert isinstance(agency, InvolvedField)  # noqa: S101 - narrows
        agency.queryset = involved(order)

    @override
    def facts(self) -> dict[str, Any]:
        """Which, in what capacity, and why."""
        chosen: Concern = self.cleaned_data["agency"]
        return {**self.cleaned_data, "agency": chosen.agency, "capacity": chosen.capacity}


class ReleaseField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A release, by the organization and its end."""

    @override
    def label_from_instance(self, obj: Release) -> str:
        """To whom, and until when."""
        return release_words(obj)


class RevokeReleaseForm(ActForm):
    """A release is taken back."""

    release = ReleaseField(Release.objects.none())

    @override
    def look_at(self, order: Order) -> None:
        """Offers the releases that have not ended."""
        release = self.fields["release"]
        assert isinstance(release, ReleaseField)  # noqa: S101 - narrows
        release.queryset = not_ended(order)

    @override
    def subject(self) -> Model:
        """The release."""
        chosen: Release = self.cleaned_data["release"]
        return chosen

    @override
    def facts(self) -> dict[str, Any]:
        """Nothing more is said of it."""
        return {}


class CorrectOrderForm(CorrectionForm):
    """What was typed of the order itself was wrong. Only what differs is told to the service."""

    stands_in = {"issued_at": "issued", "issued_on": "issued"}
    of = (
        "kind",
        "issued_on",
        "issued_at",
        "expires_on",
        "firearms_indicated",
        "permit_indicated",
        "financial_support",
        "filed_by",
        "proof_found",
        "area",
    )
    field_order = ["kind", "filed_by", "proof_found", "area", "issued", *of[3:], "reason"]

    kind = forms.ChoiceField(choices=OrderKind.choices)
    issued = InstantField(label="Issued", needs_time=False)
    expires_on = DayField(required=False, label="Last day")
    firearms_indicated = forms.BooleanField(
        required=False, label="The application says that the respondent has firearms or ammunition"
    )
    permit_indicated = forms.BooleanField(
        required=False, label="The respondent holds a permit or an eligibility certificate"
    )
    financial_support = forms.BooleanField(required=False, label="Financial support is asked for")
    filed_by = filer_field()
    proof_found = proof_field()

    @override
    def look_at(self, order: Order) -> None:
        """Begins with what is stored. Asks for the county only where the state has several time zones."""
        super().look_at(order)
        if area := area_field(order.jurisdiction):
            self.fields["area"] = area
            self.order_fields(self.field_order)
        for name in self.of:
            if name in self.fields:
                self.fields[name].initial = getattr(order, name)
        at = order.issued_at
        self.fields["issued"].initial = at.astimezone(zone_of(order)) if at else order.issued_on

    @override
    def clean(self) -> dict[str, Any]:
        """Refuses a correction of nothing."""
        if not set(self.changed_data) - {"reason", "seen"} and not self.errors:
            raise ValidationError("Nothing here differs from what is stored.")
        return self.cleaned_data

    @override
    def facts(self) -> dict[str, Any]:
        """What differs, and why."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name != "seen"}
        if "issued" in changed:
            issued = changed.pop("issued")
            if isinstance(issued, datetime):
                changed["issued_at"] = issued
            else:
                changed |= {"issued_at": None, "issued_on": issued}
        return changed


class CorrectTownForm(ReasonForm):
    """The respondent lives elsewhere."""

    field_order = ["town", "reason"]

    town = town_field(help_text="Its police are told of every order against the respondent from now on.")

    @override
    def look_at(self, order: Order) -> None:
        """Begins with the town that is stored."""
        self.fields["town"].initial = order.case.respondent.town_id


class CorrectAddressForm(ReasonForm):
    """The respondent lives at another address."""

    field_order = ["address", "reason"]

    address = forms.CharField(
        max_length=200,
        required=False,
        help_text="Street and number. Police who look for firearms read it. Empty where it is not known.",
    )

    @override
    def look_at(self, order: Order) -> None:
        """Begins with the address that is stored."""
        self.fields["address"].initial = order.case.respondent.address


def _instant_or_day(when: datetime | date) -> dict[str, Any]:
    return {"at" if isinstance(when, datetime) else "on": when}


def looked_at(order: Order) -> set[str]:
    """The happenings that start or meet a rule of such an order and have no form of their own."""
    rules = bundled().by_binding.get((order.jurisdiction, Kind(order.kind).value), ())
    kinds = {one.happening for rule in rules for one in rule.met_by}
    for rule in rules:
        kinds |= {rule.starts, rule.else_starts, rule.due_starts, rule.not_before, *rule.only_after}
    return kinds & RECORDABLE
