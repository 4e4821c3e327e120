"""The forms of acts on a follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Case, Model, Value, When
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import POLICE, Agency, AgencyKind, Membership, User
from accounts.narrowing import present
from orders.forms.base import CHOOSE, ActForm
from orders.forms.fields import INSTANT_HELP, AgencyByNameField, DayField, InstantField
from orders.models import AttemptKind, AttemptResult, FollowUp, Order, Referral, ReferralOutcome, Transfer
from orders.services.court_days import court_day, zone_of
from orders.services.follow_ups import actions
from orders.services.parties import prosecutors

#: The hour at which the next action begins unless the officer enters another one.
_MORNING = 9

#: The roles that answer an offer.
_ANSWERING = MATRIX.resources["transfer"].actions["answer"]


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

    takes_confirm = True

    result = forms.ChoiceField(
        choices=AttemptResult.choices,
        label="Result",
        help_text="Recovered firearms count once their receipt is recorded.",
        widget=forms.RadioSelect,
    )
    kind = forms.ChoiceField(
        choices=AttemptKind.choices, label="Kind of attempt", initial=AttemptKind.VISIT.value
    )
    attempted_at = InstantField(label="When")
    place = forms.CharField(max_length=200, required=False, label="Place")
    officers = forms.CharField(max_length=200, required=False, label="Officers")
    note = forms.CharField(
        max_length=500,
        required=False,
        label="Note",
        help_text="For police alone. Leave the protected person out.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next_action_at = InstantField(label="Next action", help_text=f"When someone acts next. {INSTANT_HELP}")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the time of now, the person, and a next action tomorrow morning."""
        self.fields["officers"].initial = self.task.person.name
        self.fields["attempted_at"].initial = _minute(self.task)
        self.fields["next_action_at"].initial = tomorrow(self.task)


class RecoveredForm(FollowUpForm):
    """A visit of this minute recovered firearms. The officer types nothing, and writes the receipt next."""

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the visit of the person, with the next action tomorrow morning."""
        return {
            "kind": AttemptKind.VISIT,
            "result": AttemptResult.RECOVERED,
            "attempted_at": _minute(self.task),
            "officers": self.task.person.name,
            "next_action_at": tomorrow(self.task),
        }


def _minute(task: Task) -> datetime:
    """Return the minute of now in court time."""
    return task.now.astimezone(zone_of(task.follow_up.order)).replace(second=0, microsecond=0)


def tomorrow(task: Task) -> datetime:
    """Return tomorrow morning in court time."""
    return (_minute(task) + timedelta(days=1)).replace(hour=_MORNING, minute=0)


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

    to_agency = AgencyByNameField(
        label="To", help_text="Type a part of the name; the agency of the respondent's town comes first."
    )
    anyway = forms.BooleanField(required=False, label="Offer it there anyway")
    reason = forms.CharField(
        max_length=500,
        help_text="Why that agency and not yours. It reads this, and sees the order from now on.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer every other police agency, that of the respondent's town first."""
        others = Agency.objects.filter(kind__in=POLICE).exclude(pk=self.task.follow_up.owner_id)
        nearest = Case(
            When(pk=order.case.respondent.town.police_id, then=Value(0)),
            When(kind=AgencyKind.STATE_POLICE, then=Value(1)),
            default=Value(2),
        )
        field: Any = self.fields["to_agency"]
        field.offer(others.order_by(nearest, "name"))
        if not self.is_bound:
            del self.fields["anyway"]

    @override
    def clean(self) -> dict[str, Any]:
        """Warn of an agency where no person is registered who would get the offer."""
        data = self.cleaned_data
        agency = data.get("to_agency")
        if agency is None or data.get("anyway"):
            return data
        answering = Membership.objects.filter(agency=agency, role__in=_ANSWERING, user__is_active=True)
        if not answering.exists():
            self.add_error(
                "to_agency",
                f"No person is registered at {agency}, so no person there can accept it. Choose another "
                "agency, or tick the box below and call them.",
            )
        return data

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts without the answer to the warning."""
        return {name: value for name, value in super().service_kwargs().items() if name != "anyway"}


class OpenOfferForm(FollowUpForm):
    """A form for an act on the open offer."""

    @override
    def target(self) -> Model:
        """Return the offer. The act is offered only where there is one."""
        return present(self.task.offer)


class AcceptForm(OpenOfferForm):
    """The agency accepts the offer."""

    next_action_at = InstantField(
        label="Your next action", required=False, help_text=f"Empty: as it was planned. {INSTANT_HELP}"
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the plan of the agency that asks or, once its time has passed, with tomorrow morning."""
        planned = self.task.follow_up.next_action_at
        is_ahead = planned > self.task.now
        self.fields["next_action_at"].initial = planned if is_ahead else tomorrow(self.task)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return that it accepts, and its next action."""
        return {"accepted": True, "next_action_at": self.cleaned_data["next_action_at"]}


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
        """Offer the prosecutors of the order's state; start with that of the court's district."""
        self.offer_rows("agency", prosecutors.prosecutors_for(order))
        self.fields["agency"].initial = prosecutors.prosecutor_of(order)


class OutcomeForm(FollowUpForm):
    """The prosecutor decided."""

    outcome = forms.ChoiceField(choices=[CHOOSE, *ReferralOutcome.choices])
    decided_on = DayField(label="Decided on")
    decision_reason = forms.CharField(
        max_length=500,
        label="Why",
        help_text="The police who referred it read this. Leave the protected person out.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the court's day of today."""
        self.fields["decided_on"].initial = court_day(order, self.task.now)

    @override
    def target(self) -> Model:
        """Return the referral. The act is offered only where there is one."""
        return present(self.task.referral)
