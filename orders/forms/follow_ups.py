"""What people do about a follow-up: the acts of its page, each with its form and its service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orders.errors import InvalidFact
from orders.forms.confirming import store_answered
from orders.forms.follow_up_corrections import (
    CorrectRecoveryAttemptForm,
    CorrectReferralForm,
    WithdrawDecisionForm,
    WithdrawRecoveryAttemptForm,
    WithdrawReferralForm,
    deciding_offices,
)
from orders.forms.follow_up_forms import (
    AcceptForm,
    AssignForm,
    AttemptForm,
    DeclineForm,
    FollowUpForm,
    NextActionForm,
    OfferForm,
    OpenOfferForm,
    OutcomeForm,
    RecoveredForm,
    ReferForm,
    TakeForm,
    Task,
)
from orders.forms.outside import OutsideForm, WithdrawOutsideForm
from orders.services.follow_ups import actions, attempts, outside, referrals, reminders, transfers


@dataclass(frozen=True, kw_only=True)
class FollowUpAct:
    """One thing that people do about a follow-up: its button, its form and the service that does it."""

    #: The last part of the address of its form.
    name: str
    #: The resource and the action of the matrix.
    resource: str
    action: str
    title: str
    form: type[FollowUpForm]
    service: Callable[..., object]
    #: Returns the agency (by key) whose people may do it now; None if it does not fit.
    agency_of: Callable[[Task], int | None]
    #: The message after success.
    done: str
    #: The name of the act that takes it back; empty if it is `final`, with the reason.
    undo: str = ""
    final: str = ""
    #: True if it comes first for those who may do it: its form is open.
    is_first: bool = False
    #: True if its button is in the form of another act.
    is_beside: bool = False
    #: True if the person may no longer see the follow-up afterward.
    ends_access: bool = False
    #: True if it puts a fact right or answers one, which a closed follow-up has too.
    also_when_closed: bool = False

    def is_offered(self, task: Task) -> bool:
        """True if the person may do it now."""
        is_over = bool(task.follow_up.closed_at) and not self.also_when_closed
        agency = None if is_over else self.agency_of(task)
        return agency is not None and actions.may_for(agency, task.person, self.action, self.resource)

    def perform(self, form: FollowUpForm, task: Task) -> bool:
        """Call the service with a valid form. On a refusal, show it in the form and return False."""
        try:
            store_answered(
                form,
                lambda: self.service(form.target(), **form.service_kwargs(), by=task.person, now=task.now),
            )
        except InvalidFact as refusal:
            form.refuse(refusal)
            return False
        return True


def _owner(task: Task) -> int | None:
    return task.follow_up.owner_id


def _reminding_agency(task: Task) -> int | None:
    """The person's agency that may send a reminder; None for the person who has the task."""
    if task.follow_up.assigned_to_id == task.person.pk:
        return None
    return min(task.person.agencies_for("remind", "follow_up"), default=None)


def _offered_agency(task: Task) -> int | None:
    return task.offer.to_agency_id if task.offer else None


def _owner_with_attempts(task: Task) -> int | None:
    return task.follow_up.owner_id if task.follow_up.attempts.exists() else None


def _owner_with_referrals(task: Task) -> int | None:
    return task.follow_up.owner_id if task.follow_up.referrals.exists() else None


def _owner_with_outside(task: Task) -> int | None:
    is_sent = task.follow_up.outside_transfers.filter(withdrawn_at=None).exists()
    return task.follow_up.owner_id if is_sent else None


def _office_that_decided(task: Task) -> int | None:
    mine = task.follow_up.referrals.filter(agency__in=deciding_offices(task)).exclude(outcome="")
    return mine.values_list("agency", flat=True).first()


