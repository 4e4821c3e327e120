"""The forms by which a person adds a file to an order, and withdraws one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from typing_extensions import override

from accounts.form_base import SiteForm
from orders.models import AttachmentKind, Order, Receipt
from orders.services.documents.receipt import receipt_number

#: The most files that one form takes.
MOST_FILES = 10
ACCEPTED = "application/pdf,image/jpeg,image/png,image/webp"


class FilesInput(forms.FileInput):
    """An input for several files: dropped, chosen, or taken with the camera."""

    allow_multiple_selected = True

    @override
    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile[Any]]:
        found: list[UploadedFile[Any]] = files.getlist(name) if hasattr(files, "getlist") else []
        return found


class FilesField(forms.Field):
    """One file or more. The service checks each."""

    widget = FilesInput

    @override
    def clean(self, value: Any) -> list[UploadedFile[Any]]:
        """Raise `ValidationError` for no file, and for too many."""
        if not value:
            raise forms.ValidationError("Choose a file, or take a photograph.")
        if len(value) > MOST_FILES:
            raise forms.ValidationError(f"Send at most {MOST_FILES} files at a time.")
        return list(value)


class PhotosField(FilesField):
    """Photographs; there may be no photograph."""

    @override
    def clean(self, value: Any) -> list[Any]:
        """Return the files."""
        return super().clean(value) if value else []


class AttachmentForm(SiteForm):
    """Files of one kind."""

    kind = forms.ChoiceField(label="What it shows")
    receipt = forms.ModelChoiceField(
        Receipt.objects.none(),
        required=False,
        label="Receipt",
        empty_label="No receipt",
        to_field_name="public_id",
        help_text="The receipt that the photographs or the scan belong to.",
    )
    uploads = FilesField(
        label="Files",
        help_text="PDF, JPEG, PNG or WebP. Place and time in a photograph are taken out.",
        widget=FilesInput(attrs={"accept": ACCEPTED}),
    )

    def __init__(
        self, *args: Any, order: Order, kinds: Sequence[AttachmentKind], receipts: bool, **options: Any
    ) -> None:
        """Offer these kinds, and the receipts of the case to readers who see receipts."""
        super().__init__(*args, **options)
        chosen: Any = self.fields["kind"]
        chosen.choices = [(one.value, one.label) for one in kinds]
        if not receipts:
            del self.fields["receipt"]
            return
        offered: Any = self.fields["receipt"]
        offered.queryset = Receipt.objects.of_case(order.case_id)
        offered.label_from_instance = receipt_number


class WithdrawAttachmentForm(SiteForm):
    """The reason for which a file is withdrawn."""

    reason = forms.CharField(max_length=500, label="Why")
