"""The addresses."""

from __future__ import annotations

from django.urls import path

from orders.api.agencies import AgencyWithdrawals, NamedAgencies
from orders.api.cases import Cases, OneCase
from orders.api.deadlines import Deadlines, OneDeadline, OrderDeadlines
from orders.api.events import Events
from orders.api.firearms import Firearms, OneFirearm, Permits
from orders.api.follow_up_acts import Assignments, Attempts, NextActions
from orders.api.follow_ups import FollowUps, OneFollowUp, OrderFollowUps
from orders.api.hand_overs import HandOverAnswers, HandOvers, HandOverWithdrawals, OneHandOver
from orders.api.happenings import Happenings
from orders.api.hearings import Continuances, Hearings, OneHearing, Outcomes
from orders.api.imports import ImportFiles, Imports, OneImport, Rejects, Starts
from orders.api.orders import OneOrder, Orders
from orders.api.proof import OneReceipt, Receipts, ReceiptWithdrawals, Statements
from orders.api.reference import Closings, OneRule, Rules
from orders.api.referrals import OneReferral, ReferralOutcomes, Referrals
from orders.api.releases import OneRelease, Releases, Revocations
from orders.api.reports import ComplianceReport
from orders.api.respondents import RespondentCorrections
from orders.api.returns import OneReturn, OrderReturns, Returns, ReturnWithdrawals
from orders.api.sendings import Requirements, Sendings
from orders.api.service import ServiceAttempts, ServiceCorrections, Services, ServiceWithdrawals
from orders.api.standing import Extensions, Vacaturs
from orders.api.terms import Completions, OneTerm, Terms

#: What stands under one order.
_OF_AN_ORDER = {
    "services": Services,
    "service-attempts": ServiceAttempts,
    "service-corrections": ServiceCorrections,
    "service-withdrawals": ServiceWithdrawals,
    "agencies": NamedAgencies,
    "agency-withdrawals": AgencyWithdrawals,
    "firearms": Firearms,
    "permits": Permits,
    "receipts": Receipts,
    "statements": Statements,
    "hearings": Hearings,
    "happenings": Happenings,
    "requirements": Requirements,
    "sendings": Sendings,
    "terms": Terms,
    "extensions": Extensions,
    "vacaturs": Vacaturs,
    "respondent-corrections": RespondentCorrections,
    "events": Events,
    "deadlines": OrderDeadlines,
    "follow-ups": OrderFollowUps,
    "releases": Releases,
    "returns": OrderReturns,
}

urlpatterns = [
    path("cases", Cases.as_view(), name="cases"),
    path("cases/<uuid:id>", OneCase.as_view(), name="case"),
    path("orders", Orders.as_view(), name="orders"),
    path("orders/<uuid:id>", OneOrder.as_view(), name="order"),
    *(
        path(f"orders/<uuid:id>/{name}", view.as_view(), name=f"order-{name}")
        for name, view in _OF_AN_ORDER.items()
    ),
    path("firearms/<uuid:id>", OneFirearm.as_view(), name="firearm"),
    path("firearms/<uuid:id>/returns", Returns.as_view(), name="firearm-returns"),
    path("returns/<uuid:id>", OneReturn.as_view(), name="return"),
    path("returns/<uuid:id>/withdrawals", ReturnWithdrawals.as_view(), name="return-withdrawals"),
    path("releases/<uuid:id>", OneRelease.as_view(), name="release"),
    path("releases/<uuid:id>/revocations", Revocations.as_view(), name="release-revocations"),
    path("receipts/<uuid:id>", OneReceipt.as_view(), name="receipt"),
    path("receipts/<uuid:id>/withdrawals", ReceiptWithdrawals.as_view(), name="receipt-withdrawals"),
    path("hearings/<uuid:id>", OneHearing.as_view(), name="hearing"),
    path("hearings/<uuid:id>/continuances", Continuances.as_view(), name="hearing-continuances"),
    path("hearings/<uuid:id>/outcomes", Outcomes.as_view(), name="hearing-outcomes"),
    path("terms/<uuid:id>", OneTerm.as_view(), name="term"),
    path("terms/<uuid:id>/completions", Completions.as_view(), name="term-completions"),
    path("deadlines", Deadlines.as_view(), name="deadlines"),
    path("follow-ups", FollowUps.as_view(), name="follow-ups"),
    path("deadlines/<uuid:id>", OneDeadline.as_view(), name="deadline"),
    path("follow-ups/<uuid:id>", OneFollowUp.as_view(), name="follow-up"),
    path("follow-ups/<uuid:id>/attempts", Attempts.as_view(), name="follow-up-attempts"),
    path("follow-ups/<uuid:id>/assignments", Assignments.as_view(), name="follow-up-assignments"),
    path("follow-ups/<uuid:id>/next-actions", NextActions.as_view(), name="follow-up-next-actions"),
    path("follow-ups/<uuid:id>/hand-overs", HandOvers.as_view(), name="follow-up-hand-overs"),
    path("follow-ups/<uuid:id>/referrals", Referrals.as_view(), name="follow-up-referrals"),
    path("hand-overs/<uuid:id>", OneHandOver.as_view(), name="hand-over"),
    path("hand-overs/<uuid:id>/answers", HandOverAnswers.as_view(), name="hand-over-answers"),
    path("hand-overs/<uuid:id>/withdrawals", HandOverWithdrawals.as_view(), name="hand-over-withdrawals"),
    path("referrals/<uuid:id>", OneReferral.as_view(), name="referral"),
    path("referrals/<uuid:id>/outcomes", ReferralOutcomes.as_view(), name="referral-outcomes"),
    path("imports", Imports.as_view(), name="imports"),
    path("imports/<uuid:id>", OneImport.as_view(), name="import"),
    path("imports/<uuid:id>/files/<str:name>", ImportFiles.as_view(), name="import-file"),
    path("imports/<uuid:id>/starts", Starts.as_view(), name="import-starts"),
    path("imports/<uuid:id>/rejects", Rejects.as_view(), name="import-rejects"),
    path("reference/rules", Rules.as_view(), name="rules"),
    path("reference/rules/<str:id>", OneRule.as_view(), name="rule"),
    path("reference/court-closings", Closings.as_view(), name="court-closings"),
    path("reports/compliance", ComplianceReport.as_view(), name="compliance-report"),
]
