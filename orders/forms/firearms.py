"""Firearms, permits, receipts, returns and sworn statements: the forms and acts of the court's page."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_noop
from typing_extensions import override

from accounts.dates import format_instant
from accounts.models import POLICE, Agency, AgencyKind, User
from orders.forms.base import CHOOSE, Act, ActForm, Section
from orders.forms.fields import (
    DayField,
    InstantField,
    LabeledChoiceField,
    LabeledChoicesField,
    police_field,
    town_field,
)
from orders.forms.proof import FoundField
from orders.forms.returns import begin_with
from orders.models import (
    Confirmed,
    Firearm,
    FirearmSource,
    FirearmStatus,
    ItemKind,
    Order,
    Permit,
    ReceiptGiver,
    ReceiptKind,
    Statement,
    StatementKind,
    VerificationMethod,
)
from orders.services.court_days import zone_of
from orders.services.firearms import inventory, receipts, returns, statements
from orders.services.firearms.release import confirmed_so_far, not_before
from orders.services.orders.record import OrderRecord


class FirearmForm(ActForm):
    """A firearm, or a lot of ammunition or magazines, that the respondent is believed to hold."""

    takes_confirm = True

    make = forms.CharField(max_length=23, required=False, help_text="NCIC code, or in words.")
    model = forms.CharField(max_length=20, required=False)
    caliber = forms.CharField(max_length=10, required=False)
    firearm_type = forms.CharField(
        max_length=10, required=False, label="Type", help_text="NCIC code, or in words."
    )
    serial = forms.CharField(
        max_length=40, required=False, label="Serial number", help_text="Leave it empty if it is not known."
    )
    source = forms.ChoiceField(
        choices=[CHOOSE, *FirearmSource.choices],
        label="Source",
        help_text="Who or what says that the respondent holds it.",
    )
    item_kind = forms.ChoiceField(
        choices=ItemKind.choices, required=False, initial=ItemKind.FIREARM, label="Kind of item"
    )
    quantity = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=inventory.MOST_OF_A_LOT,
        label="How many",
        help_text="Of ammunition or magazines only.",
    )
    description = forms.CharField(
        max_length=120, required=False, label="Description", help_text="Of ammunition or magazines."
    )
    believed_place = forms.CharField(
        max_length=200,
        required=False,
        label="Believed to be",
        help_text="Where it may be. Only court and police see this and the next three.",
    )
    believed_source = forms.CharField(max_length=120, required=False, label="According to")
    believed_on = DayField(required=False, label="Reported on")
    officer_notes = forms.CharField(
        max_length=500,
        required=False,
        label="Notes for officers",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_item_kind(self) -> str:
        """Return the kind; a firearm by default."""
        return self.cleaned_data["item_kind"] or ItemKind.FIREARM


class PermitForm(ActForm):
    """A permit or certificate that the respondent holds."""

    takes_confirm = True

    kind = forms.CharField(max_length=60, label="Permit", help_text="For example: pistol permit.")
    number = forms.CharField(max_length=40, required=False)


def _firearms_field() -> LabeledChoicesField:
    """Checkboxes for firearms of the case, each with its status."""
    return LabeledChoicesField(
        lambda row: f"{row} ({row.get_status_display().lower()})",
        Firearm.objects.none(),
        label="Firearms",
        widget=forms.CheckboxSelectMultiple,
    )


def place_field() -> forms.CharField:
    """Where firearms were handed over."""
    return forms.CharField(
        max_length=120,
        required=False,
        label="Place of the hand-over",
        help_text="For example the police station. Only the court and police see it.",
    )


def giver_field() -> forms.TypedChoiceField:
    """Return the field with who handed the firearms over; if it is left out, the respondent did."""
    return forms.TypedChoiceField(
        choices=ReceiptGiver.choices,
        coerce=str,
        empty_value=ReceiptGiver.RESPONDENT.value,
        required=False,
        label="Handed over by",
        initial=ReceiptGiver.RESPONDENT,
    )


class ReceiptForm(ActForm):
    """A receipt for firearms that changed hands."""

    takes_confirm = True
    shows_with = {
        "agency": ("kind", ("police",)),
        "dealer_license": ("kind", ("dealer",)),
        "taker_name": ("kind", ("third_party", "true_owner")),
        "taker_address": ("kind", ("dealer", "third_party", "true_owner")),
        "eligibility_check": ("kind", ("dealer", "third_party", "true_owner")),
        "lives_apart": ("kind", ("third_party",)),
    }

    firearms = _firearms_field()
    found = FoundField()
    permits = LabeledChoicesField(
        str,
        Permit.objects.none(),
        required=False,
        label="Permits handed in with it",
        widget=forms.CheckboxSelectMultiple,
    )
    received_at = InstantField(label="Handed over", missing=gettext_noop("Enter the time of the hand-over."))
    town = town_field(required=False, label="Town of the hand-over")
    handed_over_at = place_field()
    kind = forms.ChoiceField(choices=[CHOOSE, *ReceiptKind.choices], label="To")
    agency = police_field(required=False, label="Police agency", help_text="For a receipt from police.")
    dealer_license = forms.CharField(
        max_length=20,
        required=False,
        label="Dealer's license",
        help_text="For a dealer's receipt: the federal license, such as 6-06-014-01-7M-12345.",
    )
    taker_name = forms.CharField(
        max_length=200,
        required=False,
        label="Name of the person",
        help_text="If it was neither police nor a dealer, and the law of the order allows it.",
    )
    taker_address = forms.CharField(
        max_length=200,
        required=False,
        label="Address",
        help_text="Of the dealer or the person, as on paper.",
    )
    eligibility_check = forms.CharField(
        max_length=40,
        required=False,
        label="Number of the eligibility check",
        help_text="The authorization number of the sale or transfer, as on the paper.",
    )
    lives_apart = forms.TypedChoiceField(
        choices=[("", "Not asked"), ("yes", "Yes, lives elsewhere"), ("no", "No, lives with the respondent")],
        coerce=lambda chosen: chosen == "yes",
        empty_value=None,
        required=False,
        label="Does the person live elsewhere than the respondent?",
    )
    giver = giver_field()
    receipt_number = forms.CharField(max_length=40, required=False, label="Receipt number")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms of the case, and who may take them."""
        self.offer_rows("firearms", Firearm.objects.of_case(order.case_id))
        self.fields["firearms"].required = False
        allowed = receipts.recipients_of(order)
        self.offer_choices("kind", [CHOOSE, *(one for one in ReceiptKind.choices if one[0] in allowed)])
        if ReceiptKind.THIRD_PARTY not in allowed:
            del self.fields["lives_apart"]
        permits = Permit.objects.filter(order=order, handed_in_on=None)
        self.offer_rows("permits", permits)
        if not permits.exists():
            del self.fields["permits"]


