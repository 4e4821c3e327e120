"""Base classes of the serializers: strict input, and output by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.fields import empty
from typing_extensions import override

from accounts.access import MATRIX
from accounts.text import clean, clean_lines


class InputSerializer(serializers.Serializer[Any]):
    """A request body or a query. Unknown names are refused, not ignored, and text is cleaned."""

    #: Fields whose text must be taken exactly as sent.
    kept_as_sent: ClassVar[frozenset[str]] = frozenset({"cursor"})

    @override
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields. Text fields clean what was sent before they check it."""
        fields = with_codes(super().get_fields())
        for name, field in fields.items():
            if name not in self.kept_as_sent:
                _clean_text_of(field)
        return fields

    @override
    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values. Raises `ValidationError`."""
        unknown = sorted(map(str, data.keys() - self.fields.keys())) if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields)
            text = f"Unknown field. Use: {known}." if known else "Unknown field. Send no fields here."
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(text, code="unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)


def with_codes(
    fields: dict[str, serializers.Field[Any, Any, Any, Any]],
) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """Add `confirm_codes` to the fields of an act that takes `confirm`."""
    if "confirm" in fields and "confirm_codes" not in fields:
        fields["confirm_codes"] = serializers.ListField(
            child=serializers.CharField(max_length=60),
            required=False,
            max_length=50,
            help_text="The codes that `confirm` answers: another doubt is refused. Without it, all.",
        )
    return fields


def _clean_text_of(field: Any) -> None:
    """Let a text field, or the items of a list, clean their text. Does nothing to other fields."""
    if isinstance(field, serializers.ListField):
        _clean_text_of(field.child)
    if not isinstance(field, serializers.CharField):
        return
    tidy = clean_lines if field.style.get("base_template") == "textarea.html" else clean
    validate = field.run_validation

    def run_validation(data: Any = empty) -> Any:
        return validate(tidy(data) if isinstance(data, str) else data)

    vars(field)["run_validation"] = run_validation


class EmptyInput(InputSerializer):
    """No fields: the request itself is all there is to send."""


class OutputSerializer(serializers.Serializer[Any]):
    """A response body: of the declared fields, those that the matrix shows to the caller's roles.

    `context["roles_of"]` returns the roles in which the caller sees a row. A nested serializer uses the roles
    of the row around it.
    """

    #: The resource in the matrix.
    resource: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"read_only": True}))
        self._roles: frozenset[str] = frozenset()

    @override
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All output fields are optional: roles decide."""
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.read_only = False, True
        return fields

    @override
    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the fields that the caller may see."""
        parent: Any = self.parent
        while parent is not None and not isinstance(parent, OutputSerializer):
            parent = parent.parent
        self._roles = self.context["roles_of"](instance) if parent is None else parent.current_roles
        visible = MATRIX.resources[self.resource].fields_for(self._roles)
        body = {}
        for field in self._readable_fields:
            name = field.field_name
            if name in visible:
                value = field.get_attribute(instance)
                body[name] = None if value is None else field.to_representation(value)
        return body

    @property
    def current_roles(self) -> frozenset[str]:
        """The roles in which the caller sees the row that is being represented."""
        return self._roles
