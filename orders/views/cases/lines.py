"""What is recorded about a case, in words, with the acts that put it right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from orders.forms.acts import ACTS
from orders.forms.base import Act
from orders.models import Order, Receipt


@dataclass(frozen=True, kw_only=True)
class CaseAct:
    """An act that the reader may do: its title and the address of its form."""

    title: str
    address: str


@dataclass(frozen=True, kw_only=True)
class ItemLine:
    """One recorded fact in words, with the acts that put it right."""

    words: str
    acts: Sequence[CaseAct]
    #: The receipt, if the fact is one: its place and its signed paper are shown too.
    receipt: Receipt | None = None


def act_address(order: Order, act: Act) -> str:
    """Return the address of the form of an act on an order."""
    return reverse("case-act", args=[order.public_id, act.name])


def item_acts(row: Any, order: Order, roles: Collection[str]) -> list[CaseAct]:
    """Return the acts that put the row right. What belongs to another order is put right on its page."""
    if row.order_id != order.pk:
        return []
    row.order = order
    return [
        CaseAct(title=act.link, address=f"{act_address(order, act)}?{urlencode({'item': row.public_id})}")
        for act in ACTS.values()
        if act.fact is not None and act.is_permitted(roles) and act.is_offered_for(row)
    ]
