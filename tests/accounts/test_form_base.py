"""What a service refuses is shown beside the field that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest
from django import forms

from accounts.form_base import SiteForm
from orders.errors import InvalidFact


class PlaceForm(SiteForm):
    beside: ClassVar[Mapping[str, str]] = {"file": "scan"}

    name = forms.CharField(required=False)
    scan = forms.CharField(required=False)


@pytest.mark.parametrize(
    ("field", "shown"), [("name", "name"), ("file", "scan"), ("scan", "scan"), ("court", "__all__")]
)
def test_a_refusal_is_beside_its_field_or_above_the_form(field: str, shown: str) -> None:
    form = PlaceForm({})

    form.show_refusal(InvalidFact(field, "wrong", "Enter another one."))

    assert form.errors == {shown: ["Enter another one."]}


def test_all_refusals_of_one_input_are_shown() -> None:
    first = InvalidFact("name", "wrong", "Enter a name.")
    first.others = (InvalidFact("file", "wrong", "Choose a file."), InvalidFact("body", "odd", "It is odd."))
    form = PlaceForm({})

    form.show_refusal(first)

    assert form.errors == {
        "name": ["Enter a name."],
        "scan": ["Choose a file."],
        "__all__": ["It is odd."],
    }
