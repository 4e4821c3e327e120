"""What the respondent is believed to hold: firearms, and leave to have them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import Given
from orders.api.base import CaseRows, OneRow, OrderAct, OrderRows
from orders.api.shapes import OfOrderOut
from orders.models import Firearm, FirearmSource, FirearmStatus, Permit
from orders.services import surrender


class FirearmOut(OfOrderOut):
    """One item that the respondent is believed to hold, under the order that named it."""

    thing = "firearm"
    serial = serializers.CharField(help_text="Empty where it is not known.")
    make = serializers.CharField()
    model = serializers.CharField()
    caliber = serializers.CharField()
    firearm_type = serializers.CharField()
    source = serializers.ChoiceField(choices=FirearmSource.choices)  # type: ignore[assignment]
    status = serializers.ChoiceField(choices=FirearmStatus.choices, help_text="As far as proof goes.")


class FirearmIn(Given):
    """One item; at least one of serial, make, model or type describes it."""

    source = serializers.ChoiceField(choices=FirearmSource.choices)  # type: ignore[assignment]
    serial = serializers.CharField(max_length=40, required=False, allow_blank=True)
    make = serializers.CharField(max_length=23, required=False, allow_blank=True)
    model = serializers.CharField(max_length=20, required=False, allow_blank=True)
    caliber = serializers.CharField(max_length=10, required=False, allow_blank=True)
    firearm_type = serializers.CharField(max_length=10, required=False, allow_blank=True)


def firearms() -> QuerySet[Firearm]:
    """Of every order."""
    return Firearm.objects.all()


class Firearms(CaseRows, OrderAct):
    """What the respondent is believed to hold: one list for all orders of the case. POST adds to it."""

    thing = "firearm"
    acts = {"GET": "view", "POST": "add"}
    every = staticmethod(firearms)
    shows = FirearmOut
    body = FirearmIn
    service = staticmethod(surrender.list_firearm)
    route = "firearm"


class OneFirearm(OneRow):
    """One item, and where it is as far as proof goes."""

    thing = "firearm"
    every = staticmethod(firearms)
    shows = FirearmOut


class PermitOut(OfOrderOut):
    """A permit or certificate that the respondent holds."""

    thing = "permit"
    kind = serializers.CharField()
    number = serializers.CharField()
    handed_in_on = serializers.DateField(allow_null=True)


class PermitIn(Given):
    """A permit or certificate."""

    kind = serializers.CharField(max_length=60, help_text="Such as pistol permit.")
    number = serializers.CharField(max_length=40, required=False, allow_blank=True)


class Permits(OrderRows, OrderAct):
    """The permits and certificates that the respondent holds; POST lists one."""

    thing = "permit"
    acts = {"GET": "view", "POST": "add"}
    shows = PermitOut
    body = PermitIn
    service = staticmethod(surrender.record_permit)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Permit.objects.all()
