"""Serializer fields that the whole API shares."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty
from typing_extensions import override

from accounts.text import clean

#: Years that the API accepts. Instants at the ends of the calendar cannot be shown in every time zone.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_OUT_OF_RANGE = f"The year must be from {_FIRST_YEAR} to {_LAST_YEAR}."

#: The widest offset from UTC of any place.
_WIDEST_OFFSET = timedelta(hours=14)

#: Digits of a second that nothing stores. RFC 3339 allows any number of them; Django reads at most twelve.
_BELOW_MICROSECONDS = re.compile(r"(?<=\.\d{6})\d+")

#: A leap second, which RFC 3339 allows and Python's calendar does not have.
_LEAP_SECOND = re.compile(r"(?<=T\d\d:\d\d:)60")


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, str, str, Any]):
    """An instant with its offset from UTC. The offset is stored as it was given."""

    default_error_messages = {
        "invalid": "Not an instant. Give date, time and offset from UTC: 2026-11-22T14:05:00-05:00.",
        "offset": "The offset from UTC is missing. Add it: 2026-11-22T14:05:00-05:00.",
        "range": _OUT_OF_RANGE,
    }

    @override
    def to_internal_value(self, data: Any) -> datetime:
        """Return the instant; a leap second is the second before it. Raises `ValidationError`."""
        # Python has no year 0, so it would be called malformed.
        if isinstance(data, str) and data.startswith("0000-"):
            self.fail("range")
        if (instant := _instant_of(data)) is None:
            self.fail("invalid")
        if (offset := instant.utcoffset()) is None:
            self.fail("offset")
        if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
            self.fail("range")
        if offset % timedelta(minutes=1):
            self.fail("invalid")
        if abs(offset) > _WIDEST_OFFSET:
            raise serializers.ValidationError(
                "The offset from UTC is more than 14 hours. Use that of the place.", code="range"
            )
        return instant

    @override
    def to_representation(self, value: datetime) -> str:
        """Return the instant as ISO 8601 with its offset."""
        return value.isoformat().replace("+00:00", "Z")


def _instant_of(data: Any) -> datetime | None:
    """Return the instant that a text of RFC 3339 names; None for anything else."""
    if not isinstance(data, str):
        return None
    with suppress(ValueError):
        return parse_datetime(_LEAP_SECOND.sub("59", _BELOW_MICROSECONDS.sub("", data)))
    return None


class DayField(serializers.DateField):
    """A calendar day in a year that the API accepts."""

    @override
    def to_internal_value(self, value: Any) -> Any:
        """Return the day. Raises `ValidationError`."""
        day = super().to_internal_value(value)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise serializers.ValidationError(_OUT_OF_RANGE, code="range")
        return day


class NamedField(serializers.SlugRelatedField[Any]):
    """A row that callers identify by its name: an agency, if no subclass has messages of its own."""

    default_error_messages = {
        "does_not_exist": "“{value}” is not the name of an agency that this field takes. "
        "`GET /api/v1/reference/agencies` lists the names.",
        "invalid": "Not a text. Give the name of the agency.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="name", **kwargs)

    @override
    def run_validation(self, data: Any = empty) -> Any:
        """Return the row. Raises `ValidationError`. An empty string is rejected."""
        if data == "":
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().run_validation(data)

    @override
    def to_internal_value(self, data: Any) -> Any:
        """Return the row. Raises `ValidationError`."""
        # Django would look up a number by its digits.
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(clean(data))
