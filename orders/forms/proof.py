"""Items found on a receipt, disposals by police, and permits that are handed in: forms and acts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.dates import format_day
from accounts.models import POLICE, Agency, AgencyKind, User
from orders.forms.base import CHOOSE, Act, ActForm, Section
from orders.forms.fields import DayField, InstantField, LabeledChoicesField, police_field
from orders.forms.returns import begin_with
from orders.models import DisposalKind, Firearm, FirearmStatus, ItemKind, Order, Permit
from orders.services.firearms import disposals, inventory
from orders.services.firearms.found import FoundItem
from orders.services.firearms.requests import sales_to_deliver

#: How a line of ammunition or magazines begins, such as “Ammunition 200: 9mm”.
_LOT = re.compile(r"(?P<kind>ammunition|magazines?)\W+(?P<quantity>[\d,]+)\W*(?P<about>.*)", re.IGNORECASE)


class FoundField(forms.CharField):
    """The items of a receipt that are not on the list, one a line. Its value is a list of `FoundItem`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Also on the receipt")
        kwargs.setdefault(
            "help_text",
            "What is not on the list, one item a line. A firearm: make and model, then its serial number "
            "after a comma, such as “Glock 19, AB123”. Or “Ammunition 200: 9mm”, or “Magazines 3”.",
        )
        super().__init__(required=False, max_length=4000, **kwargs)

    @override
    def to_python(self, value: Any) -> Any:
        """Return the items."""
        if isinstance(value, list):
            return value
        return [_found(line) for line in str(value or "").splitlines() if line.strip()]


def _found(line: str) -> FoundItem:
    """Return the item that a line names. Raises `ValidationError`."""
    if lot := _LOT.fullmatch(line.strip()):
        kind = ItemKind.AMMUNITION if lot["kind"].lower() == "ammunition" else ItemKind.MAGAZINES
        quantity = int(lot["quantity"].replace(",", "") or 0)
        return FoundItem(item_kind=kind, quantity=quantity, description=lot["about"][:120])
    words, _, serial = (
        (part.strip() for part in line.rpartition(",")) if "," in line else (line.strip(), "", "")
    )
    make, _, model = words.partition(" ")
    too_long = {"serial number": (serial, 40), "make": (make, 23), "model": (model.strip(), 20)}
    for name, (text, most) in too_long.items():
        if len(text) > most:
            raise ValidationError(
                f"“{line.strip()[:60]}”: the {name} is longer than {most} characters. Shorten it."
            )
    return FoundItem(make=make, model=model.strip(), serial=serial)


#: The words of the button that opens the form for a sale.
DELIVER = "Record the delivery to the buyer"


class DisposalForm(ActForm):
    """Police destroyed firearms, or transferred them to a dealer or an eligible person."""

    takes_confirm = True

    firearms = LabeledChoicesField(
        str, Firearm.objects.none(), label="Firearms", widget=forms.CheckboxSelectMultiple
    )
    kind = forms.ChoiceField(choices=[CHOOSE, *DisposalKind.choices], label="What happened")
    disposed_at = InstantField(label="When")
    agency = police_field(label="Police agency", help_text="The agency that held them.")
    officer = forms.CharField(max_length=120, label="Officer", help_text="Who did it.")
    authority = forms.CharField(
        max_length=200, label="Authority", help_text="What allows it, such as a court order with its date."
    )
    dealer_license = forms.CharField(
        max_length=20, required=False, label="Dealer's license", help_text="For a transfer to a dealer."
    )
    taker_name = forms.CharField(
        max_length=200, required=False, label="Name of the person", help_text="For a transfer to a person."
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms that police hold."""
        held = Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED)
        self.offer_rows("firearms", held)

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="disposed_at", officer="officer")
        if self.initial.get("kind") == DisposalKind.TRANSFERRED:
            self._begin_with_sale()

    def _begin_with_sale(self) -> None:
        """Offer what the joint notice of a sale states, if one waits for its delivery."""
        waiting = list(sales_to_deliver(self.order)[:2])
        if len(waiting) != 1:
            return
        (sale,) = waiting
        sold = sale.firearms.filter(status=FirearmStatus.SURRENDERED)
        self.fields["firearms"].initial = list(sold.values_list("pk", flat=True))
        self.fields["dealer_license"].initial = sale.dealer_license
        self.fields["taker_name"].initial = sale.taker_name
        self.fields["authority"].initial = f"Joint notice of the sale, {format_day(sale.requested_on)}"


class HandInForm(ActForm):
    """A permit was handed in."""

    takes_confirm = True
    target_field = "permit"

    permit = forms.ModelChoiceField(Permit.objects.none())
    handed_in_on = DayField(label="Handed in")
    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=[*POLICE, AgencyKind.LICENSING]),
        label="To",
        help_text="The police agency or the licensing unit.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the permits that were not handed in."""
        rows = Permit.objects.filter(order=order, handed_in_on=None).select_related("order")
        self.offer_rows("permit", rows, chooses_only=True)


ACTS = (
    Act(
        name="dispose",
        resource="firearm_disposal",
        action="add",
        section=Section.FIREARMS,
        title="Record a destruction or transfer",
        form=DisposalForm,
        service=disposals.record_disposal,
        needs=lambda record: record.firearms_in_custody,
        prefilled=("kind",),
        done="It is recorded. Police no longer hold the firearms.",
        undo="withdraw-disposal",
    ),
    Act(
        name="hand-in-permit",
        resource="permit",
        action="hand_in",
        section=Section.FIREARMS,
        title="Record that a permit was handed in",
        form=HandInForm,
        service=inventory.hand_in_permit,
        needs=lambda record: any(one.handed_in_on is None for one in record.permits),
        done="The permit is recorded as handed in.",
        undo="withdraw-hand-in",
    ),
)
