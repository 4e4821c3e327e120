"""One item that police take and the list does not have: a row of the form of a receipt."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.narrowing import present
from accounts.text import fold
from orders.matching.serials import near_matches
from orders.models import Firearm, ItemKind
from orders.services.firearms.found import FoundItem

_KINDS = (
    ("Pistol", "Pistol"),
    ("Revolver", "Revolver"),
    ("Rifle", "Rifle"),
    ("Shotgun", "Shotgun"),
    ("Other", "Other firearm"),
    (ItemKind.AMMUNITION.value, "Ammunition"),
    (ItemKind.MAGAZINES.value, "Magazines"),
)
_LOTS = (ItemKind.AMMUNITION, ItemKind.MAGAZINES)
#: What an officer types about a firearm beside its number.
_DESCRIBES = ("make", "model", "caliber")


class AsksForMore(SiteForm):
    """A form of a page on which a person can ask for one more item before it is sent."""

    @override
    def full_clean(self) -> None:
        """Check nothing while a person asks for one more item."""
        super().full_clean()
        if "more" in self.data:
            self._errors = ErrorDict()


class AddedItemForm(AsksForMore):
    """One item that police take and the list does not have. Nothing is added if all is empty."""

    what = forms.ChoiceField(choices=_KINDS, required=False, label="What it is")
    make = forms.CharField(max_length=23, required=False, label="Make")
    model = forms.CharField(max_length=20, required=False, label="Model")
    caliber = forms.CharField(max_length=10, required=False, label="Caliber")
    serial = forms.CharField(max_length=40, required=False, label="Serial number")
    quantity = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        required=False,
        label="How many",
        help_text="Of ammunition or magazines.",
    )
    tag = forms.CharField(max_length=40, required=False, label="Tag")
    same = forms.ChoiceField(
        choices=[("same", "The same one"), ("another", "Another one")],
        required=False,
        widget=forms.RadioSelect,
        label="Is it the same firearm?",
    )

    def __init__(self, *args: Any, listed: Collection[Firearm], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed = listed
        #: The listed firearm whose number is like the typed one.
        self.near: Firearm | None = None
        for name, values in (("make", "makes"), ("caliber", "calibers")):
            self.fields[name].widget.attrs["list"] = values
        self.fields["serial"].widget.attrs |= {"autocapitalize": "characters", "autocomplete": "off"}
        self.fields["quantity"].widget.attrs["inputmode"] = "numeric"

    @property
    def is_empty(self) -> bool:
        """True if nothing was typed."""
        return not any(
            self.cleaned_data.get(name) for name in ("make", "model", "caliber", "serial", "quantity", "tag")
        )

    @override
    def clean(self) -> dict[str, Any]:
        """Ask about a serial number that is like a listed one, and for what describes the item."""
        data = self.cleaned_data
        if self.is_empty or self.errors:
            return data
        if data["what"] in _LOTS:
            if not data["quantity"]:
                self.add_error("quantity", "Enter how many there are.")
            if data["serial"]:
                self.add_error("serial", "Ammunition and magazines have no serial number. Clear this.")
            return data
        if data["quantity"]:
            self.add_error("quantity", "Add each firearm on its own, without a quantity.")
        self._look_at_serial(data)
        return data

    def _look_at_serial(self, data: dict[str, Any]) -> None:
        typed = data["serial"]
        by_serial = {one.serial: one for one in self.listed if one.serial_key}
        likely = near_matches(typed, by_serial)
        self.near = by_serial[likely[0]] if likely else None
        if self.near is not None and not data["same"]:
            self.add_error(
                "same",
                f"The list has {self.near}. You typed {typed}. If it is the same firearm, choose “The same "
                "one”; then the listed one is ticked.",
            )
        elif self.is_same:
            self._compare(present(self.near), data)

    def _compare(self, listed: Firearm, data: dict[str, Any]) -> None:
        """Refuse a description that contradicts the list: the receipt names the listed firearm."""
        for name in _DESCRIBES:
            typed, stored = fold(data[name]), fold(getattr(listed, name))
            if not typed.startswith(stored) and not stored.startswith(typed):
                self.add_error(
                    name,
                    f"The list has {getattr(listed, name)}. Clear this and correct the list afterward, or "
                    "choose “Another one”.",
                )

    def learned(self) -> dict[str, str]:
        """Return what was typed about a listed firearm and is not on the list."""
        if not self.is_same or self.near is None:
            return {}
        return {
            name: typed
            for name in _DESCRIBES
            if (typed := self.cleaned_data[name]) and not getattr(self.near, name)
        }

    @property
    def is_same(self) -> bool:
        """True if the officer answered that it is the listed firearm."""
        return self.near is not None and self.cleaned_data.get("same") == "same"

    def found(self) -> FoundItem:
        """Return the item as the receipt names it."""
        data = self.cleaned_data
        if data["what"] in _LOTS:
            words = " ".join(filter(None, [data["make"], data["model"], data["caliber"]]))
            return FoundItem(item_kind=data["what"], quantity=data["quantity"], description=words)
        return FoundItem(
            serial=data["serial"],
            make=data["make"],
            model=data["model"],
            caliber=data["caliber"],
            firearm_type="" if data["what"] == "Other" else data["what"],
        )
