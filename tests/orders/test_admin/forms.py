"""What a browser sends for a form that no one changed."""

from __future__ import annotations

from typing import Any

from django import forms


def as_shown(form: forms.Form) -> dict[str, Any]:
    """Return the values of every field as the page shows them."""
    sheet: dict[str, Any] = {}
    for bound in form:
        widget, value = bound.field.widget, bound.value()
        if isinstance(widget, forms.MultiWidget):
            parts = value if isinstance(value, list) else widget.decompress(value) or []
            for number, (part, inner) in enumerate(zip(parts, widget.widgets, strict=True)):
                sheet[f"{bound.html_name}_{number}"] = inner.format_value(part) or ""
        elif isinstance(widget, forms.CheckboxInput):
            if value:
                sheet[bound.html_name] = "on"
        elif isinstance(value, list):
            sheet[bound.html_name] = value
        elif value is not None:
            sheet[bound.html_name] = widget.format_value(value) if hasattr(value, "isoformat") else value
    return sheet
