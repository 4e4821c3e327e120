"""The receipt that an officer writes at the door: what police take, who took it, and where it is put."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from typing_extensions import override

from accounts.models import POLICE, Agency, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.forms.added import AddedItemForm, AsksForMore
from orders.forms.attachments import ACCEPTED, FilesInput, PhotosField
from orders.forms.base import ActForm
from orders.forms.fields import InstantField, LabeledChoicesField, town_field
from orders.forms.firearms import giver_field, place_field
from orders.forms.more_refusals import refused_by
from orders.matching.serials import exact_key
from orders.models import (
    AttachmentKind,
    Firearm,
    FirearmStatus,
    Order,
    Permit,
    Receipt,
    ReceiptKind,
    SignatureMethod,
    SignatureParty,
    StoragePlace,
)
from orders.services.attachments.attaching import attach_file
from orders.services.court_days import zone_of
from orders.services.firearms.custody import Storage
from orders.services.firearms.inventory import FIREARM
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.signatures import sign_receipt
from orders.services.one_round import at_once, refuse, together

#: Letters and digits that look different from one another.
_CODE = (*"ACDEFGHJKM", *"NPQRTUVWXY", *"3479")
#: The reason in the history if the list gets what the officer read on the firearm.
_READ = "The officer who took the firearm read it there."
#: The most characters of a tag.
_LONGEST_TAG = 40
#: The most items that one receipt adds to the list.
MOST_ADDED = 30
#: The reason in the history if a firearm is another one than the listed one.
ANOTHER = "The officer read both serial numbers: it is another firearm."

#: Where a firearm can be that police take.
_TAKEABLE = (
    FirearmStatus.ALLEGED,
    FirearmStatus.UNREACHABLE,
    FirearmStatus.NOT_HELD,
    FirearmStatus.RETURNED,
)


def new_number() -> str:
    """Return a new number of a receipt, such as R-K7QM-4R3D. It does not show how many there are."""
    letters = "".join(secrets.choice(_CODE) for _ in range(8))
    return f"R-{letters[:4]}-{letters[4:]}"


def _signed(label: str, methods: Collection[SignatureMethod]) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[(one.value, one.label) for one in methods],
        required=False,
        widget=forms.RadioSelect,
        label=label,
    )


class TakenForm(AsksForMore, ActForm):
    """What police took of one respondent, at one time."""

    takes_confirm = True
    beside = {"found": "firearms"}

    firearms = LabeledChoicesField(
        str,
        Firearm.objects.none(),
        required=False,
        label="Tick what you took",
        widget=forms.CheckboxSelectMultiple,
    )
    permits = LabeledChoicesField(
        str,
        Permit.objects.none(),
        required=False,
        label="Permits and certificates",
        widget=forms.CheckboxSelectMultiple,
    )
    received_at = InstantField(label="Taken")
    town = town_field(required=False, label="Town of the hand-over")
    handed_over_at = place_field()
    officer = forms.CharField(max_length=120, label="Taken by", help_text="Name and badge number.")
    agency = forms.ModelChoiceField(Agency.objects.none(), label="Police agency", empty_label=None)
    place = forms.ModelChoiceField(
        StoragePlace.objects.none(), required=False, label="Stored in", empty_label="Not stored yet"
    )
    shelf = forms.CharField(max_length=40, required=False, label="Shelf")
    receipt_number = forms.CharField(
        max_length=40, required=False, label="Receipt number", help_text="Empty: a number is made."
    )
    photos = PhotosField(
        required=False,
        label="Photographs",
        help_text="Of the items and their numbers. Place and time of the photograph are removed.",
        widget=FilesInput(attrs={"accept": "image/*", "capture": "environment", "multiple": True}),
    )
    giver = giver_field()
    giver_method = _signed("The person who hands them over", list(SignatureMethod))
    giver_drawing = forms.CharField(required=False, widget=forms.HiddenInput)
    taker_method = _signed("The officer", [SignatureMethod.SCREEN, SignatureMethod.PAPER])
    taker_drawing = forms.CharField(required=False, widget=forms.HiddenInput)
    paper = PhotosField(
        required=False,
        label="Signed paper",
        help_text="A photograph or scan of what was signed on paper. You can add it later too.",
        widget=FilesInput(attrs={"accept": ACCEPTED, "multiple": True}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        count = self._count(self.data.get("items", "1")) if self.is_bound else 1
        if self.is_bound and "more" in self.data:
            count += 1
        self.added = [
            AddedItemForm(
                self.data if self.is_bound else None,
                prefix=f"item{number}",
                listed=self.listed,
                auto_id="id_%s",
            )
            for number in range(min(count, MOST_ADDED))
        ]

    @property
    def has_errors(self) -> bool:
        """True if something is to be corrected, in the form or in an added item."""
        return bool(self.errors) or any(one.errors for one in self.added)

    @staticmethod
    def _count(typed: str) -> int:
        return max(1, min(int(typed), MOST_ADDED)) if typed.isdecimal() else 1

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer what is not in custody yet, the person's police, and their storage places."""
        self.listed = list(Firearm.objects.of_case(order.case_id).order_by("id"))
        takeable = Firearm.objects.of_case(order.case_id).filter(status__in=_TAKEABLE)
        self.offer_rows("firearms", takeable.order_by("id"))
        self.offer_rows("permits", Permit.objects.filter(order=order, handed_in_on=None))
        mine = Agency.objects.filter(pk__in=self.person.agencies_for("add", "receipt"), kind__in=POLICE)
        # Other police of the order ask for a reason, which the service does.
        police = Q(pk__in=mine) | Q(kind__in=POLICE, order_agencies__order=order)
        self.offer_rows("agency", Agency.objects.filter(police).distinct())
        self.fields["agency"].initial = mine.first()
        places = StoragePlace.objects.filter(agency__in=mine, is_open=True)
        self.offer_rows("place", places, chooses_only=True)
        self.fields["officer"].initial = self.person.name
        self.fields["officer"].widget.attrs["autocomplete"] = "name"

    def start_at(self, now: datetime) -> None:
        """Offer this instant as the time at which the items were taken."""
        self.fields["received_at"].initial = now.replace(second=0, microsecond=0).astimezone(
            zone_of(self.order)
        )

    def picks(self) -> Iterator[tuple[Any, Firearm, str]]:
        """Yield the box of each listed firearm, the firearm, and its tag as it was typed."""
        by_key = {str(one.pk): one for one in self.listed}
        for box in self["firearms"].subwidgets:
            firearm = by_key[str(box.data["value"])]
            yield box, firearm, self.data.get(f"tag-{firearm.pk}", "") if self.is_bound else ""

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for the signature of a person who signs on the screen."""
        for party in SignatureParty.values:
            is_on_screen = self.cleaned_data.get(f"{party}_method") == SignatureMethod.SCREEN
            if is_on_screen and not self.cleaned_data.get(f"{party}_drawing"):
                self.add_error(f"{party}_method", "Sign in the field, or choose another answer.")
        self._clean_tags()
        return self.cleaned_data

    def _clean_tags(self) -> None:
        """Refuse a tag that no column takes, and one beside what is not ticked."""
        ticked = {one.pk for one in self.cleaned_data.get("firearms", ())}
        for firearm in self.listed:
            tag = clean(self.data.get(f"tag-{firearm.pk}", ""))
            if len(tag) > _LONGEST_TAG:
                self.add_error("firearms", f"{firearm}: the tag has more than {_LONGEST_TAG} characters.")
            elif tag and firearm.pk not in ticked:
                self.add_error(
                    "firearms", f"{firearm} has the tag {tag} and is not ticked. Tick it, or clear the tag."
                )

    def record(self, *, by: User, now: datetime) -> Receipt | None:
        """Store the receipt with its signatures and photographs, all or nothing.

        Return None if the form or a service refuses something: the form shows all of it.
        """
        if "more" in self.data:
            return None
        every = self.added
        # A row with an error is no item yet; what else is refused does not wait for it.
        self.added = [one for one in every if one.is_valid()]
        try:
            if len(self.added) == len(every) or self.errors:
                return self.in_one_round(lambda: self._store(by=by, now=now), now=now)
            found = refused_by(self, together(lambda: self._store(by=by, now=now)))
            self.refuse_all(one for one in found if one.field not in ("firearms", "found"))
            return None
        finally:
            self.added = every

    def _store(self, *, by: User, now: datetime) -> Receipt:
        for one in self.added:
            if learned := one.learned():
                FIREARM.correct(one.near, learned, by=by, now=now, reason=_READ)
        receipt = record_receipt(self.order, **self.service_kwargs(), by=by, now=now)
        self._sign(receipt, by=by, now=now)
        for kind, name in ((AttachmentKind.FIREARM_PHOTO, "photos"), (AttachmentKind.RECEIPT, "paper")):
            for one in self.cleaned_data[name]:
                one.seek(0)
                try:
                    attach_file(self.order, kind=kind, file=one.read(), receipt=receipt, by=by, now=now)
                except InvalidFact as refusal:
                    refuse(name if refusal.field == "file" else refusal.field, refusal.code, refusal.message)
        return receipt

    def _sign(self, receipt: Receipt, *, by: User, now: datetime) -> None:
        data = self.cleaned_data
        for party in SignatureParty.values:
            if not (method := data[f"{party}_method"]):
                continue
            try:
                with at_once():
                    sign_receipt(
                        receipt,
                        party=party,
                        method=method,
                        drawing=data[f"{party}_drawing"] if method == SignatureMethod.SCREEN else "",
                        name=data["officer"],
                        by=by,
                        now=now,
                    )
            except InvalidFact as refusal:
                refuse(f"{party}_method", refusal.code, refusal.message)

    @override
    def is_valid(self) -> bool:
        """Check the added items too."""
        rows = [one.is_valid() for one in self.added]
        return super().is_valid() and all(rows) and "more" not in self.data and self._has_something()

    def _has_something(self) -> bool:
        data = self.cleaned_data
        if data["firearms"] or data["permits"] or any(not one.is_empty for one in self.added):
            return True
        self.add_error("firearms", "Tick what you took, or add an item below.")
        return False

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts of the receipt."""
        facts = super().service_kwargs()
        same = [one for one in self.added if one.is_same]
        new = [one for one in self.added if not one.is_same and not one.is_empty]
        ticked = {one.pk: one for one in [*facts["firearms"], *(one.near for one in same if one.near)]}
        tags = {pk: self.data.get(f"tag-{pk}", "") for pk in ticked}
        tags |= {one.near.pk: tag for one in same if one.near and (tag := one.cleaned_data["tag"])}
        return {
            "kind": ReceiptKind.POLICE,
            "received_at": facts["received_at"],
            "agency": facts["agency"],
            "town": facts["town"],
            "handed_over_at": facts["handed_over_at"],
            "giver": facts["giver"],
            "receipt_number": facts["receipt_number"] or new_number(),
            "firearms": list(ticked.values()),
            "permits": list(facts["permits"]),
            "found": [one.found() for one in new],
            "storage": Storage(
                officer=facts["officer"],
                place=facts["place"],
                shelf=facts["shelf"],
                tags=tags,
                found_tags=[one.cleaned_data["tag"] for one in new],
            ),
            "another": ANOTHER if any(one.near for one in new) else "",
            "confirm": facts.get("confirm", ""),
        }


def typed_serials(form: TakenForm) -> list[str]:
    """Return the serial numbers of the list, for the hint while a number is typed."""
    return [one.serial for one in form.listed if exact_key(one.serial)]
