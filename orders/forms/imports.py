"""The form that starts an import: the files, and how they are laid out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import User
from orders.models import ExportFile, ImportMapping
from orders.services.registry.mappings import LONGEST, mappings_of


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
            fields[name].widget.attrs["accept"] = ".toml" if name == "mapping_file" else ".csv,.txt"

    def clean_mapping_file(self) -> str:
        """Return the text of the mapping."""
        file: Any = self.cleaned_data["mapping_file"]
        if not file:
            return ""
        if file.size > LONGEST:
            raise ValidationError("The mapping is too long. Choose a TOML file of at most 20 KB.")
        try:
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValidationError("The mapping is no text in UTF-8. Save it as UTF-8.") from error

    @override
    def clean(self) -> dict[str, Any]:
        """Require a file, and a name for a new mapping."""
        data = super().clean() or self.cleaned_data
        if not any(data.get(name) for name in ExportFile.values) and not self.errors:
            self.add_error("orders", "Choose at least one file.")
        if data.get("mapping_file") and not data.get("mapping_name"):
            self.add_error("mapping_name", "Give the new mapping a name.")
        return data
