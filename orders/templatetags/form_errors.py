"""The errors of a form for the summary on top of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms, template

register = template.Library()


@dataclass(frozen=True, kw_only=True)
class FieldErrors:
    """The errors of one field: its label, and the id of the input to which a link leads."""

    label: str
    target: str
    messages: list[str]


@register.simple_tag
def field_errors(form: Any) -> list[FieldErrors]:
    """Return the errors of the visible fields, in their order on the page."""
    parts = (part for _, options in form.fieldsets() for part in options["fields"])
    named = [form[name] for part in parts for name in _names(part)]
    return [
        FieldErrors(
            label=one.field.widget.attrs.get("aria-label", one.label),
            target=_target(one),
            messages=[str(message) for message in one.errors],
        )
        for one in named
        if one.errors
    ]


def _names(part: Any) -> tuple[str, ...]:
    """Return the fields of one line of a fieldset: a name, or several."""
    return (part,) if isinstance(part, str) else tuple(part)


def _target(field: forms.BoundField) -> str:
    """Return the id of the first input: a date with a time and a choice of buttons have several."""
    if isinstance(field.field.widget, forms.MultiWidget | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{field.auto_id}_0"
    return str(field.id_for_label)
