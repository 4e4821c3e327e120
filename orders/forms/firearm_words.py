"""Words that a form offers for the make, type and caliber of a firearm. Any other text is accepted."""

from __future__ import annotations

from django import forms


def offer_words(field: forms.Field, name: str) -> None:
    """Let the browser offer the words of a list while a person types."""
    field.widget.attrs["list"] = f"words-{name}"
