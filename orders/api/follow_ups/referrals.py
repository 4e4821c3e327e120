"""Referral of a follow-up to a prosecutor, and its outcome."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField, NamedField
from accounts.api.serializers import InputSerializer
from accounts.models import Agency, AgencyKind
from orders.api.base import ChildAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.follow_ups.follow_ups import FollowUpChildList, FollowUpChildOutput, FollowUpDetail
from orders.models import Referral, ReferralOutcome
from orders.services.follow_ups import referrals

REFERRALS = Referral.objects.select_related("follow_up", "agency", "referred_by", "decided_by")


class ReferralOutput(FollowUpChildOutput):
    """A referral of the follow-up to a prosecutor."""

    resource = "referral"
    agency = serializers.CharField(source="agency.name")
    reason = serializers.CharField()
    referred_at = InstantField()
    referred_by = serializers.CharField(source="referred_by.name")
    outcome = serializers.CharField(help_text="Empty until the prosecutor decides.")
    decided_on = serializers.DateField(allow_null=True)
    decided_by = serializers.CharField(source="decided_by.name", allow_null=True)
    decision_reason = serializers.CharField(help_text="Why the prosecutor decided so.")


class ReferralInput(InputSerializer):
    """The follow-up is referred to a prosecutor's office, which sees the order from then on."""

    agency = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.PROSECUTOR))
    reason = serializers.CharField(max_length=500)


class ReferralList(FollowUpChildList, ChildAction):
    """The referrals of one follow-up. POST makes one."""

    resource = "referral"
    actions = {"GET": "view", "POST": "add"}
    queryset = REFERRALS
    detail_view = FollowUpDetail
    input = ReferralInput
    output = ReferralOutput
    service = staticmethod(referrals.refer)
    detail_route = "referral"


class ReferralDetail(CorrectableDetail):
    """One referral. PATCH corrects why it was made; `why_referred` replaces that reason."""

    resource = "referral"
    queryset = REFERRALS
    input = correction_of(
        ReferralInput,
        leave_out=["agency"],
        extra={"why_referred": serializers.CharField(max_length=500, required=False)},
        name="ReferralCorrectionInput",
    )
    output = ReferralOutput


class ReferralWithdrawalCreate(WithdrawalCreate):
    """POST: the referral was an error and is removed. The office no longer sees the order because of it."""

    resource = "referral"
    detail_view = ReferralDetail


class ReferralOutcomeInput(InputSerializer):
    """The prosecutor decided."""

    outcome = serializers.ChoiceField(choices=ReferralOutcome.choices)
    decided_on = DayField(help_text="The day, in court time.")
    decision_reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="Why. Needed if it is declined or resolved without a charge.",
    )


class ReferralOutcomeCreate(ChildAction):
    """POST: the prosecutor decided."""

    resource = "referral"
    actions = {"POST": "decide"}
    detail_view = ReferralDetail
    input = ReferralOutcomeInput
    output = ReferralOutput
    service = staticmethod(referrals.record_outcome)
    detail_route = "referral"


class ReferralDecisionWithdrawalCreate(WithdrawalCreate):
    """POST: the decision was recorded in error, and the referral waits for one again."""

    resource = "referral"
    actions = {"POST": "withdraw_decision"}
    detail_view = ReferralDetail
    service = staticmethod(referrals.REFERRAL_DECISION.withdraw)


urlpatterns = [
    path("follow-ups/<uuid:id>/referrals", ReferralList.as_view(), name="follow-up-referrals"),
    path("referrals/<uuid:id>", ReferralDetail.as_view(), name="referral"),
    path("referrals/<uuid:id>/outcomes", ReferralOutcomeCreate.as_view(), name="referral-outcomes"),
    path("referrals/<uuid:id>/withdrawals", ReferralWithdrawalCreate.as_view(), name="referral-withdrawals"),
    path(
        "referrals/<uuid:id>/outcome-withdrawals",
        ReferralDecisionWithdrawalCreate.as_view(),
        name="referral-outcome-withdrawals",
    ),
]
