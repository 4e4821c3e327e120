"""The form that starts an import: the files, and how they are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import User
from orders.display import sentence
from orders.models import ExportFile, ImportMapping
from orders.services.registry.columns import COLUMNS
from orders.services.registry.layout import Layout
from orders.services.registry.lines import other_in
from orders.services.registry.mappings import LONGEST, mappings_of, write_mapping
from orders.services.registry.words import FoundWords, write_words

#: What a person does who has no TOML file.
_WITHOUT_MAPPING = "Leave the field empty: the next page asks what each column holds."


class ImportForm(SiteForm):
    """One to three files of an export, and a mapping if the court's system uses other names."""

    orders = forms.FileField(required=False, label="Orders")
    firearms = forms.FileField(required=False, label="Firearms")
    receipts = forms.FileField(required=False, label="Receipts and statements")
    mapping = forms.ModelChoiceField(
        ImportMapping.objects.none(),
        required=False,
        label="Mapping",
        empty_label="Our own column names",
        help_text="How your system names its columns and values.",
    )
    mapping_file = forms.FileField(
        required=False, label="A new mapping", help_text="A TOML file. It is saved under the name beside it."
    )
    mapping_name = forms.CharField(required=False, max_length=60, label="Name of the new mapping")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["mapping"].queryset = mappings_of(person)
        for name in (*ExportFile.values, "mapping_file"):
            fields[name].error_messages["empty"] = (
                "The file is empty. Export it again, or leave the field empty."
            )
            fields[name].widget.attrs["accept"] = ".toml" if name == "mapping_file" else ".csv,.txt"

    def clean_mapping_file(self) -> str:
        """Return the text of the mapping."""
        file: Any = self.cleaned_data["mapping_file"]
        if not file:
            return ""
        if file.size > LONGEST:
            raise ValidationError("The mapping is too long. Choose a TOML file of at most 20 KB.")
        content: bytes = file.read()
        if found := other_in(content):
            raise ValidationError(f"This is {found.what}, not a mapping. {_WITHOUT_MAPPING}")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValidationError(f"The mapping is no text in UTF-8. {_WITHOUT_MAPPING}") from error

    @override
    def clean(self) -> dict[str, Any]:
        """Require a file, and a name for a new mapping."""
        data = super().clean() or self.cleaned_data
        if not any(data.get(name) for name in ExportFile.values) and not self.errors:
            self.add_error("orders", "Choose at least one file.")
        if data.get("mapping_file") and not data.get("mapping_name"):
            self.add_error("mapping_name", "Give the new mapping a name.")
        return data


#: What a column holds, for people who choose it: without the words of our own files.
_HINTS = {
    "order_kind": "What the court issued. Words of your system are translated in the next step.",
    "issued_at": "Date and time of issue.",
    "expires_on": "Last day of the order. Empty without an end.",
    "service_method": "How the respondent was served. Words are translated in the next step.",
    "respondent_dob": "Empty if it is not known.",
    "address_confidential": "Yes if the respondent must not learn the protected person's address.",
    "firearms_indicated": "Yes if the application names firearms or ammunition.",
    "permit_held": "Yes if the respondent holds a permit or an eligibility certificate.",
    "firearm_type": "A code or a name.",
    "source": "Who reported the firearm. Words are translated in the next step.",
    "kind": "A surrender or a sworn statement. Words are translated in the next step.",
    "at": "When the firearms were surrendered, or the statement was sworn.",
    "recipient_kind": "Police, a dealer or the court. Words are translated in the next step.",
    "docket_number": "The number of the case, such as HHD-FA26-6012345-S.",
    "serial": "UNK and the like, or an empty cell, mean that it has no number.",
}

_FORMATS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%Y%m%d",
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p")
#: A day on which no two parts are equal, to show what a format looks like.
_EXAMPLE = datetime(2026, 12, 31, 14, 5, 9, tzinfo=UTC)

_DELIMITERS = (
    ("", "Find it out"),
    ("comma", "Comma"),
    ("semicolon", "Semicolon"),
    ("tab", "Tab"),
    ("pipe", "Vertical bar |"),
)

#: Columns whose names are no plain words.
_LABELS = {
    "por_number": "Registry number",
    "order_kind": "Kind of order",
    "issued_at": "Issued",
    "expires_on": "Last day",
    "hearing_on": "Day of the hearing",
    "served_at": "Served",
    "service_method": "How it was served",
    "address_confidential": "Address is confidential",
    "firearms_indicated": "Firearms are indicated",
    "permit_held": "Holds a permit",
    "judge": "Judge",
    "respondent_name": "Respondent's name",
    "respondent_dob": "Respondent's date of birth",
    "respondent_town": "Respondent's town",
    "firearms_alleged_count": "Firearms alleged",
    "firearm_type": "Type",
    "at": "Date and time",
    "recipient_kind": "Kind of recipient",
    "recipient_id": "Number of the recipient",
}

