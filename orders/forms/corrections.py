"""Corrections of the case and its parties: the forms and acts of the court's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from orders.forms.base import Act, ChangesForm, ReasonForm, Section
from orders.forms.fields import BirthdayField, LabeledChoiceField
from orders.models import Order, ProtectedPerson
from orders.services.orders import corrections, moving
from orders.services.parties import protected_persons, respondents


class StoredValuesForm(ChangesForm):
    """A form of changes that begins with stored values."""

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values, and remember them."""
        stored = self.stored_values(order)
        for name, value in stored.items():
            self.fields[name].initial = value
        self.remember(stored.values())
        self.order_fields([*stored, "reason"])

    def stored_values(self, order: Order) -> dict[str, Any]:
        """Return the stored values by field."""
        raise NotImplementedError


class CorrectRespondentForm(StoredValuesForm):
    """The respondent's name or date of birth was entered with an error."""

    takes_confirm = True

    name = forms.CharField(
        max_length=200, help_text="It changes in every order against the respondent.", label="Name"
    )
    date_of_birth = BirthdayField(required=False, label="Date of birth")

    @override
    def stored_values(self, order: Order) -> dict[str, Any]:
        """Return the respondent's name and date of birth."""
        respondent = order.case.respondent
        return {"name": respondent.name, "date_of_birth": respondent.date_of_birth}


class CorrectDocketForm(StoredValuesForm):
    """The docket number was entered with an error."""

    docket_number = forms.CharField(
        max_length=40,
        label="Docket number",
        help_text="It changes for every order of the case. If only this order is under the wrong docket, "
        "move the order instead.",
    )

    @override
    def stored_values(self, order: Order) -> dict[str, Any]:
        """Return the docket number."""
        return {"docket_number": order.case.docket_number}


class MoveOrderForm(ReasonForm):
    """The order was entered under the wrong docket."""

    takes_confirm = True
    field_order = ["docket_number", "respondent", "reason"]

    docket_number = forms.CharField(
        max_length=40,
        label="Docket number",
        help_text="The docket of this court to which the order belongs. A case that does not exist is made.",
    )
    respondent = forms.ChoiceField(
        choices=[
            (moving.MovedRespondent.KEEP.value, "The respondent of this order"),
            (moving.MovedRespondent.OF_CASE.value, "The respondent of the other case"),
        ],
        initial=moving.MovedRespondent.KEEP.value,
        help_text="The person that the order restrains.",
    )


class AddProtectedPersonForm(ReasonForm):
    """A protected person was left out at entry."""

    field_order = ["name", "address_confidential", "is_applicant", "reason"]

    name = forms.CharField(max_length=200, help_text="The address is not stored.")
    address_confidential = forms.BooleanField(
        required=False, label="The court keeps the address from the respondent"
    )
    is_applicant = forms.BooleanField(required=False, initial=True, label="This person applied for the order")


def person_words(person: ProtectedPerson) -> str:
    """Return a protected person for a list of choices."""
    words = [person.name]
    if person.address_confidential:
        words.append("address confidential")
    if person.is_applicant:
        words.append("applicant")
    return ", ".join(words)


#: Empty leaves a value as it is.
_KEEP = ("", "As it is")


class CorrectProtectedPersonForm(ReasonForm):
    """What is stored about a protected person is wrong. What is left empty stays as it is."""

    target_field = "person"
    field_order = ["person", "name", "address_confidential", "is_applicant", "reason"]

    person = LabeledChoiceField(person_words, ProtectedPerson.objects.none(), label="Protected person")
    name = forms.CharField(
        max_length=200, required=False, label="Correct name", help_text="Empty: the name is right."
    )
    address_confidential = forms.ChoiceField(
        choices=[_KEEP, ("yes", "Kept from the respondent"), ("no", "Not kept from the respondent")],
        required=False,
        label="Address",
    )
    is_applicant = forms.ChoiceField(
        choices=[_KEEP, ("yes", "Applied for the order"), ("no", "Did not apply for the order")],
        required=False,
        label="Applicant",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the protected persons of the order."""
        self.offer_rows("person", order.protected_persons.select_related("order"), chooses_only=True)

    @override
    def clean(self) -> dict[str, Any]:
        """Reject a correction that changes nothing."""
        given = ("name", "address_confidential", "is_applicant")
        if not self.errors and not any(self.cleaned_data.get(name) for name in given):
            raise ValidationError("Nothing is changed. Change what is wrong, or cancel.")
        return self.cleaned_data

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the given values and the reason."""
        given = {name: value for name, value in super().service_kwargs().items() if value}
        return {
            name: value == "yes" if name in ("address_confidential", "is_applicant") else value
            for name, value in given.items()
        }


class WithdrawProtectedPersonForm(ReasonForm):
    """The order does not protect this person."""

    target_field = "person"
    field_order = ["person", "reason"]

    person = LabeledChoiceField(person_words, ProtectedPerson.objects.none(), label="Protected person")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the protected persons of the order."""
        self.offer_rows("person", order.protected_persons.select_related("order"))


ACTS = (
    Act(
        name="move",
        resource="order",
        action="move",
        section=Section.ORDER,
        title="Move to another case",
        form=MoveOrderForm,
        service=moving.move_order,
        done="The order is moved with its firearms and receipts. The deadlines of both cases are updated.",
        undo="move",
    ),
    Act(
        name="correct-docket",
        resource="case",
        action="correct",
        section=Section.ORDER,
        title="Correct the docket number",
        form=CorrectDocketForm,
        service=corrections.correct_docket,
        done="The docket number is corrected.",
        undo="correct-docket",
    ),
    Act(
        name="correct-respondent",
        resource="respondent",
        action="correct",
        section=Section.ORDER,
        title="Correct the respondent",
        form=CorrectRespondentForm,
        service=respondents.correct_respondent,
        done="The respondent is corrected.",
        undo="correct-respondent",
    ),
    Act(
        name="add-protected-person",
        resource="protected_person",
        action="add",
        section=Section.ORDER,
        title="Add a protected person",
        form=AddProtectedPersonForm,
        service=protected_persons.add_protected_person,
        done="The protected person is added.",
        undo="withdraw-protected-person",
    ),
    Act(
        name="correct-protected-person",
        resource="protected_person",
        action="correct",
        section=Section.ORDER,
        title="Correct a protected person",
        form=CorrectProtectedPersonForm,
        service=protected_persons.correct_protected_person,
        needs=lambda record: record.protected_persons,
        done="The protected person is corrected.",
        undo="correct-protected-person",
    ),
    Act(
        name="withdraw-protected-person",
        resource="protected_person",
        action="withdraw",
        section=Section.ORDER,
        title="Withdraw a protected person",
        form=WithdrawProtectedPersonForm,
        service=protected_persons.withdraw_protected_person,
        needs=lambda record: record.protected_persons,
        done="The person is no longer in the order.",
        undo="add-protected-person",
    ),
)
