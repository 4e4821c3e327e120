"""No body of a request holds more than its parts may: each list and each text has a limit of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework import serializers

from accounts.api.serializers import InputSerializer


def inputs(kind: type[InputSerializer] = InputSerializer) -> Iterator[type[InputSerializer]]:
    """Yield every input of the API."""
    # The views import their inputs.
    assert get_resolver().url_patterns
    for one in kind.__subclasses__():
        yield one
        yield from inputs(one)


def parts(field: Any) -> Iterator[Any]:
    """Yield a field, and what a list has in it."""
    yield field
    if child := getattr(field, "child", None):
        yield from parts(child)


@pytest.mark.parametrize("kind", [serializers.ListField, serializers.ListSerializer, serializers.CharField])
def test_every_list_and_text_of_an_input_has_a_limit(kind: type[Any]) -> None:
    endless = {
        f"{one.__name__}.{name}"
        for one in inputs()
        for name, field in one().fields.items()
        for part in parts(field)
        if isinstance(part, kind) and getattr(part, "max_length", None) is None
    }

    assert not endless
