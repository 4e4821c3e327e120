"""One small form for each thing that is done about a follow-up, for people in front of a plain page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model
from typing_extensions import override

from accounts.models import POLICE, Agency, AgencyKind, User
from orders.forms.acts import ActForm
from orders.forms.fields import INSTANT_HELP, DayField, InstantField
from orders.models import AttemptKind, AttemptResult, FollowUp, HandOver, Referral, ReferralOutcome
from orders.services.change import court_day, zone_of
from orders.services.follow_ups import assignable

_CHOOSE = ("", "---------")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A follow-up as somebody looks at it at `now`, with the offer and the referral that are open."""

    follow_up: FollowUp
    offer: HandOver | None
    referral: Referral | None
    person: User
    now: datetime


class FollowUpForm(ActForm):
    """What is done about one follow-up."""

    stands_in = {"attempted_at": "at", "assigned_to": "to", "to_agency": "to"}

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        self.task = task
        super().__init__(*args, order=task.follow_up.order, **kwargs)

    @override
    def subject(self) -> Model:
        """The follow-up."""
        return self.task.follow_up


class AttemptForm(FollowUpForm):
    """Somebody tried."""

    kind = forms.ChoiceField(choices=[_CHOOSE, *AttemptKind.choices], label="What was tried")
    at = InstantField(label="When")
    result = forms.ChoiceField(
        choices=[_CHOOSE, *AttemptResult.choices],
        label="What came of it",
        help_text="What was recovered counts once its receipt is recorded.",
    )
    next_action_at = InstantField(label="Next action", help_text=f"When somebody acts next. {INSTANT_HELP}")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        local = self.task.now.astimezone(zone_of(self.order))
        self.fields["at"].initial = local.replace(second=0, microsecond=0)


class TakeForm(FollowUpForm):
    """Whoever looks at it takes it."""

    @override
    def facts(self) -> dict[str, Any]:
        """The person."""
        return {"to": self.task.person}


class AssignForm(FollowUpForm):
    """It is a colleague's, or nobody's in particular."""

    to = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Whose task it is", empty_label="Nobody's in particular"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)  # noqa: S101 - narrows
        to.queryset = assignable(self.task.follow_up).order_by("name")
        to.initial = self.task.follow_up.assigned_to_id


class NextActionForm(FollowUpForm):
    """It goes on at another time."""

    next_action_at = InstantField(label="Next action", help_text=f"When somebody acts next. {INSTANT_HELP}")
    reason = forms.CharField(max_length=500, help_text="Why not as planned.")


class OfferForm(FollowUpForm):
    """Police elsewhere are asked to take it over."""

    to = forms.ModelChoiceField(Agency.objects.none(), label="To")
    reason = forms.CharField(
        max_length=500, help_text="Why they, not you. They read this, and see the order from now on."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)  # noqa: S101 - narrows
        to.queryset = Agency.objects.filter(kind__in=POLICE).exclude(pk=self.task.follow_up.owner_id)


class OfOfferForm(FollowUpForm):
    """What is done about the open offer."""

    @override
    def subject(self) -> Model:
        """The offer."""
        assert self.task.offer  # noqa: S101 - no page offers this without one
        return self.task.offer


class AcceptForm(OfOfferForm):
    """The agency asked takes it over."""

    @override
    def facts(self) -> dict[str, Any]:
        """That it does."""
        return {"accepted": True}


class RefuseForm(OfOfferForm):
    """The agency asked does not."""

    reason = forms.CharField(max_length=500, help_text="Whoever asked reads this.")

    @override
    def facts(self) -> dict[str, Any]:
        """That it does not, and why."""
        return {"accepted": False, **self.cleaned_data}


class ReferForm(FollowUpForm):
    """It is laid before a prosecutor."""

    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind=AgencyKind.PROSECUTOR), label="State's attorney"
    )
    reason = forms.CharField(
        max_length=500, help_text="What the prosecutor should know. They see the order from now on."
    )


class OutcomeForm(FollowUpForm):
    """The prosecutor decided."""

    outcome = forms.ChoiceField(choices=[_CHOOSE, *ReferralOutcome.choices])
    decided_on = DayField(label="Decided on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decided_on"].initial = court_day(self.order, self.task.now)

    @override
    def subject(self) -> Model:
        """The referral."""
        assert self.task.referral  # noqa: S101 - no page offers this without one
        return self.task.referral
