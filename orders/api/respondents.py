"""What was entered of the respondent, put right."""

from __future__ import annotations

from datetime import datetime

from rest_framework import serializers

from accounts.api.body import NamedField
from accounts.api.problems import Fault, Problem
from accounts.models import Town, User
from orders.api.base import OrderAct
from orders.api.shapes import OrderOut, ReasonIn
from orders.models import Order
from orders.services import entry


class RespondentCorrectionIn(ReasonIn):
    """The respondent lives elsewhere: in another town, at another address, or both."""

    town = NamedField(
        queryset=Town.objects.select_related("police"), required=False, help_text="Its police are told."
    )
    address = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Empty where it is not known."
    )


def correct(
    order: Order,
    *,
    by: User,
    now: datetime,
    reason: str,
    town: Town | None = None,
    address: str | None = None,
) -> Order:
    """What is given is put right, each an act of its own. Raises `InvalidFact`, or `Problem` for nothing."""
    if town is None and address is None:
        raise Problem("refused", faults=[Fault("body", "required", "Give the town, the address, or both.")])
    if town is not None:
        order = entry.correct_respondent_town(order, town=town, by=by, now=now, reason=reason)
    if address is not None:
        order = entry.correct_respondent_address(order, address=address, by=by, now=now, reason=reason)
    return order


class RespondentCorrections(OrderAct):
    """POST: in every order against the respondent the police of the town are concerned from now on."""

    thing = "respondent"
    acts = {"POST": "correct"}
    shows = OrderOut
    body = RespondentCorrectionIn
    service = staticmethod(correct)
    route = "order"
