"""A coming service: the forms by which it is announced, and by which police answer."""

from __future__ import annotations

from datetime import datetime

from django import forms
from typing_extensions import override

from accounts.models import POLICE, Agency, User
from orders.forms.base import Act, ActForm, Section
from orders.forms.fields import InstantField, LabeledChoiceField, police_field, town_field
from orders.models import ComingService, Order, PresenceAnswer
from orders.services import coming_service


class ComingServiceForm(ActForm):
    """The order will be served at a time and a place."""

    planned_at = InstantField(label="When")
    place = forms.CharField(
        max_length=200,
        label="Where",
        help_text="Where the respondent will be. Police and marshals read it.",
    )
    town = town_field(
        required=False,
        label="Town of service",
        help_text="If it is another town than the respondent's, its police are alerted too.",
    )
    officer = forms.CharField(max_length=120, required=False, label="Who serves")
    asks_police = forms.BooleanField(required=False, label="Ask police to be present", initial=True)

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the respondent's address, where most are served."""
        self.fields["place"].initial = self.order.case.respondent.address


class PresenceForm(ActForm):
    """Police answer whether they will be present."""

    target_field = "coming"

    coming = LabeledChoiceField(coming_service.coming_words, ComingService.objects.none(), label="Service")
    answer = forms.ChoiceField(
        choices=PresenceAnswer.choices, widget=forms.RadioSelect, label="Will your police be present?"
    )
    answer_note = forms.CharField(
        max_length=200,
        required=False,
        label="Note",
        help_text="Who comes and where you meet. For “No”: why not, or what to do instead.",
    )
    agency = police_field(label="Police agency", help_text="The agency that answers.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer what is announced."""
        rows = ComingService.objects.filter(order=order).select_related("order").order_by("planned_at")
        self.offer_rows("coming", rows, chooses_only=True)

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the person's own police, and the service that comes next."""
        own = person.agencies_for("answer", "coming_service")
        self.fields["agency"].initial = Agency.objects.filter(pk__in=own, kind__in=POLICE).first()
        ahead = ComingService.objects.filter(order=self.order, planned_at__gt=now).order_by("planned_at")
        self.fields["coming"].initial = self.fields["coming"].initial or ahead.first()


ACTS = (
    Act(
        name="plan-service",
        resource="coming_service",
        action="add",
        section=Section.SERVICE,
        title="Announce service",
        form=ComingServiceForm,
        service=coming_service.plan_service,
        done="Service is announced. Police of the case see time and place on their board.",
        served=False,
        undo="withdraw-coming-service",
    ),
    Act(
        name="answer-presence",
        resource="coming_service",
        action="answer",
        section=Section.SERVICE,
        title="Answer: will police be present?",
        form=PresenceForm,
        service=coming_service.answer_presence,
        needs=lambda record: record.coming_services,
        done="The answer is recorded. Who serves the order sees it.",
        served=False,
        undo="withdraw-presence",
    ),
)