#: What other systems call a column, besides our name and our label, as `_folded` returns it.
_ALSO_CALLED = {
    "docket_number": ("docket", "docketno", "docketnum", "casenumber", "caseno"),
    "order_kind": ("ordertype", "orderkind", "typeoforder"),
    "issued_at": ("dateissued", "issuedate", "issueddate", "orderdate"),
    "expires_on": ("expirationdate", "dateexpires", "expires", "expiration"),
    "hearing_on": ("hearingdate", "dateofhearing"),
    "served_at": ("dateserved", "servicedate", "dateofservice"),
    "por_number": ("porno", "pornum", "registryno"),
    "respondent_name": ("respondent", "respondentfullname", "nameofrespondent"),
    "respondent_dob": ("dob", "dateofbirth", "birthdate", "respondentdateofbirth"),
    "respondent_town": ("respondentcity", "townofrespondent"),
    "serial": ("serialno", "serialnumber"),
}


def _format_choices(formats: Iterable[str]) -> list[tuple[str, str]]:
    return [("", "As in 2026-12-31"), *((one, _EXAMPLE.strftime(one)) for one in formats)]


class ColumnsForm(SiteForm):
    """Which column of each file holds what, and how days and times are written in it."""

    delimiter = forms.ChoiceField(choices=_DELIMITERS, required=False, label="Between the columns")
    date_format = forms.ChoiceField(choices=_format_choices(_FORMATS), required=False, label="Days")
    datetime_format = forms.ChoiceField(
        choices=_format_choices(f"{day} {clock}" for day in _FORMATS[:4] for clock in _CLOCKS),
        required=False,
        label="Days with a time",
    )

    def __init__(
        self, *args: Any, layout: Layout, headers: Mapping[str, Sequence[str]], **kwargs: Any
    ) -> None:
        words = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
        initial = {
            "delimiter": words.get(layout.delimiter, ""),
            "date_format": layout.date_format,
            "datetime_format": layout.datetime_format,
        }
        super().__init__(*args, **(kwargs | {"initial": initial}))
        self.headers = headers
        for kind, names in headers.items():
            for column, text in COLUMNS[kind].items():
                self.fields[f"{kind}_{column}"] = self._column(column, text, names, layout.file(kind).columns)
        self.fields["name"] = saved_name()

    @staticmethod
    def _column(column: str, text: str, names: Sequence[str], known: Mapping[str, str]) -> forms.ChoiceField:
        is_required = text.endswith(("Required.", "within an order.", "for each order."))
        folded = {_folded(one): one for one in names}
        field = forms.ChoiceField(
            choices=[("", "Choose a column" if is_required else "Not in the file"), *((o, o) for o in names)],
            required=is_required,
            label=label_of(column),
            help_text=_HINTS.get(column, text),
        )
        called = (_folded(column), _folded(str(field.label)), *_ALSO_CALLED.get(column, ()))
        named = (folded[one] for one in called if one in folded)
        field.initial = known.get(column) or next(named, "")
        return field

    @property
    def by_file(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each file."""
        return [
            (ExportFile(kind).label, [self[f"{kind}_{column}"] for column in COLUMNS[kind]])
            for kind in self.headers
        ]

    @property
    def general(self) -> list[forms.BoundField]:
        """The fields about all files."""
        return [self[name] for name in ("delimiter", "date_format", "datetime_format")]

    def mapping(self, former: str) -> str:
        """Return the mapping as typed; what this form does not show stays as in the former one."""
        data = self.cleaned_data
        general = {name: data[name] for name in ("delimiter", "date_format", "datetime_format")}
        columns = {
            kind: {column: data[f"{kind}_{column}"] for column in COLUMNS[kind]} for kind in self.headers
        }
        return write_mapping(former, general, columns)


class WordsForm(SiteForm):
    """What the words of a court's own system mean: one choice for each word of the files that is not ours."""

    def __init__(self, *args: Any, found: Sequence[FoundWords], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        for number, one in enumerate(found):
            for place, (word, ours) in enumerate(one.words.items()):
                self.fields[f"word_{number}_{place}"] = forms.ChoiceField(
                    choices=[("", "Not known: reject these rows"), *one.column.choices],
                    required=False,
                    label=f"“{word}”" if word else "Empty",
                    initial=ours,
                )
        self.fields["name"] = saved_name()

    @property
    def by_column(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each column, under its name."""
        return [
            (
                f"{ExportFile(one.column.kind).label}: {label_of(one.column.column)}",
                [self[f"word_{number}_{place}"] for place in range(len(one.words))],
            )
            for number, one in enumerate(self.found)
        ]

    def mapping(self, former: str) -> str:
        """Return the mapping with the words as chosen."""
        return write_words(
            former,
            {
                (one.column.kind, one.column.column): {
                    word: self.cleaned_data[f"word_{number}_{place}"] for place, word in enumerate(one.words)
                }
                for number, one in enumerate(self.found)
            },
        )


def label_of(column: str) -> str:
    """Return the name of one of our columns in plain words."""
    return _LABELS.get(column) or sentence(column)


def saved_name() -> forms.CharField:
    """Return the field for the name under which a mapping is saved."""
    return forms.CharField(
        required=False,
        max_length=60,
        label="Save as",
        help_text="A name, to choose this again for the next file. The same name replaces it.",
    )


def _folded(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())
