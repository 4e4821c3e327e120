"""A follow-up laid before a prosecutor, and what the prosecutor makes of it."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Capacity, Concern, FollowUp, Referral, ReferralOutcome
from orders.services.change import court_day, need_one_of, need_reason
from orders.services.follow_ups import acting_on, check_for


def refer(follow_up: FollowUp, *, agency: Agency, reason: str, by: User, now: datetime) -> Referral:
    """The prosecutor's office `agency` is to look at the task, and sees the order from now on.

    The police go on answering for the task. Raises `InvalidFact`.
    """
    with acting_on(follow_up, "referred", by=by, now=now, reason=need_reason(reason)) as (change, row):
        check_for(row.owner_id, by, "add", "referral")
        if agency.kind != AgencyKind.PROSECUTOR:
            raise InvalidFact("agency", "not_a_prosecutor", f"{agency} is no state's attorney; choose one.")
        if standing := row.referrals.filter(outcome="").select_related("agency").first():
            raise InvalidFact(
                "agency", "already_referred", f"It lies before {standing.agency}, which has not decided yet."
            )
        change.data["referral"] = {"to": agency.name}
        Concern.objects.get_or_create(order=change.order, agency=agency, capacity=Capacity.PROSECUTOR)
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
    """The prosecutor decided on that court day. Raises `InvalidFact`."""
    with acting_on(referral.follow_up, "referral_decided", by=by, now=now) as (change, _row):
        found = Referral.objects.select_related("agency", "order__case").get(pk=referral.pk)
        check_for(found.agency_id, by, "decide", "referral")
        if found.outcome:
            raise InvalidFact(
                "outcome", "already_decided", f"This is decided already: {found.get_outcome_display()}."
            )
        need_one_of("outcome", "unknown_outcome", outcome, ReferralOutcome.values)
        if decided_on > court_day(change.order, now):
            raise InvalidFact("decided_on", "in_the_future", f"{decided_on} lies ahead; record it then.")
        if decided_on < court_day(change.order, found.referred_at):
            raise InvalidFact(
                "decided_on",
                "decided_before_referred",
                f"{decided_on} is before it was referred. Correct the day.",
            )
        found.outcome, found.decided_on, found.decided_by = outcome, decided_on, by
        found.save(update_fields=["outcome", "decided_on", "decided_by"])
        change.data["referral"] = {"to": found.agency.name, "outcome": outcome}
    return found
