"""Rows of a case's list by their public ids, as inputs name them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.access import MATRIX
from orders.api.base import order_of
from orders.models import Firearm, Permit

#: The most rows in one list of an input.
MOST = 200
#: The options of an input that is one of these lists.
MANY: dict[str, Any] = {"many": True, "max_length": MOST}


def ids_field(help_text: str, **options: Any) -> serializers.ListField:
    """A list of public ids."""
    return serializers.ListField(
        child=serializers.UUIDField(), max_length=MOST, help_text=help_text, **options
    )


def listed_firearms(serializer: serializers.Serializer[Any], ids: list[UUID]) -> list[Firearm]:
    """Return the firearms, in one query. Firearms of another case count as not found."""
    order, user = order_of(serializer.context["target"]), serializer.context["request"].user
    visible = Firearm.objects.visible_to(user, roles=MATRIX.resources["firearm"].actions["view"])
    found = {one.public_id: one for one in visible.filter(order__case=order.case_id, public_id__in=ids)}
    text = "This firearm is not on the list of the case. Add it there first, or use one that is listed."
    return _all_of(found, ids, text)


def listed_permits(serializer: serializers.Serializer[Any], ids: list[UUID]) -> list[Permit]:
    """Return the permits of the order, in one query."""
    order = order_of(serializer.context["target"])
    found = {one.public_id: one for one in Permit.objects.filter(order=order, public_id__in=ids)}
    return _all_of(found, ids, "This permit is not on the list of the order. Add it there first.")


def _all_of(found: dict[UUID, Any], ids: list[UUID], text: str) -> list[Any]:
    """Return the rows. Raises `ValidationError` for each id without one."""
    errors: dict[Any, list[ErrorDetail]] = {
        number: [ErrorDetail(text, code="does_not_exist")]
        for number, public_id in enumerate(ids)
        if public_id not in found
    }
    if errors:
        # Keyed by the position in the list, as DRF keys the errors of a list's own validation.
        raise serializers.ValidationError(errors)
    return [*found.values()]
