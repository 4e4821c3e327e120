"""The acts on an order, by name, for every page that offers them. Each subject declares its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404

from orders.forms import (
    conditions,
    corrections,
    firearms,
    hearings,
    items,
    orders,
    parties,
    proof,
    returns,
    service,
)
from orders.forms.base import Act
from orders.models import Order

#: In the order in which their buttons appear.
ACTS = {
    act.name: act
    for subject in (
        service,
        firearms,
        proof,
        returns,
        hearings,
        orders,
        conditions,
        parties,
        corrections,
        items,
    )
    for act in subject.ACTS
}


def item_of(act: Act, order: Order, query: Mapping[str, str]) -> Any:
    """Return the item that the query of an address names. None for an act on the order.

    Also None if the item is gone or was changed so that the act no longer applies. Raises `Http404` if the
    query names no item.
    """
    if act.fact is None:
        return None
    try:
        public_id = UUID(query.get("item", ""))
    except ValueError as error:
        raise Http404 from error
    item: Any = act.fact.model._default_manager.filter(order=order, public_id=public_id).first()
    if item is None:
        return None
    item.order = order
    return item if act.is_offered_for(item) else None


def initial_of(act: Act, query: Mapping[str, str]) -> dict[str, str]:
    """Return the values that the query of an address gives, as far as the act takes them from there."""
    names = {*act.prefilled, *(["kind"] if act.variants else [])}
    return {name: query.get(name, "") for name in names}
