"""Referral of a follow-up to a prosecutor, and the outcome."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day
from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Capacity, FollowUp, OrderAgency, Referral, ReferralOutcome
from orders.services.court_days import check_day_not_in_future, court_day
from orders.services.follow_ups.actions import acting_on, check_for
from orders.services.validation import check_own_state, need_one_of, need_reason


def refer(follow_up: FollowUp, *, agency: Agency, reason: str, by: User, now: datetime) -> Referral:
    """Refer the task to the prosecutor's office `agency`, which sees the order from now on.

    The police stay responsible for the task. Raises `InvalidFact`.
    """
    with acting_on(follow_up, "referred", by=by, now=now, reason=need_reason(reason)) as (change, row):
        check_for(row.owner_id, by, "add", "referral")
        if agency.kind != AgencyKind.PROSECUTOR:
            raise InvalidFact(
                "agency", "not_a_prosecutor", f"{agency} is not a state's attorney. Choose one."
            )
        check_own_state(change.order, agency)
        if pending := row.referrals.filter(outcome="").select_related("agency").first():
            raise InvalidFact(
                "agency",
                "already_referred",
                f"It is already referred to {pending.agency}, which has not decided yet.",
            )
        change.data["referral"] = {"to": agency.name}
        OrderAgency.objects.get_or_create(order=change.order, agency=agency, capacity=Capacity.PROSECUTOR)
        return Referral.objects.create(
            follow_up=row,
            order=change.order,
            agency=agency,
            reason=reason.strip(),
            referred_at=now,
            referred_by=by,
        )


def record_outcome(
    referral: Referral, *, outcome: str, decided_on: date, by: User, now: datetime
) -> Referral:
    """Record the prosecutor's decision on a court day. Raises `InvalidFact`."""
    with acting_on(referral.follow_up, "referral_decided", by=by, now=now) as (change, _row):
        found = Referral.objects.select_related("agency", "order__case").get(pk=referral.pk)
        check_for(found.agency_id, by, "decide", "referral")
        if found.outcome:
            raise InvalidFact(
                "outcome", "already_decided", f"This is already decided: {found.get_outcome_display()}."
            )
        need_one_of("outcome", "unknown_outcome", outcome, ReferralOutcome.values)
        check_day_not_in_future("decided_on", change.order, decided_on, now=now)
        if decided_on < court_day(change.order, found.referred_at):
            raise InvalidFact(
                "decided_on",
                "decided_before_referred",
                f"{format_day(decided_on)} is before the day of the referral. Correct the day.",
            )
        found.outcome, found.decided_on, found.decided_by = outcome, decided_on, by
        found.save(update_fields=["outcome", "decided_on", "decided_by"])
        change.data["referral"] = {"to": found.agency.name, "outcome": outcome}
    return found
