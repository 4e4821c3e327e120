"""Referral of a follow-up to a prosecutor, and the outcome: recorded, corrected, withdrawn."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day, format_instant
from accounts.models import Agency, AgencyKind, User
from accounts.text import clean
from orders.models import Capacity, FollowUp, OrderAgency, Referral, ReferralOutcome
from orders.services.correctable import ChoiceColumn, Column, Correctable, DayColumn, FixedColumn
from orders.services.court_days import check_day_not_in_future, court_day, zone_of
from orders.services.follow_ups.actions import acting_on, check_for
from orders.services.one_round import refuse
from orders.services.validation import check_own_state, need_one_of, need_reason

#: Decisions that end the matter for the office: they need a reason.
NEEDS_REASON = (ReferralOutcome.DECLINED, ReferralOutcome.RESOLVED)


def refer(follow_up: FollowUp, *, agency: Agency, reason: str, by: User, now: datetime) -> Referral:
    """Refer the task to the prosecutor's office `agency`, which sees the order from now on.

    The police stay responsible for the task. Raises `InvalidFact`.
    """
    with acting_on(follow_up, "referred", by=by, now=now, reason=need_reason(reason)) as (change, row):
        check_for(row.owner_id, by, "add", "referral")
        if agency.kind != AgencyKind.PROSECUTOR:
            refuse("agency", "not_a_prosecutor", f"{agency} is not a state's attorney. Choose one.")
        check_own_state(change.order, agency)
        if pending := row.referrals.filter(outcome="").select_related("agency").first():
            refuse(
                "agency",
                "already_referred",
                f"It is already referred to {pending.agency}, which has not decided yet.",
            )
        change.data["referral"] = {"to": agency.name}
        _, is_new = OrderAgency.objects.get_or_create(
            order=change.order, agency=agency, capacity=Capacity.PROSECUTOR
        )
        return Referral.objects.create(
            follow_up=row,
            order=change.order,
            agency=agency,
            reason=reason.strip(),
            referred_at=now,
            referred_by=by,
            added_agency=is_new,
        )


def record_outcome(
    referral: Referral,
    *,
    outcome: str,
    decided_on: date,
    by: User,
    now: datetime,
    decision_reason: str = "",
) -> Referral:
    """Record the prosecutor's decision on a court day, with its reason. Raises `InvalidFact`.

    Only a decision that goes on with the case may be without a reason. Firearms that come in later close the
    task of police, and not the referral of what was late.
    """
    frame = acting_on(referral.follow_up, "referral_decided", by=by, now=now, also_when_closed=True)
    with frame as (change, _row):
        found = Referral.objects.select_related("agency", "order__case").get(pk=referral.pk)
        check_for(found.agency_id, by, "decide", "referral")
        if found.outcome:
            refuse("outcome", "already_decided", f"This is already decided: {found.get_outcome_display()}.")
        need_one_of("outcome", "unknown_outcome", outcome, ReferralOutcome.values)
        why = clean(decision_reason)
        if not why and outcome in NEEDS_REASON:
            refuse("decision_reason", "required", "Enter why: police read it and decide what they do next.")
        check_day_not_in_future("decided_on", change.order, decided_on, now=now)
        if decided_on < court_day(change.order, found.referred_at):
            refuse(
                "decided_on",
                "decided_before_referred",
                f"{format_day(decided_on)} is before the day of the referral. Correct the day.",
            )
        found.outcome, found.decided_on, found.decided_by = outcome, decided_on, by
        found.decision_reason = why
        found.save(update_fields=["outcome", "decided_on", "decided_by", "decision_reason"])
        change.data["referral"] = {"to": found.agency.name, "outcome": outcome}
    return found


def check_referral(referral: Referral, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved referral. Raises `InvalidFact`."""
    referral.reason = need_reason(referral.reason)


def _check_owner(referral: Referral, by: User) -> None:
    check_for(referral.follow_up.owner_id, by, "withdraw", "referral")


def _check_office(referral: Referral, by: User) -> None:
    check_for(referral.agency_id, by, "withdraw_decision", "referral")


def _check_undecided(referral: Referral) -> None:
    if referral.outcome:
        refuse(
            "referral",
            "decided",
            f"{referral.agency} decided it ({referral.get_outcome_display().lower()}). That office withdraws "
            "its decision first.",
        )


def _remove_referral(referral: Referral) -> None:
    """Remove the referral. The office no longer sees the order if it saw it for this referral only."""
    others = Referral.objects.filter(order=referral.order_id, agency=referral.agency_id)
    if referral.added_agency:
        later = others.exclude(pk=referral.pk).order_by("id").first()
        if later is not None:
            Referral.objects.filter(pk=later.pk).update(added_agency=True)
        else:
            OrderAgency.objects.filter(
                order=referral.order_id, agency=referral.agency_id, capacity=Capacity.PROSECUTOR
            ).delete()
    referral.delete()


def _check_decision(referral: Referral) -> None:
    if not referral.outcome:
        refuse("referral", "not_decided", "There is no decision to withdraw.")
    pending = referral.follow_up.referrals.filter(outcome="").select_related("agency").first()
    if pending is not None:
        refuse(
            "referral",
            "already_referred",
            f"It was referred to {pending.agency} since then. Withdraw that referral first.",
        )


def _remove_decision(referral: Referral) -> None:
    referral.outcome, referral.decided_on, referral.decided_by = "", None, None
    referral.decision_reason = ""
    referral.save(update_fields=["outcome", "decided_on", "decided_by", "decision_reason"])


REFERRAL = Correctable(
    name="referral",
    model=Referral,
    noun="referral",
    words=lambda row: f"to {row.agency}, {format_instant(row.referred_at, zone_of(row.order))}",
    columns=(
        # Free text for the prosecutor: it can name a person.
        Column(name="reason", keyword="why_referred", label="Why it was referred", is_private=True),
        FixedColumn(name="agency", label="State's attorney"),
    ),
    check=check_referral,
    check_person=_check_owner,
    check_withdrawable=_check_undecided,
    remove=_remove_referral,
)

REFERRAL_DECISION = Correctable(
    name="referral_decision",
    model=Referral,
    noun="decision",
    words=lambda row: (
        f"{row.get_outcome_display()}, {format_day(row.decided_on)}, {row.agency}"
        if row.outcome
        else f"to {row.agency}"
    ),
    columns=(
        ChoiceColumn(name="outcome", label="Decision"),
        DayColumn(name="decided_on", label="Decided on"),
        Column(name="decision_reason", label="Why", is_private=True),
    ),
    check_person=_check_office,
    check_withdrawable=_check_decision,
    remove=_remove_decision,
    part_of="referral",
)
