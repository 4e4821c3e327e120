"""What is done on the page of a follow-up: each act's button, its form, and the service that takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orders.errors import InvalidFact
from orders.forms import follow_ups as forms
from orders.forms.follow_ups import FollowUpForm, Task
from orders.services import follow_ups, hand_overs, referrals


@dataclass(frozen=True, kw_only=True)
class PageAct:
    """One thing that is done on the page of a follow-up. `name` ends its address; `done` is said when it is
    done. `whose` answers the agency (by key) that does it as the task stands, None where it does not fit."""

    name: str
    thing: str
    act: str
    title: str
    form: type[FollowUpForm]
    service: Callable[..., object]
    whose: Callable[[Task], int | None]
    done: str
    #: Whether it is the first thing to do for whoever may: its form stands open.
    is_first: bool = False
    ends_sight: bool = False

    def fits(self, task: Task) -> bool:
        """True where the person may do it, as the task stands."""
        agency = None if task.follow_up.closed_at else self.whose(task)
        return agency is not None and follow_ups.may_for(agency, task.person, self.act, self.thing)

    def perform(self, form: FollowUpForm, task: Task) -> bool:
        """The act is done; False when the service refused it, which the form then says."""
        try:
            self.service(form.subject(), **form.facts(), by=task.person, now=task.now)
        except InvalidFact as refusal:
            form.refuse(refusal)
            return False
        return True


def _owner(task: Task) -> int | None:
    return task.follow_up.owner_id


def _asked(task: Task) -> int | None:
    return task.offer.to_agency_id if task.offer else None


ACTS = {
    act.name: act
    for act in (
        PageAct(
            name="accept",
            thing="hand_over",
            act="answer",
            title="Accept",
            form=forms.AcceptForm,
            service=hand_overs.answer_hand_over,
            whose=_asked,
            done="Your agency answers for it now. Say who takes it.",
            is_first=True,
        ),
        PageAct(
            name="refuse",
            thing="hand_over",
            act="answer",
            title="Refuse",
            form=forms.RefuseForm,
            service=hand_overs.answer_hand_over,
            whose=_asked,
            done="Refused. It stays with the agency that asked.",
            ends_sight=True,
        ),
        PageAct(
            name="take",
            thing="follow_up",
            act="assign",
            title="Take it",
            form=forms.TakeForm,
            service=follow_ups.assign,
            whose=lambda task: (
                None if task.follow_up.assigned_to_id == task.person.pk else task.follow_up.owner_id
            ),
            done="It is yours.",
            is_first=True,
        ),
        PageAct(
            name="attempt",
            thing="attempt",
            act="add",
            title="Record an attempt",
            form=forms.AttemptForm,
            service=follow_ups.record_attempt,
            whose=_owner,
            done="The attempt is recorded.",
        ),
        PageAct(
            name="assign",
            thing="follow_up",
            act="assign",
            title="Give it to a colleague",
            form=forms.AssignForm,
            service=follow_ups.assign,
            whose=_owner,
            done="Whose task it is has changed.",
        ),
        PageAct(
            name="next-action",
            thing="follow_up",
            act="reschedule",
            title="Change the next action",
            form=forms.NextActionForm,
            service=follow_ups.reschedule,
            whose=_owner,
            done="The next action has changed.",
        ),
        PageAct(
            name="hand-over",
            thing="hand_over",
            act="add",
            title="Hand over to other police",
            form=forms.OfferForm,
            service=hand_overs.offer_hand_over,
            whose=lambda task: None if task.offer else task.follow_up.owner_id,
            done="It is offered. Until they accept, your agency answers for it.",
        ),
        PageAct(
            name="withdraw",
            thing="hand_over",
            act="withdraw",
            title="Withdraw the offer",
            form=forms.OfOfferForm,
            service=hand_overs.withdraw_hand_over,
            whose=lambda task: task.follow_up.owner_id if task.offer else None,
            done="The offer no longer stands.",
        ),
        PageAct(
            name="refer",
            thing="referral",
            act="add",
            title="Refer to a prosecutor",
            form=forms.ReferForm,
            service=referrals.refer,
            whose=lambda task: None if task.referral else task.follow_up.owner_id,
            done="It is referred. Your agency goes on answering for it.",
        ),
        PageAct(
            name="decide",
            thing="referral",
            act="decide",
            title="Record the decision",
            form=forms.OutcomeForm,
            service=referrals.record_outcome,
            whose=lambda task: task.referral.agency_id if task.referral else None,
            done="The decision is recorded.",
        ),
    )
}
