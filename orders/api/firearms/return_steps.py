"""What is checked, held back and decided about a request for the return of firearms."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import POLICE, Agency, AgencyKind
from orders.api.base import CaseChildList, ChildAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.requests import CustodyRequestDetail
from orders.api.serializers import AsGivenField, OrderChildOutput
from orders.models import Confirmed, ReturnCheck, ReturnDecision, ReturnHold, ReturnOutcome
from orders.services.firearms import return_steps


class _StepOutput(OrderChildOutput):
    """A step of a request for return."""

    request = serializers.UUIDField(source="request.public_id")
    agency = serializers.CharField(source="agency.name")


class ReturnCheckOutput(_StepOutput):
    """One check before a return. The latest of its condition counts."""

    resource = "return_check"
    condition = serializers.ChoiceField(choices=Confirmed.choices)
    is_confirmed = serializers.BooleanField()
    checked_at = AsGivenField()
    checked_by = serializers.CharField(help_text="The person who checked.")
    note = serializers.CharField()


class ReturnCheckInput(InputSerializer):
    """Police or the court checked a condition of the return."""

    condition = serializers.ChoiceField(choices=Confirmed.choices)
    is_confirmed = serializers.BooleanField()
    checked_at = InstantField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=[*POLICE, AgencyKind.COURT]))
    checked_by = serializers.CharField(max_length=120)
    note = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Needed for what was not confirmed."
    )


class ReturnCheckDetail(CorrectableDetail):
    """One check before a return. PATCH corrects it."""

    resource = "return_check"
    queryset = ReturnCheck.objects.select_related("request", "agency")
    input = correction_of(ReturnCheckInput)
    output = ReturnCheckOutput


class ReturnCheckCreate(ChildAction):
    """POST: a condition of the return was checked."""

    resource = "return_check"
    actions = {"POST": "add"}
    detail_view = CustodyRequestDetail
    input = ReturnCheckInput
    output = ReturnCheckOutput
    service = staticmethod(return_steps.record_return_check)
    detail_route = "return-check"
    undo = "return-check-withdrawals"


class ReturnCheckWithdrawalCreate(WithdrawalCreate):
    """POST: the check was recorded in error and is removed."""

    resource = "return_check"
    detail_view = ReturnCheckDetail
    undo = "custody-request-checks"


class ReturnCheckList(CaseChildList):
    """The checks before returns of the case."""

    resource = "return_check"
    queryset = ReturnCheckDetail.queryset
    output = ReturnCheckOutput


class ReturnHoldOutput(_StepOutput):
    """Police hold firearms back after a request. The end of the hold is a deadline."""

    resource = "return_hold"
    held_at = AsGivenField()
    ends_on = serializers.DateField(help_text="The last day of the hold.")
    officer = serializers.CharField()
    why = serializers.CharField()


class ReturnHoldInput(InputSerializer):
    """Police hold the firearms back through a day, with a reason."""

    held_at = InstantField()
    ends_on = DayField(help_text="Police decide by the end of this day.")
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    officer = serializers.CharField(max_length=120)
    why = serializers.CharField(
        max_length=500, help_text="The reason. It must not name the protected person."
    )


class ReturnHoldDetail(CorrectableDetail):
    """One hold. PATCH corrects it, also to end it earlier."""

    resource = "return_hold"
    queryset = ReturnHold.objects.select_related("request", "agency")
    input = correction_of(ReturnHoldInput)
    output = ReturnHoldOutput


class ReturnHoldCreate(ChildAction):
    """POST: police hold the firearms of the request back."""

    resource = "return_hold"
    actions = {"POST": "add"}
    detail_view = CustodyRequestDetail
    input = ReturnHoldInput
    output = ReturnHoldOutput
    service = staticmethod(return_steps.record_return_hold)
    detail_route = "return-hold"
    undo = "return-hold-withdrawals"


class ReturnHoldWithdrawalCreate(WithdrawalCreate):
    """POST: the hold was recorded in error and is removed."""

    resource = "return_hold"
    detail_view = ReturnHoldDetail
    undo = "custody-request-holds"


class ReturnHoldList(CaseChildList):
    """The holds of firearms of the case."""

    resource = "return_hold"
    queryset = ReturnHoldDetail.queryset
    output = ReturnHoldOutput


class ReturnDecisionOutput(_StepOutput):
    """A request for return ended without a return."""

    resource = "return_decision"
    outcome = serializers.ChoiceField(choices=ReturnOutcome.choices)
    decided_at = AsGivenField()
    officer = serializers.CharField()
    why = serializers.CharField()


class ReturnDecisionInput(InputSerializer):
    """Police refused the return, or the respondent withdrew the request."""

    outcome = serializers.ChoiceField(choices=ReturnOutcome.choices)
    decided_at = InstantField()
    agency = NamedField(queryset=Agency.objects.filter(kind__in=POLICE))
    officer = serializers.CharField(max_length=120)
    why = serializers.CharField(
        max_length=500, help_text="The reason. It must not name the protected person."
    )


class ReturnDecisionDetail(CorrectableDetail):
    """How one request ended. PATCH corrects it."""

    resource = "return_decision"
    queryset = ReturnDecision.objects.select_related("request", "agency")
    input = correction_of(ReturnDecisionInput)
    output = ReturnDecisionOutput


class ReturnDecisionCreate(ChildAction):
    """POST: the request ended without a return. Its time for the return ends, and is not met."""

    resource = "return_decision"
    actions = {"POST": "add"}
    detail_view = CustodyRequestDetail
    input = ReturnDecisionInput
    output = ReturnDecisionOutput
    service = staticmethod(return_steps.decide_return)
    detail_route = "return-decision"
    undo = "return-decision-withdrawals"


class ReturnDecisionWithdrawalCreate(WithdrawalCreate):
    """POST: the decision was recorded in error and is removed. The request is open again."""

    resource = "return_decision"
    detail_view = ReturnDecisionDetail
    undo = "custody-request-decisions"


class ReturnDecisionList(CaseChildList):
    """How requests for return of the case ended without a return."""

    resource = "return_decision"
    queryset = ReturnDecisionDetail.queryset
    output = ReturnDecisionOutput


urlpatterns = [
    path("orders/<uuid:id>/return-checks", ReturnCheckList.as_view(), name="order-return-checks"),
    path("orders/<uuid:id>/return-holds", ReturnHoldList.as_view(), name="order-return-holds"),
    path("orders/<uuid:id>/return-decisions", ReturnDecisionList.as_view(), name="order-return-decisions"),
    path("custody-requests/<uuid:id>/checks", ReturnCheckCreate.as_view(), name="custody-request-checks"),
    path("custody-requests/<uuid:id>/holds", ReturnHoldCreate.as_view(), name="custody-request-holds"),
    path(
        "custody-requests/<uuid:id>/decisions",
        ReturnDecisionCreate.as_view(),
        name="custody-request-decisions",
    ),
    path("return-checks/<uuid:id>", ReturnCheckDetail.as_view(), name="return-check"),
    path("return-holds/<uuid:id>", ReturnHoldDetail.as_view(), name="return-hold"),
    path("return-decisions/<uuid:id>", ReturnDecisionDetail.as_view(), name="return-decision"),
    path(
        "return-checks/<uuid:id>/withdrawals",
        ReturnCheckWithdrawalCreate.as_view(),
        name="return-check-withdrawals",
    ),
    path(
        "return-holds/<uuid:id>/withdrawals",
        ReturnHoldWithdrawalCreate.as_view(),
        name="return-hold-withdrawals",
    ),
    path(
        "return-decisions/<uuid:id>/withdrawals",
        ReturnDecisionWithdrawalCreate.as_view(),
        name="return-decision-withdrawals",
    ),
]
