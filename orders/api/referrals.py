"""A follow-up laid before a prosecutor, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import DayField, Given, InstantField, NamedField
from accounts.models import Agency, AgencyKind
from orders.api.base import OneRow, RowAct
from orders.api.follow_up_acts import FollowUpRows, OfFollowUpOut
from orders.api.follow_ups import OneFollowUp
from orders.models import Referral, ReferralOutcome
from orders.services import referrals

_SHOWN = ("agency", "referred_by", "decided_by")


class ReferralOut(OfFollowUpOut):
    """The task lies, or lay, before a prosecutor."""

    thing = "referral"
    agency = serializers.CharField(source="agency.name")
    reason = serializers.CharField()
    referred_at = InstantField()
    referred_by = serializers.CharField(source="referred_by.name")
    outcome = serializers.CharField(help_text="Empty until it is decided.")
    decided_on = serializers.DateField(allow_null=True)
    decided_by = serializers.CharField(source="decided_by.name", allow_null=True)


class ReferralIn(Given):
    """The task is laid before a prosecutor's office, which sees the order from then on."""

    agency = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.PROSECUTOR))
    reason = serializers.CharField(max_length=500)


class ReferralOutcomeIn(Given):
    """The prosecutor decided."""

    outcome = serializers.ChoiceField(choices=ReferralOutcome.choices)
    decided_on = DayField(help_text="The court day.")


def every() -> QuerySet[Any]:
    """Of every order, with all that is shown of one."""
    return Referral.objects.select_related("follow_up", *_SHOWN)


class Referrals(FollowUpRows, RowAct):
    """The referrals of one follow-up; POST makes one."""

    thing = "referral"
    acts = {"GET": "view", "POST": "add"}
    rows_of = Referral.objects
    related = _SHOWN
    of = OneFollowUp
    shows = ReferralOut
    body = ReferralIn
    service = staticmethod(referrals.refer)
    route = "referral"


class OneReferral(OneRow):
    """One referral."""

    thing = "referral"
    every = staticmethod(every)
    shows = ReferralOut


class ReferralOutcomes(RowAct):
    """POST: the prosecutor decided."""

    thing = "referral"
    acts = {"POST": "decide"}
    of = OneReferral
    shows = ReferralOut
    body = ReferralOutcomeIn
    service = staticmethod(referrals.record_outcome)
    route = "referral"
