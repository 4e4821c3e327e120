"""Dated happenings that rules look at and that have no address of their own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import DayField, InstantField
from orders.api.base import OrderAct, OrderRows
from orders.api.shapes import AsGivenField, EitherIn, OfOrderOut
from orders.models import Happening
from orders.services.term import RECORDABLE, record_happening


class HappeningOut(OfOrderOut):
    """Something that happened, on a day or at an instant."""

    thing = "happening"
    kind = serializers.CharField()
    happened_on = serializers.DateField(help_text="The day, in court time.")
    happened_at = AsGivenField(allow_null=True)


class HappeningIn(EitherIn):
    """Something happened, such as a motion to extend being filed."""

    kind = serializers.ChoiceField(choices=sorted(RECORDABLE))
    happened_on = DayField(source="on", required=False, allow_null=True)
    happened_at = InstantField(source="at", required=False, allow_null=True)


class Happenings(OrderRows, OrderAct):
    """What happened; POST records it."""

    thing = "happening"
    acts = {"GET": "view", "POST": "add"}
    shows = HappeningOut
    body = HappeningIn
    service = staticmethod(record_happening)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Happening.objects.all()
