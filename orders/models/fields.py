"""Columns that several tables have."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

_WIDEST = 14 * 60


def public_id() -> models.UUIDField[Any, Any]:
    """The name of a row outside the database; it cannot be counted."""
    return models.UUIDField(default=uuid.uuid4, editable=False, unique=True)


def utc_offset(**options: Any) -> models.SmallIntegerField[Any, Any]:
    """The offset from UTC, in minutes, with which the instant beside it was given."""
    return models.SmallIntegerField(
        validators=[MinValueValidator(-_WIDEST), MaxValueValidator(_WIDEST)],
        help_text="Minutes from UTC, as the instant was given.",
        **options,
    )


def offset_beside(instant: str, offset: str, *, name: str) -> models.CheckConstraint:
    """Both of an instant and the offset it was given with, or neither."""
    return models.CheckConstraint(
        condition=models.Q((f"{instant}__isnull", True), (f"{offset}__isnull", True))
        | models.Q((f"{instant}__isnull", False), (f"{offset}__isnull", False)),
        name=name,
    )


def offset_of(instant: datetime) -> int:
    """The offset of an aware instant, in minutes."""
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("An instant needs an offset.")
    return int(offset.total_seconds() // 60)


def as_given(instant: datetime, offset: int) -> datetime:
    """A stored instant with the offset it was given."""
    return instant.astimezone(timezone(timedelta(minutes=offset)))
