"""Firearms that went back from police to the respondent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import Given, InstantField, NamedField
from accounts.models import POLICE, Agency, User
from orders.api.base import CaseRows, OneRow, RowAct
from orders.api.firearms import OneFirearm
from orders.api.shapes import AsGivenField, OfOrderOut, OrderOut, ReasonIn
from orders.models import Confirmed, Firearm, FirearmReturn, Order
from orders.services import returns


class ReturnOut(OfOrderOut):
    """One firearm that went back."""

    thing = "firearm_return"
    firearm = serializers.UUIDField(source="firearm.public_id")
    returned_at = AsGivenField()
    agency = serializers.CharField(source="agency.name", help_text="Whose custody it came from.")
    officer = serializers.CharField(help_text="Who gave it back.")
    confirmed = serializers.ListField(child=serializers.ChoiceField(choices=Confirmed.choices))


class ReturnIn(Given):
    """The firearm went back."""

    returned_at = InstantField(source="at")
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    officer = serializers.CharField(max_length=120)
    confirmed = serializers.ListField(
        child=serializers.ChoiceField(choices=Confirmed.choices),
        required=False,
        max_length=len(Confirmed),
        help_text="What the law asks before, and was seen to. That the order ended is known from its record.",
    )


def every() -> QuerySet[Any]:
    """Of every order, with all that is shown of one."""
    return FirearmReturn.objects.select_related("firearm", "agency")


def give_back(firearm: Firearm, *, by: User, now: datetime, **facts: Any) -> FirearmReturn:
    """The firearm went back. Raises `InvalidFact`."""
    (returned,) = returns.record_return(firearm.order, firearms=[firearm], by=by, now=now, **facts)
    return returned


class Returns(RowAct):
    """POST: the firearm went back to the respondent, where the law of the order lets it."""

    thing = "firearm"
    acts = {"POST": "return"}
    of = OneFirearm
    makes = shows = ReturnOut
    body = ReturnIn
    service = staticmethod(give_back)
    route = "return"


class OrderReturns(CaseRows):
    """The firearms of the case that went back."""

    thing = "firearm_return"
    every = staticmethod(every)
    shows = ReturnOut


class OneReturn(OneRow):
    """One firearm that went back."""

    thing = "firearm_return"
    every = staticmethod(every)
    shows = ReturnOut


def withdraw(returned: FirearmReturn, *, by: User, now: datetime, reason: str) -> Order:
    """The return was an error. Raises `InvalidFact`."""
    returns.withdraw_return(returned.order, returned=returned, by=by, now=now, reason=reason)
    return returned.order


class ReturnWithdrawals(RowAct):
    """POST: the return was an error; it is gone, and police hold the firearm."""

    thing = "firearm_return"
    acts = {"POST": "withdraw"}
    of = OneReturn
    makes = shows = OrderOut
    body = ReasonIn
    service = staticmethod(withdraw)
    route = "order"
