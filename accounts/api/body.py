"""What a body may be, and what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import IO, Any, ClassVar

from django.conf import settings
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.parsers import JSONParser
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.problems import Problem

#: Instants that a person can mean. Those at the ends of the calendar cannot be told in every zone.
_EARLIEST, _LATEST = 1900, 2199


class StrictJSONParser(JSONParser):
    """JSON, whole, of a bounded size, and of text that a database can keep."""

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body. Raises `Problem`."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise Problem("too_large", f"At most {most} bytes.")
        try:
            body = json.loads(raw, parse_constant=_refuse, object_pairs_hook=_once)
            # A number beyond what a float holds is read as infinite; a surrogate without its other half has
            # no bytes.
            text = json.dumps(body, ensure_ascii=False, allow_nan=False)
            text.encode()
            if _NUL.search(text):
                raise ValueError("a NUL character")
        except (ValueError, RecursionError) as error:
            raise Problem("malformed") from error
        return body


#: As JSON writes it: no text in the database may hold it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says a thing twice might mean either."""
    body = dict(pairs)
    if len(body) < len(pairs):
        raise ValueError("a name stands twice")
    return body


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, str, str, Any]):
    """An instant with its offset from UTC, kept as it is given."""

    default_error_messages = {
        "invalid": "Not an instant. Give date, time and offset from UTC: 2026-11-22T14:05:00-05:00.",
        "offset": "The offset from UTC is missing. Give it: 2026-11-22T14:05:00-05:00.",
        "range": f"Out of the range that is kept: from {_EARLIEST} to {_LATEST}.",
    }

    @override
    def to_internal_value(self, data: Any) -> datetime:
        """The instant. Raises `ValidationError`."""
        try:
            at = parse_datetime(data) if isinstance(data, str) else None
        except ValueError:
            at = None
        if at is None:
            self.fail("invalid")
        if (offset := at.utcoffset()) is None:
            self.fail("offset")
        if not _EARLIEST <= at.year <= _LATEST:
            self.fail("range")
        if offset % timedelta(minutes=1) or abs(offset) > timedelta(hours=14):
            self.fail("invalid")
        return at

    @override
    def to_representation(self, value: datetime) -> str:
        """As ISO 8601, with the offset it has."""
        return value.isoformat().replace("+00:00", "Z")


class DayField(serializers.DateField):
    """A day of the calendar that a court can mean."""

    @override
    def to_internal_value(self, value: Any) -> Any:
        """The day. Raises `ValidationError`."""
        day = super().to_internal_value(value)
        if not _EARLIEST <= day.year <= _LATEST:
            raise serializers.ValidationError(InstantField.default_error_messages["range"], code="range")
        return day


class NamedField(serializers.SlugRelatedField[Any]):
    """A row that everybody knows by its name, such as a town or an agency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="name", **kwargs)

    @override
    def run_validation(self, data: Any = empty) -> Any:
        """The row. Raises `ValidationError`, also for no name: nothing is called so."""
        if data == "":
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().run_validation(data)

    @override
    def to_internal_value(self, data: Any) -> Any:
        """The row. Raises `ValidationError`."""
        # A number would be looked for as its digits.
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Given(serializers.Serializer[Any]):
    """What a caller sends. A name that it does not know is refused, not passed over."""

    @override
    def to_internal_value(self, data: Any) -> Any:
        """What the fields make of it. Raises `ValidationError`."""
        unknown = sorted(map(str, data.keys() - self.fields.keys())) if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields) or "none"
            text = f"There is no such field; there are {known}."
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(text, code="unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)


class Shown(serializers.Serializer[Any]):
    """What a caller reads: of the fields declared, those that the matrix shows to the caller's roles.

    The context's `roles_of` says in which roles the caller sees a row; what is shown inside a row is seen in
    the same.
    """

    #: The object of the matrix.
    thing: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"read_only": True}))
        self._roles: frozenset[str] = frozenset()

    @override
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields, none of which the schema promises: who calls decides which are there."""
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.read_only = False, True
        return fields

    @override
    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The fields that the caller may see."""
        above: Any = self.parent
        while above is not None and not isinstance(above, Shown):
            above = above.parent
        self._roles = self.context["roles_of"](instance) if above is None else above._roles  # noqa: SLF001
        seen = MATRIX.things[self.thing].fields_for(self._roles)
        body = {}
        for field in self._readable_fields:
            name = field.field_name
            if name in seen:
                value = field.get_attribute(instance)
                body[name] = None if value is None else field.to_representation(value)
        return body