FOLLOW_UP_ACTS = {
    act.name: act
    for act in (
        FollowUpAct(
            name="accept",
            resource="transfer",
            action="answer",
            title="Accept",
            form=AcceptForm,
            service=transfers.answer_transfer,
            agency_of=_offered_agency,
            done="Your agency is the owner now. It is assigned to you; a colleague can take it over.",
            undo="transfer",
            is_first=True,
        ),
        FollowUpAct(
            name="decline",
            resource="transfer",
            action="answer",
            title="Decline",
            form=DeclineForm,
            service=transfers.answer_transfer,
            agency_of=_offered_agency,
            done="Declined. The agency that made the offer remains the owner.",
            undo="transfer",
            ends_access=True,
        ),
        FollowUpAct(
            name="take",
            resource="follow_up",
            action="assign",
            title="Take it",
            form=TakeForm,
            service=actions.assign,
            agency_of=lambda task: (
                None if task.follow_up.assigned_to_id == task.person.pk else task.follow_up.owner_id
            ),
            done="It is assigned to you.",
            undo="assign",
            is_first=True,
        ),
        FollowUpAct(
            name="attempt",
            resource="attempt",
            action="add",
            title="Record an attempt",
            form=AttemptForm,
            service=attempts.record_attempt,
            agency_of=_owner,
            done="The attempt is recorded.",
            undo="withdraw-attempt",
        ),
        FollowUpAct(
            name="recovered",
            resource="attempt",
            action="add",
            title="Recovered now",
            form=RecoveredForm,
            service=attempts.record_attempt,
            agency_of=_owner,
            done="The attempt is recorded.",
            undo="withdraw-attempt",
            is_beside=True,
        ),
        FollowUpAct(
            name="assign",
            resource="follow_up",
            action="assign",
            title="Assign to a colleague",
            form=AssignForm,
            service=actions.assign,
            agency_of=_owner,
            done="The assignment is changed.",
            undo="assign",
        ),
        FollowUpAct(
            name="next-action",
            resource="follow_up",
            action="reschedule",
            title="Change the next action",
            form=NextActionForm,
            service=actions.reschedule,
            agency_of=_owner,
            done="The next action is changed.",
            undo="next-action",
        ),
        FollowUpAct(
            name="reminder",
            resource="follow_up",
            action="remind",
            title="Remind the owner now",
            form=FollowUpForm,
            service=reminders.remind,
            agency_of=_reminding_agency,
            done="The owner is reminded. The next reminder can be sent in an hour.",
            final="The owner has the message.",
        ),
        FollowUpAct(
            name="transfer",
            resource="transfer",
            action="add",
            title="Offer a transfer to other police",
            form=OfferForm,
            service=transfers.offer_transfer,
            agency_of=lambda task: None if task.offer else task.follow_up.owner_id,
            done="The transfer is offered. Until it is accepted, your agency remains the owner.",
            undo="withdraw",
        ),
        FollowUpAct(
            name="withdraw",
            resource="transfer",
            action="withdraw",
            title="Withdraw the offer",
            form=OpenOfferForm,
            service=transfers.withdraw_transfer,
            agency_of=lambda task: task.follow_up.owner_id if task.offer else None,
            done="The offer is withdrawn.",
            undo="transfer",
        ),
        FollowUpAct(
            name="outside",
            resource="outside_transfer",
            action="add",
            title="Send it to police outside the system",
            form=OutsideForm,
            service=outside.send_outside,
            agency_of=_owner,
            done="It is recorded. Print the notice to police below. Your agency remains the owner.",
            undo="withdraw-outside",
        ),
        FollowUpAct(
            name="withdraw-outside",
            resource="outside_transfer",
            action="withdraw",
            title="Withdraw what was sent outside",
            form=WithdrawOutsideForm,
            service=outside.withdraw_outside,
            agency_of=_owner_with_outside,
            done="It is withdrawn.",
            undo="outside",
        ),
        FollowUpAct(
            name="refer",
            resource="referral",
            action="add",
            title="Refer to a prosecutor",
            form=ReferForm,
            service=referrals.refer,
            agency_of=lambda task: None if task.referral else task.follow_up.owner_id,
            done="It is referred. Your agency remains the owner.",
            undo="withdraw-referral",
        ),
        FollowUpAct(
            name="decide",
            resource="referral",
            action="decide",
            title="Record the decision",
            form=OutcomeForm,
            service=referrals.record_outcome,
            agency_of=lambda task: task.referral.agency_id if task.referral else None,
            done="The decision is recorded.",
            undo="withdraw-decision",
            also_when_closed=True,
        ),
        FollowUpAct(
            name="correct-attempt",
            resource="attempt",
            action="correct",
            title="Correct an attempt",
            form=CorrectRecoveryAttemptForm,
            service=attempts.ATTEMPT.correct,
            agency_of=_owner_with_attempts,
            done="The attempt is corrected.",
            undo="correct-attempt",
            also_when_closed=True,
        ),
        FollowUpAct(
            name="withdraw-attempt",
            resource="attempt",
            action="withdraw",
            title="Withdraw an attempt",
            form=WithdrawRecoveryAttemptForm,
            service=attempts.ATTEMPT.withdraw,
            agency_of=_owner_with_attempts,
            done="The attempt is withdrawn.",
            undo="attempt",
            also_when_closed=True,
        ),
        FollowUpAct(
            name="correct-referral",
            resource="referral",
            action="correct",
            title="Correct a referral",
            form=CorrectReferralForm,
            service=referrals.REFERRAL.correct,
            agency_of=_owner_with_referrals,
            done="The referral is corrected.",
            undo="correct-referral",
            also_when_closed=True,
        ),
        FollowUpAct(
            name="withdraw-referral",
            resource="referral",
            action="withdraw",
            title="Withdraw a referral",
            form=WithdrawReferralForm,
            service=referrals.REFERRAL.withdraw,
            agency_of=_owner_with_referrals,
            done="The referral is withdrawn.",
            undo="refer",
            also_when_closed=True,
        ),
        FollowUpAct(
            name="withdraw-decision",
            resource="referral",
            action="withdraw_decision",
            title="Withdraw the decision",
            form=WithdrawDecisionForm,
            service=referrals.REFERRAL_DECISION.withdraw,
            agency_of=_office_that_decided,
            done="The decision is withdrawn.",
            undo="decide",
            also_when_closed=True,
        ),
    )
}
