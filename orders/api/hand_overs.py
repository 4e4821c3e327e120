"""A follow-up offered to police elsewhere: offered, answered, withdrawn."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, InstantField, NamedField
from accounts.api.problems import Fault, Problem
from accounts.models import POLICE, Agency
from orders.api.base import OneRow, RowAct
from orders.api.follow_up_acts import FollowUpRows, OfFollowUpOut
from orders.api.follow_ups import OneFollowUp
from orders.models import HandOver
from orders.services import hand_overs

_SHOWN = ("from_agency", "to_agency", "offered_by", "answered_by")


class HandOverOut(OfFollowUpOut):
    """An offer that another police agency answer for the task. While it is open the first one does."""

    thing = "hand_over"
    from_agency = serializers.CharField(source="from_agency.name")
    to_agency = serializers.CharField(source="to_agency.name")
    reason = serializers.CharField(help_text="Why it was offered.")
    offered_at = InstantField()
    offered_by = serializers.CharField(source="offered_by.name")
    accepted = serializers.BooleanField(allow_null=True, help_text="Null while it was not answered.")
    answer = serializers.CharField(help_text="Why it was refused.")
    answered_at = InstantField(allow_null=True)
    answered_by = serializers.CharField(source="answered_by.name", allow_null=True)
    withdrawn_at = InstantField(allow_null=True, help_text="Taken back, or overtaken by a met deadline.")


class HandOverIn(Given):
    """The task is offered to another police agency, which sees the order from then on."""

    to_agency = NamedField(source="to", queryset=Agency.objects.filter(kind__in=POLICE))
    reason = serializers.CharField(max_length=500)


class HandOverAnswerIn(Given):
    """The agency asked accepts, or refuses with its reason."""

    accepted = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, required=False, help_text="Required for a refusal.")

    @override
    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Refuses a refusal without its reason."""
        if not given["accepted"] and not given.get("reason"):
            fault = Fault("reason", "required", "Say why it is refused.")
            raise Problem("refused", faults=[fault])
        return given


def every() -> QuerySet[Any]:
    """Of every order, with all that is shown of one."""
    return HandOver.objects.select_related("follow_up", *_SHOWN)


class HandOvers(FollowUpRows, RowAct):
    """The offers of one follow-up; POST makes one."""

    thing = "hand_over"
    acts = {"GET": "view", "POST": "add"}
    rows_of = HandOver.objects
    related = _SHOWN
    of = OneFollowUp
    shows = HandOverOut
    body = HandOverIn
    service = staticmethod(hand_overs.offer_hand_over)
    route = "hand-over"


class OneHandOver(OneRow):
    """One offer."""

    thing = "hand_over"
    every = staticmethod(every)
    shows = HandOverOut


class HandOverAnswers(RowAct):
    """POST: the agency asked accepts or refuses. Who refuses may not see the offer any more."""

    thing = "hand_over"
    acts = {"POST": "answer"}
    of = OneHandOver
    shows = HandOverOut
    body = HandOverAnswerIn
    service = staticmethod(hand_overs.answer_hand_over)
    route = "hand-over"


class NothingIn(Given):
    """Nothing is asked."""


class HandOverWithdrawals(RowAct):
    """POST: the offer no longer stands."""

    thing = "hand_over"
    acts = {"POST": "withdraw"}
    of = OneHandOver
    shows = HandOverOut
    body = NothingIn
    service = staticmethod(hand_overs.withdraw_hand_over)
    route = "hand-over"
