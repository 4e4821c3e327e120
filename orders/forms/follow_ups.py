"""Follow-ups: the forms and acts of a follow-up's page, each act beside its form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model
from typing_extensions import override

from accounts.models import POLICE, Agency, AgencyKind, User
from accounts.narrowing import present
from orders.errors import InvalidFact
from orders.forms.base import CHOOSE, ActForm
from orders.forms.fields import INSTANT_HELP, DayField, InstantField
from orders.models import AttemptKind, AttemptResult, FollowUp, Order, Referral, ReferralOutcome, Transfer
from orders.services.court_days import court_day, zone_of
from orders.services.follow_ups import actions, referrals, reminders, transfers


@dataclass(frozen=True, kw_only=True)
class Task:
    """A follow-up as `person` sees it at `now`, with its open offer and its open referral."""

    follow_up: FollowUp
    offer: Transfer | None
    referral: Referral | None
    person: User
    now: datetime


class FollowUpForm(ActForm):
    """A form for one act on a follow-up."""

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        self.task = task
        super().__init__(*args, order=task.follow_up.order, **kwargs)

    @override
    def target(self) -> Model:
        """Return the follow-up."""
        return self.task.follow_up


class AttemptForm(FollowUpForm):
    """An attempt at recovery."""

    kind = forms.ChoiceField(choices=[CHOOSE, *AttemptKind.choices], label="Kind of attempt")
    attempted_at = InstantField(label="When")
    result = forms.ChoiceField(
        choices=[CHOOSE, *AttemptResult.choices],
        label="Result",
        help_text="Recovered firearms count once their receipt is recorded.",
    )
    next_action_at = InstantField(label="Next action", help_text=f"When someone acts next. {INSTANT_HELP}")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the time of now."""
        local = self.task.now.astimezone(zone_of(order))
        self.fields["attempted_at"].initial = local.replace(second=0, microsecond=0)


class TakeForm(FollowUpForm):
    """The person takes the follow-up."""

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the person."""
        return {"assigned_to": self.task.person}


class AssignForm(FollowUpForm):
    """The follow-up is assigned to a colleague, or to no one."""

    assigned_to = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Assigned to", empty_label="No one in particular"
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the people of the owner agency; start with the present one."""
        self.offer_rows("assigned_to", actions.assignable(self.task.follow_up).order_by("name"))
        self.fields["assigned_to"].initial = self.task.follow_up.assigned_to_id


class NextActionForm(FollowUpForm):
    """The next action is at another time."""

    next_action_at = InstantField(label="Next action", help_text=f"When someone acts next. {INSTANT_HELP}")
    reason = forms.CharField(max_length=500, help_text="Why the plan changed.")


class OfferForm(FollowUpForm):
    """The follow-up is offered to another police agency."""

    to_agency = forms.ModelChoiceField(Agency.objects.none(), label="To")
    reason = forms.CharField(
        max_length=500,
        help_text="Why that agency and not yours. It reads this, and sees the order from now on.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer every other police agency."""
        others = Agency.objects.filter(kind__in=POLICE).exclude(pk=self.task.follow_up.owner_id)
        self.offer_rows("to_agency", others)


class OpenOfferForm(FollowUpForm):
    """A form for an act on the open offer."""

    @override
    def target(self) -> Model:
        """Return the offer. The act is offered only where there is one."""
        return present(self.task.offer)


class AcceptForm(OpenOfferForm):
    """The agency accepts the offer."""

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return that it accepts."""
        return {"accepted": True}


class DeclineForm(OpenOfferForm):
    """The agency declines the offer."""

    reason = forms.CharField(max_length=500, help_text="The agency that made the offer reads this.")

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return that it declines, and why."""
        return {"accepted": False, **super().service_kwargs()}


class ReferForm(FollowUpForm):
    """The follow-up is referred to a prosecutor."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind=AgencyKind.PROSECUTOR), label="State's attorney"
    )
    reason = forms.CharField(
        max_length=500, help_text="What the prosecutor needs to know. They see the order from now on."
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the prosecutors of the order's state."""
        own = Agency.objects.filter(kind=AgencyKind.PROSECUTOR, jurisdiction=order.jurisdiction)
        self.offer_rows("agency", own)


class OutcomeForm(FollowUpForm):
    """The prosecutor decided."""

    outcome = forms.ChoiceField(choices=[CHOOSE, *ReferralOutcome.choices])
    decided_on = DayField(label="Decided on")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the court's day of today."""
        self.fields["decided_on"].initial = court_day(order, self.task.now)

    @override
    def target(self) -> Model:
        """Return the referral. The act is offered only where there is one."""
        return present(self.task.referral)


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
    #: True if the person may no longer see the follow-up afterward.
    ends_access: bool = False

    def is_offered(self, task: Task) -> bool:
        """True if the person may do it now."""
        agency = None if task.follow_up.closed_at else self.agency_of(task)
        return agency is not None and actions.may_for(agency, task.person, self.action, self.resource)

    def perform(self, form: FollowUpForm, task: Task) -> bool:
        """Call the service with a valid form. On a refusal, show it in the form and return False."""
        try:
            self.service(form.target(), **form.service_kwargs(), by=task.person, now=task.now)
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
            done="Your agency is the owner now. Decide who takes it.",
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
            service=actions.record_attempt,
            agency_of=_owner,
            done="The attempt is recorded.",
            final="It meets nothing and ends nothing. A later attempt is recorded beside it.",
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
            name="refer",
            resource="referral",
            action="add",
            title="Refer to a prosecutor",
            form=ReferForm,
            service=referrals.refer,
            agency_of=lambda task: None if task.referral else task.follow_up.owner_id,
            done="It is referred. Your agency remains the owner.",
            final="The prosecutor has seen the order, and records the decision.",
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
            final="The prosecutor decided. A later decision is a new referral.",
        ),
    )
}