class ReturnForm(ActForm):
    """Police returned firearms to the respondent."""

    takes_confirm = True

    firearms = _firearms_field()
    returned_at = InstantField(label="Returned", missing=gettext_noop("Enter the time of the return."))
    agency = police_field(label="Police agency", help_text="The agency that held them.")
    officer = forms.CharField(max_length=120, label="Officer", help_text="Who returned them.")
    confirmed = forms.MultipleChoiceField(
        choices=Confirmed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Confirmed",
        help_text="The law of this order requires all of these. What is on record is ticked already; the end "
        "of the order is taken from the record.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms that police hold, and what the law requires before a return."""
        in_custody = Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED)
        self.offer_rows("firearms", in_custody)
        if required := returns.asked_before_return(order):
            self.offer_choices("confirmed", [(one.value, one.label) for one in required])
            self.fields["confirmed"].initial = sorted(confirmed_so_far(order))
        else:
            del self.fields["confirmed"]

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="returned_at", officer="officer")
        if words := not_before(self.order, now):
            self.fields["returned_at"].help_text = f"{self.fields['returned_at'].help_text} {words}"


class StatementForm(ActForm):
    """A sworn statement of the respondent."""

    takes_confirm = True

    kind = forms.ChoiceField(choices=[CHOOSE, *StatementKind.choices], label="The respondent swears")
    sworn_at = InstantField(label="Sworn", missing=gettext_noop("Enter the time at which it was sworn."))
    receipt_number = forms.CharField(max_length=40, required=False, label="Number of the statement")
    firearms = LabeledChoicesField(
        str,
        Firearm.objects.none(),
        required=False,
        label="Firearms out of reach",
        help_text="For a statement of firearms that cannot be reached.",
        widget=forms.CheckboxSelectMultiple,
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms of the case."""
        self.offer_rows("firearms", Firearm.objects.of_case(order.case_id))


class VerifyForm(ActForm):
    """Someone checked a sworn statement and confirmed it."""

    takes_confirm = True
    target_field = "statement"

    statement = LabeledChoiceField(
        lambda row: f"{row}, {format_instant(row.sworn_at, zone_of(row.order))}",
        Statement.objects.none(),
        label="Statement",
    )
    verified_at = InstantField(label="Checked", missing=gettext_noop("Enter the time of the check."))
    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=[*POLICE, AgencyKind.COURT]),
        label="Agency",
        help_text="The court or the police agency that checked.",
    )
    verified_by = forms.CharField(max_length=120, label="Checked by", help_text="The person who checked.")
    method = forms.ChoiceField(choices=[CHOOSE, *VerificationMethod.choices], label="How")
    note = forms.CharField(max_length=500, required=False, help_text="Needed for “another way”.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the order's statements of no firearms."""
        rows = Statement.objects.filter(order=order, kind=StatementKind.NON_POSSESSION)
        self.offer_rows("statement", rows.select_related("order"), chooses_only=True)


def _has_statement_to_verify(record: OrderRecord) -> bool:
    """True if a check of a statement would account for something, or would verify one about nothing known."""
    denials = {one.pk for one in record.statements if one.kind == StatementKind.NON_POSSESSION}
    if not record.account.is_complete:
        return bool(denials)
    return not record.account.whole and bool(denials - {one.statement_id for one in record.verifications})


ACTS = (
    Act(
        name="firearm",
        resource="firearm",
        action="add",
        section=Section.FIREARMS,
        title="List a firearm",
        form=FirearmForm,
        service=inventory.list_firearm,
        done="The firearm is listed.",
        undo="withdraw-firearm",
    ),
    Act(
        name="permit",
        resource="permit",
        action="add",
        section=Section.FIREARMS,
        title="List a permit",
        form=PermitForm,
        service=inventory.record_permit,
        done="The permit is listed.",
        undo="withdraw-permit",
    ),
    Act(
        name="receipt",
        resource="receipt",
        action="add",
        section=Section.FIREARMS,
        title="Record a receipt",
        form=ReceiptForm,
        service=receipts.record_receipt,
        done="The receipt is recorded.",
        undo="withdraw-receipt",
    ),
    Act(
        name="return",
        resource="firearm",
        action="return",
        section=Section.FIREARMS,
        title="Record a return",
        form=ReturnForm,
        service=returns.record_return,
        needs=lambda record: record.firearms_in_custody,
        done="The return is recorded.",
        undo="withdraw-return",
    ),
    Act(
        name="statement",
        resource="statement",
        action="add",
        section=Section.FIREARMS,
        title="Record a statement",
        form=StatementForm,
        service=statements.record_statement,
        done="The statement is recorded. Until someone verifies it, it is sworn only.",
        undo="withdraw-statement",
    ),
    Act(
        name="verify",
        resource="statement_verification",
        action="add",
        section=Section.FIREARMS,
        title="Verify a statement",
        form=VerifyForm,
        service=statements.verify_statement,
        needs=_has_statement_to_verify,
        done="The check is recorded. It accounts for everything that was open.",
        undo="withdraw-verification",
    ),
)
