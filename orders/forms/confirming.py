"""The reason to continue although a fact is unusual, with the doubts that it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from orders.services.one_round import check_codes, together

#: What a service stores.
Result = TypeVar("Result")

#: What the name of the hidden field beside the reason ends with.
_DOUBTS = "_doubts"


class AnswerInput(forms.TextInput):
    """A text field, and beside it the codes of the doubts that the form showed."""

    def __init__(self, codes: Iterable[str]) -> None:
        super().__init__()
        self.codes = set(codes)

    @override
    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the field and the codes."""
        field = super().render(name, value, attrs, renderer)
        codes = ",".join(sorted(self.codes))
        return format_html('{}<input type="hidden" name="{}{}" value="{}">', field, name, _DOUBTS, codes)


def reason_field(form: forms.BaseForm) -> forms.CharField:
    """Return the field that asks for the reason to store a doubtful fact anyway."""
    return forms.CharField(
        max_length=500,
        required=False,
        label="Reason to continue",
        help_text="Why this is right although it is unusual. The history keeps the reason.",
        widget=AnswerInput(_answered(form) or ()),
    )


def note_doubt(form: forms.BaseForm, code: str) -> None:
    """Note that the form shows this doubt, so that the reason typed then answers it."""
    widget = form.fields["confirm"].widget
    if isinstance(widget, AnswerInput):
        widget.codes.add(code)


def check_answers(form: forms.BaseForm, call: Callable[[], object]) -> None:
    """Raise the doubts that the form did not show when its reason was typed, such as after another change.

    `call` calls the service with what the form has. A reason that was sent without codes answers all.
    """
    codes, typed = _answered(form), form.cleaned_data
    if codes is None or not typed.get("confirm"):
        return
    form.cleaned_data = typed | {"confirm": ""}
    try:
        check_codes(call, codes)
    finally:
        form.cleaned_data = typed


def store_answered(form: forms.BaseForm, call: Callable[[], Result]) -> Result:
    """Return what `call` stores as one round, if the reason of the form answers each doubt about it."""
    check_answers(form, call)
    return together(call)()


def _answered(form: forms.BaseForm) -> set[str] | None:
    """The codes that were sent with the reason; None without any."""
    sent = form.data.get(f"{form.add_prefix('confirm')}{_DOUBTS}")
    return None if sent is None else set(filter(None, str(sent).split(",")))
