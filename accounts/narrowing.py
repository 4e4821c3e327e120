"""Narrow values whose declared type is wider than what they are at run time."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def expect(kind: type[T], value: object) -> T:
    """Return `value`, which must be a `kind`. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {type(value).__name__}")
    return value


def present(value: T | None) -> T:
    """Return `value`, which must not be None. Raises TypeError."""
    if value is None:
        raise TypeError("expected a value, not None")
    return value
