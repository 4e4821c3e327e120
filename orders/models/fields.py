"""Columns that several tables share."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

_WIDEST = 14 * 60


def public_id() -> models.UUIDField[Any, Any]:
    """The identifier of a row outside the database. It reveals no counts."""
    return models.UUIDField(default=uuid.uuid4, editable=False, unique=True)


def utc_offset(**options: Any) -> models.SmallIntegerField[Any, Any]:
    """The UTC offset, in minutes, with which the instant in the related column was entered."""
    return models.SmallIntegerField(
        validators=[MinValueValidator(-_WIDEST), MaxValueValidator(_WIDEST)],
        help_text="UTC offset in minutes, as entered.",
        **options,
    )


def offset_beside(instant: str, offset: str, *, name: str) -> models.CheckConstraint:
    """A constraint: an instant and its offset are both set or both null."""
    return models.CheckConstraint(
        condition=models.Q((f"{instant}__isnull", True), (f"{offset}__isnull", True))
        | models.Q((f"{instant}__isnull", False), (f"{offset}__isnull", False)),
        name=name,
    )


def offset_of(instant: datetime) -> int:
    """The UTC offset of an aware instant, in minutes. Raises `ValueError` for a naive one."""
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("An instant needs an offset.")
    return int(offset.total_seconds() // 60)


def as_given(instant: datetime, offset: int) -> datetime:
    """A stored instant in the offset with which it was entered, in minutes."""
    return instant.astimezone(timezone(timedelta(minutes=offset)))
