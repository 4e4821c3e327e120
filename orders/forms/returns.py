"""Requests about firearms in custody, and what comes before a return: forms and acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from typing_extensions import override

from accounts.models import POLICE, Agency, AgencyKind, User
from orders.forms.base import CHOOSE, Act, ActForm, Section
from orders.forms.fields import DayField, InstantField, LabeledChoiceField, LabeledChoicesField, police_field
from orders.models import (
    CustodyRequest,
    CustodyRequestKind,
    Firearm,
    FirearmStatus,
    Order,
    ReturnOutcome,
)
from orders.services.court_days import zone_of
from orders.services.firearms import requests, return_steps
from orders.services.orders.record import OrderRecord

_NO_NAMES = "Do not name the protected person."


def begin_with(form: ActForm, person: User, now: datetime, *, at: str, officer: str = "") -> None:
    """Offer an officer's own agency and name, and this instant. A clerk records what others did."""
    own = Agency.objects.filter(pk__in=person.agencies_for("add", "custody_step"), kind__in=POLICE)
    if (agency := own.first()) is None:
        return
    form.fields["agency"].initial = agency
    form.fields[at].initial = now.astimezone(zone_of(form.order)).replace(second=0, microsecond=0)
    if officer:
        form.fields[officer].initial = person.name


class CustodyRequestForm(ActForm):
    """The respondent asks for firearms that police hold, or sells them to a dealer."""

    takes_confirm = True

    kind = forms.ChoiceField(choices=CustodyRequestKind.choices, label="What is asked for")
    requested_at = InstantField(
        label="Requested", needs_time=False, help_text="The day is enough if the time is not known."
    )
    agency = police_field(required=False, label="Police agency", help_text="The agency that received it.")
    firearms = LabeledChoicesField(
        str,
        Firearm.objects.none(),
        required=False,
        label="Firearms",
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose no firearm if the request is about everything that police hold.",
    )
    dealer_license = forms.CharField(
        max_length=20,
        required=False,
        label="Dealer's license",
        help_text="For a sale: the federal license of the dealer who gave notice with the respondent.",
    )
    taker_name = forms.CharField(
        max_length=200,
        required=False,
        label="Name of the person",
        help_text="For a transfer to a person, where the law of the order allows it.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms that police hold, and those of the request that is corrected."""
        held = Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED)
        rows = held if self.item is None else held | Firearm.objects.filter(custody_requests=self.item)
        self.offer_rows("firearms", rows.distinct())

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer's agency and this instant."""
        begin_with(self, person, now, at="requested_at")


class _OfRequestForm(ActForm):
    """A form for an act on a request for return."""

    target_field = "request"

    request = LabeledChoiceField(requests.request_words, CustodyRequest.objects.none(), label="Request")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the requests for return that have no decision."""
        self.offer_rows("request", open_requests(order), chooses_only=True)


def open_requests(order: Order) -> QuerySet[CustodyRequest]:
    """The order's requests for return that have no decision."""
    rows = CustodyRequest.objects.filter(order=order, kind=CustodyRequestKind.RETURN, decision=None)
    return rows.select_related("order")


class ReturnCheckForm(_OfRequestForm):
    """Police or the court checked a condition of the return."""

    condition = forms.ChoiceField(label="What was checked")
    is_confirmed = forms.TypedChoiceField(
        choices=[("yes", "Confirmed"), ("no", "Not confirmed")],
        coerce=lambda chosen: chosen == "yes",
        label="Result",
        widget=forms.RadioSelect,
    )
    checked_at = InstantField(label="Checked")
    agency = forms.ModelChoiceField(
        Agency.objects.filter(kind__in=[*POLICE, AgencyKind.COURT]),
        label="Agency",
        help_text="The court or the police agency that checked.",
    )
    checked_by = forms.CharField(max_length=120, label="Checked by", help_text="The person who checked.")
    note = forms.CharField(
        max_length=500,
        required=False,
        help_text=f"Needed for what was not confirmed: what was found instead. {_NO_NAMES}",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer what the law of the order requires."""
        super().prepare_fields(order)
        required = return_steps.to_check(order)
        self.offer_choices("condition", [CHOOSE, *((one.value, one.label) for one in required)])

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="checked_at", officer="checked_by")


class ReturnHoldForm(_OfRequestForm):
    """Police hold the firearms back until a day."""

    held_at = InstantField(label="Decided", help_text="When police decided to hold them back.")
    ends_on = DayField(label="Last day of the hold", help_text="Police decide by the end of this day.")
    agency = police_field(label="Police agency", help_text="The agency that holds them.")
    officer = forms.CharField(max_length=120, label="Officer", help_text="Who decided it.")
    why = forms.CharField(max_length=500, label="Why they are held back", help_text=_NO_NAMES)

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="held_at", officer="officer")


class ReturnDecisionForm(_OfRequestForm):
    """The request ended without a return."""

    outcome = forms.ChoiceField(choices=[CHOOSE, *ReturnOutcome.choices])
    decided_at = InstantField(label="Decided")
    agency = police_field(label="Police agency", help_text="The agency that refused, or that was notified.")
    officer = forms.CharField(max_length=120, label="Officer")
    why = forms.CharField(max_length=500, label="Why it ended", help_text=_NO_NAMES)

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="decided_at", officer="officer")


def _titles(order: Order) -> Mapping[str, str]:
    return {
        CustodyRequestKind.RETURN.value: "Record a request for return",
        CustodyRequestKind.SALE.value: "Record a joint notice of a sale",
    }


def _has_open_request(record: OrderRecord) -> Any:
    """True if the return of firearms that police still hold is asked for and not decided."""
    return any(
        one.kind == CustodyRequestKind.RETURN
        and getattr(one, "decision", None) is None
        and return_steps.waits(one)
        for one in record.custody_requests
        if one.order_id == record.order.pk
    )


ACTS = (
    Act(
        name="custody-request",
        resource="custody_request",
        action="add",
        section=Section.FIREARMS,
        title="Record a request about firearms in custody",
        form=CustodyRequestForm,
        service=requests.record_custody_request,
        needs=lambda record: record.firearms_in_custody,
        done="The request is recorded. Of a return, the advocate and the protected person are notified.",
        undo="withdraw-custody-request",
        variants=_titles,
    ),
    Act(
        name="return-check",
        resource="return_check",
        action="add",
        section=Section.FIREARMS,
        title="Record a check before a return",
        form=ReturnCheckForm,
        service=return_steps.record_return_check,
        needs=lambda record: _has_open_request(record) and return_steps.to_check(record.order),
        done="The check is recorded.",
        undo="withdraw-return-check",
        prefilled=("condition",),
    ),
    Act(
        name="return-hold",
        resource="return_hold",
        action="add",
        section=Section.FIREARMS,
        title="Hold firearms back",
        form=ReturnHoldForm,
        service=return_steps.record_return_hold,
        needs=_has_open_request,
        done="The hold is recorded. Its end is a deadline.",
        undo="withdraw-return-hold",
    ),
    Act(
        name="return-decision",
        resource="return_decision",
        action="add",
        section=Section.FIREARMS,
        title="End a request without a return",
        form=ReturnDecisionForm,
        service=return_steps.decide_return,
        needs=_has_open_request,
        done="The decision is recorded. Police do not return the firearms.",
        undo="withdraw-return-decision",
    ),
)
