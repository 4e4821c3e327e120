"""Hearings: set, continued, held."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import DayField, Given
from orders.api.base import OneRow, OrderAct, OrderRows, RowAct
from orders.api.shapes import OfOrderOut
from orders.models import Hearing, HearingOutcome, HearingPurpose
from orders.services import hearings


class HearingOut(OfOrderOut):
    """A hearing: set for a day, then held or not held."""

    thing = "hearing"
    purpose = serializers.ChoiceField(choices=HearingPurpose.choices)
    scheduled_on = serializers.DateField()
    scheduled_time = serializers.TimeField(allow_null=True, help_text="Court time, where it is known.")
    held_on = serializers.DateField(allow_null=True)
    outcome = serializers.CharField(help_text="Empty while it is awaited.")


class HearingIn(Given):
    """A hearing is set."""

    purpose = serializers.ChoiceField(choices=HearingPurpose.choices)
    scheduled_on = DayField(source="on")
    scheduled_time = serializers.TimeField(source="at", required=False, allow_null=True)


class ContinuanceIn(Given):
    """A hearing is put off to another day."""

    scheduled_on = DayField(source="to", help_text="The new day.")
    scheduled_time = serializers.TimeField(source="at", required=False, allow_null=True)


class OutcomeIn(Given):
    """A hearing was held."""

    outcome = serializers.ChoiceField(
        choices=[one for one in HearingOutcome.choices if one[0] != HearingOutcome.CONTINUED]
    )
    held_on = DayField()


def every() -> QuerySet[Hearing]:
    """Of every order."""
    return Hearing.objects.all()


class Hearings(OrderRows, OrderAct):
    """The hearings; POST sets one."""

    thing = "hearing"
    acts = {"GET": "view", "POST": "add"}
    every = staticmethod(every)
    shows = HearingOut
    body = HearingIn
    service = staticmethod(hearings.schedule_hearing)
    route = "hearing"


class OneHearing(OneRow):
    """One hearing."""

    thing = "hearing"
    every = staticmethod(every)
    shows = HearingOut


class Continuances(RowAct):
    """POST: the hearing is put off; answers the one of the new day."""

    thing = "hearing"
    acts = {"POST": "continue"}
    of = OneHearing
    shows = HearingOut
    body = ContinuanceIn
    service = staticmethod(hearings.continue_hearing)
    route = "hearing"


class Outcomes(RowAct):
    """POST: the hearing was held."""

    thing = "hearing"
    acts = {"POST": "hold"}
    of = OneHearing
    shows = HearingOut
    body = OutcomeIn
    service = staticmethod(hearings.record_hearing)
    route = "hearing"
