"""How long an order stands."""

from __future__ import annotations

from accounts.api.body import DayField, Given, InstantField
from orders.api.base import OrderAct
from orders.api.shapes import OrderOut, ReasonIn
from orders.services import term


class ExtensionIn(Given):
    """The court extended the order."""

    expires_on = DayField(help_text="The new last day.")


class Extensions(OrderAct):
    """POST: the order is extended; expiry and the windows before it are planned anew."""

    thing = "order"
    acts = {"POST": "extend"}
    shows = OrderOut
    body = ExtensionIn
    service = staticmethod(term.extend_order)
    route = "order"


class VacaturIn(ReasonIn):
    """The court ended the order."""

    vacated_at = InstantField(source="at")


class Vacaturs(OrderAct):
    """POST: the order has ended; what was still open is withdrawn."""

    thing = "order"
    acts = {"POST": "vacate"}
    shows = OrderOut
    body = VacaturIn
    service = staticmethod(term.vacate_order)
    route = "order"
