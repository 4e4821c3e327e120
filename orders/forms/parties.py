"""Respondent, agencies and releases of an order: the forms and acts of the court's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from typing_extensions import override

from accounts.models import Agency, AgencyKind
from orders.display import release_words
from orders.forms.base import Act, ActForm, ReasonForm, Section
from orders.forms.fields import DayField, InstantField, LabeledChoiceField, town_field
from orders.models import ConfidentialityRelease, Order, OrderAgency, ReleasePurpose
from orders.services.parties import agencies, persons, releases, respondents
from orders.services.parties.candidates import candidates_of, same_person_of


class CorrectTownForm(ReasonForm):
    """The respondent lives in another town."""

    field_order = ["town", "reason"]

    town = town_field(help_text="From now on its police are alerted for every order against the respondent.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored town."""
        self.fields["town"].initial = order.case.respondent.town_id


class CorrectAddressForm(ReasonForm):
    """The respondent lives at another address."""

    field_order = ["address", "reason"]

    address = forms.CharField(
        max_length=200,
        required=False,
        help_text="Street and number, for police who look for firearms. Leave it empty if it is not known.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored address."""
        self.fields["address"].initial = order.case.respondent.address


class SamePersonForm(ReasonForm):
    """The respondent is the same person as the respondent of another case."""

    field_order = ["other", "reason"]

    other = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Same person as",
        help_text="Orders against one person share one list of firearms: a receipt counts for all of them.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the people of this court who may be the same."""
        found = candidates_of(order)
        self._rows = {str(one.respondent.public_id): one.respondent for one in found}
        self.offer_choices("other", [(str(one.respondent.public_id), one.words) for one in found])

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts with the respondent who was chosen."""
        facts = super().service_kwargs()
        return {**facts, "other": self._rows[facts["other"]]}


class KeepApartForm(SamePersonForm):
    """The respondent is another person than the respondent of another case."""

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer those who are recorded as the same person, then those who may be."""
        self.fields["other"].label = "Another person than"
        self.fields["other"].help_text = "Their lists of firearms are kept apart. You can change this later."
        words = {
            str(one.public_id): (
                one,
                f"{one.name}; {', '.join(sorted(case.docket_number for case in one.cases.all()))}",
            )
            for one in same_person_of(order)
        }
        words |= {
            str(one.respondent.public_id): (one.respondent, one.words)
            for one in candidates_of(order)
            if not one.is_kept_apart
        }
        self._rows = {key: row for key, (row, _) in words.items()}
        self.offer_choices("other", [(key, text) for key, (_, text) in words.items()])


class ReleaseForm(ActForm):
    """The protected person signed a release to an advocacy organization."""

    takes_confirm = True

    agency = forms.ModelChoiceField(Agency.objects.filter(kind=AgencyKind.ADVOCACY), label="Organization")
    signed_on = DayField(label="Signed on")
    begins_at = InstantField(label="Begins")
    ends_at = InstantField(label="Ends")
    purpose = forms.ChoiceField(
        choices=[("", "Not stated"), *ReleasePurpose.choices], required=False, label="Purpose"
    )
    covers_service = forms.BooleanField(required=False, initial=True, label="Covers service")
    covers_firearms = forms.BooleanField(required=False, initial=True, label="Covers firearms")
    covers_hearings = forms.BooleanField(required=False, initial=True, label="Covers hearings")
    covers_ending = forms.BooleanField(required=False, initial=True, label="Covers the end of the order")


class RevokeReleaseForm(ActForm):
    """The protected person revokes a release."""

    target_field = "release"

    release = LabeledChoiceField(release_words, ConfidentialityRelease.objects.none())

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the releases that have not ended."""
        self.offer_rows("release", releases.not_ended(order))


class AddAgencyForm(ActForm):
    """An agency serves the order, or gets notice of it."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=agencies.ADDABLE),
        help_text="Marshals, a school, or the firearms licensing unit.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer schools, and the other agencies of the order's state."""
        fits = Q(jurisdiction=order.jurisdiction) | Q(kind=AgencyKind.SCHOOL)
        self.offer_rows("agency", Agency.objects.filter(fits, kind__in=agencies.ADDABLE))


class RemoveAgencyForm(ActForm):
    """An agency that was added is removed."""

    agency = LabeledChoiceField(lambda row: str(row.agency), OrderAgency.objects.none())
    reason = forms.CharField(max_length=500)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the agencies that were added."""
        self.offer_rows("agency", agencies.added_agencies(order))

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the agency, its capacity and the reason."""
        chosen: OrderAgency = self.cleaned_data["agency"]
        return {**super().service_kwargs(), "agency": chosen.agency, "capacity": chosen.capacity}


ACTS = (
    Act(
        name="correct-town",
        resource="respondent",
        action="correct",
        section=Section.ORDER,
        title="Correct the town",
        form=CorrectTownForm,
        service=respondents.correct_respondent_town,
        done="The town is corrected. Its police are alerted from now on.",
        undo="correct-town",
    ),
    Act(
        name="correct-address",
        resource="respondent",
        action="correct",
        section=Section.ORDER,
        title="Correct the address",
        form=CorrectAddressForm,
        service=respondents.correct_respondent_address,
        done="The address is corrected.",
        undo="correct-address",
    ),
    Act(
        name="same-person",
        resource="person",
        action="join",
        section=Section.ORDER,
        title="Same person as …",
        form=SamePersonForm,
        service=persons.join_persons,
        done="They are recorded as the same person. Their orders share one list of firearms.",
        undo="keep-apart",
        needs=lambda record: record.candidates,
    ),
    Act(
        name="keep-apart",
        resource="person",
        action="keep_apart",
        section=Section.ORDER,
        title="Keep apart",
        form=KeepApartForm,
        service=persons.keep_apart,
        done="They are recorded as two people.",
        undo="same-person",
        needs=lambda record: record.same_person or any(not one.is_kept_apart for one in record.candidates),
    ),
    Act(
        name="release",
        resource="confidentiality_release",
        action="add",
        section=Section.ORDER,
        title="Record a release",
        form=ReleaseForm,
        service=releases.record_release,
        done="The release is recorded. The organization's advocates see the state of the order.",
        undo="withdraw-release",
    ),
    Act(
        name="revoke-release",
        resource="confidentiality_release",
        action="revoke",
        section=Section.ORDER,
        title="Revoke a release",
        form=RevokeReleaseForm,
        service=releases.revoke_release,
        needs=lambda record: record.releases,
        done="The release is revoked. The organization sees nothing by it anymore.",
        undo="release",
    ),
    Act(
        name="add-agency",
        resource="order_agency",
        action="add",
        section=Section.ORDER,
        title="Add an agency",
        form=AddAgencyForm,
        service=agencies.add_agency,
        done="The agency is added. It is alerted from now on.",
        undo="remove-agency",
    ),
    Act(
        name="remove-agency",
        resource="order_agency",
        action="remove",
        section=Section.ORDER,
        title="Remove an agency",
        form=RemoveAgencyForm,
        service=agencies.remove_agency,
        needs=lambda record: record.added_agencies,
        done="The agency is removed. It no longer sees the order.",
        undo="add-agency",
    ),
)
