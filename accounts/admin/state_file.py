"""The upload of a state's courts, agencies and places: check the file, look at the changes, then load it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from typing_extensions import override

from accounts.access import MATRIX
from accounts.form_base import SiteForm
from accounts.models import User
from accounts.narrowing import expect
from accounts.services.agencies.state_file import EXAMPLE, Loaded, StateFileError, load_text, text_of

#: The largest file, in bytes. A file of five hundred towns has about a sixth of it.
LARGEST = 512 * 1024

#: What the file may add and change. The page is for those who may do all of it.
_CHANGES = (("add", "agency"), ("change", "agency"), ("add", "town"), ("change", "town"))

_MOVED = (
    "Someone changed agencies or places since you checked the file. Look at the changes again, then load it."
)


class StateFileForm(SiteForm):
    """The file, not loaded yet."""

    file = forms.FileField(
        label="The state's file",
        help_text="A TOML file with the state, its agencies, courts and places; at most 512 KB.",
        error_messages={
            "required": "Choose the file.",
            "empty": "The file is empty. Choose another.",
        },
    )

    def clean_file(self) -> str:
        """Return the text of the file."""
        file: Any = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise ValidationError("The file is larger than 512 KB. Split it: load the agencies first.")
        try:
            return text_of(file.read())
        except StateFileError as error:
            raise ValidationError(error.problems) from error


class LoadForm(SiteForm):
    """The text of a file that was checked, and the changes that the page showed."""

    text = forms.CharField(widget=forms.HiddenInput, strip=False)
    shown = forms.CharField(widget=forms.HiddenInput, strip=False)

    @override
    def clean(self) -> dict[str, Any]:
        """Reject the text if it would change something else now."""
        data = super().clean() or self.cleaned_data
        try:
            found = load_text(data.get("text", ""), dry_run=True)
        except StateFileError as error:
            raise ValidationError(error.problems) from error
        if _shown(found) != data.get("shown"):
            raise ValidationError(_MOVED)
        return data


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show the form; after a file its errors or its changes; after “Load” the list of agencies.

    Raises `PermissionDenied` for people who may not add and change agencies and places.
    """
    roles = expect(User, request.user).roles
    if not all(MATRIX.may(roles, *change) for change in _CHANGES):
        raise PermissionDenied
    if request.method == "POST" and "text" in request.POST:
        return _load(request, context)
    form = StateFileForm(request.POST, request.FILES) if request.method == "POST" else StateFileForm()
    if form.is_valid():
        return _checked(request, context, form.cleaned_data["file"])
    return _show(request, context, form=form)


def _load(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    form = LoadForm(request.POST)
    if not form.is_valid():
        return _checked(request, context, form.data.get("text", ""), refused=form)
    loaded = load_text(form.cleaned_data["text"], request=request)
    messages.success(request, f"{loaded.state.label} is loaded: {len(loaded.lines)} added or changed.")
    return redirect("admin:accounts_agency_changelist")


def _checked(
    request: HttpRequest, context: dict[str, Any], text: str, refused: LoadForm | None = None
) -> HttpResponse:
    """Show what the text would change, with the button that loads it, or what is wrong with it."""
    try:
        found = load_text(text, dry_run=True)
    except StateFileError as error:
        return _show(request, context, form=StateFileForm(), problems=error.problems)
    load = LoadForm(initial={"text": text, "shown": _shown(found)})
    why = refused.non_field_errors() if refused else []
    return _show(request, context, form=StateFileForm(), found=found, load=load, why=why)


def _shown(found: Loaded) -> str:
    return "|".join(found.lines)


def _show(request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
    return TemplateResponse(
        request,
        "admin/accounts/agency/load_state.html",
        {**context, "title": "Load a state's file", "example": EXAMPLE, **more},
    )
