"""The acts on the court's page of an order, by name. Each subject declares its own beside its forms."""

from __future__ import annotations

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
