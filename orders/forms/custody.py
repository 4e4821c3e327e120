"""Forms of police custody: a firearm goes to another officer, place or agency, and storage places."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import POLICE, Agency, User
from orders.errors import InvalidFact
from orders.forms.base import Act, ActForm, Section
from orders.forms.fields import InstantField, LabeledChoicesField
from orders.forms.more_refusals import refusals_beside
from orders.forms.returns import begin_with
from orders.models import CustodyStep, Firearm, FirearmStatus, Order, StoragePlace
from orders.services.firearms.custody import add_place, latest_steps, move_firearms


class MoveForm(ActForm):
    """Firearms go from one officer to another, to a place, or to another police agency."""

    takes_confirm = True

    firearms = LabeledChoicesField(
        str, Firearm.objects.none(), label="Firearms", widget=forms.CheckboxSelectMultiple
    )
    given_by = forms.CharField(max_length=120, label="Given by", help_text="The officer who has them now.")
    taken_by = forms.CharField(max_length=120, label="Taken by", help_text="The officer who takes them.")
    agency = forms.ModelChoiceField(
        Agency.objects.none(),
        label="Police agency that has them then",
        help_text="The police of this case. The clerk adds another agency to the order first.",
    )
    place = forms.ModelChoiceField(
        StoragePlace.objects.none(), required=False, label="Stored in", empty_label="With the officer"
    )
    shelf = forms.CharField(max_length=40, required=False, label="Shelf")
    tag = forms.CharField(
        max_length=40,
        required=False,
        label="New tag",
        help_text="For one item that has no tag, or a wrong one. Each item keeps its tag otherwise.",
    )
    moved_at = InstantField(label="When")
    why = forms.CharField(max_length=200, required=False, label="Why", help_text="Such as a trial or a test.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the firearms that police hold."""
        held = Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED)
        self.offer_rows("firearms", held.order_by("id"), chooses_only=True)

    @override
    def offer_to(self, person: User) -> None:
        """Offer the police of the order, the person's agencies and their places, and what is stored."""
        mine = person.agencies_for("add", "custody_step")
        police = Q(pk__in=mine) | Q(kind__in=POLICE, order_agencies__order=self.order)
        places = Q(agency__in=mine, is_open=True)
        if self.item is not None:
            police |= Q(pk=self.item.agency_id)
            places |= Q(pk=self.item.place_id)
        self.offer_rows("agency", Agency.objects.filter(police).distinct())
        self.offer_rows("place", StoragePlace.objects.filter(places))

    @override
    def begin(self, person: User, now: datetime) -> None:
        """Offer the officer, the agency and this instant."""
        begin_with(self, person, now, at="moved_at", officer="taken_by")
        held = list(Firearm.objects.of_case(self.order.case_id).filter(status=FirearmStatus.SURRENDERED))
        steps = latest_steps(held)
        holders = {steps[one.pk].taken_by if one.pk in steps else "" for one in held}
        if len(holders) == 1:
            self.fields["given_by"].initial = holders.pop()

    def record(self, *, by: User, now: datetime) -> list[CustodyStep]:
        """Record the step; empty if the form shows what is refused."""
        stored = self.in_one_round(
            lambda: move_firearms(self.order, **self.service_kwargs(), by=by, now=now), now=now
        )
        return stored or []


class PlaceForm(SiteForm):
    """A new storage place of one of the person's agencies."""

    agency = forms.ModelChoiceField(Agency.objects.none(), label="Police agency", empty_label=None)
    name = forms.CharField(max_length=80, label="Name of the place", help_text="Such as “Property room”.")
    capacity = forms.IntegerField(
        min_value=1,
        max_value=100_000,
        required=False,
        label="Items that fit",
        help_text="If there is a limit.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        mine = Agency.objects.filter(pk__in=person.agencies_for("add", "storage_place"))
        field: Any = self.fields["agency"]
        field.queryset = mine

    def record(self, now: datetime) -> StoragePlace | None:
        """Add the place; None if something is refused: the form shows all of it in one round."""
        if not self.is_valid():
            for one in refusals_beside(self, self._store, now=now):
                self.show_refusal(one)
            return None
        try:
            return self._store()
        except InvalidFact as refusal:
            self.show_refusal(refusal)
            return None

    def _store(self) -> StoragePlace:
        return add_place(**self.cleaned_data, by=self.person)


ACTS = (
    Act(
        name="hand-over",
        resource="custody_step",
        action="add",
        section=Section.FIREARMS,
        title="Hand over to another officer, place or agency",
        form=MoveForm,
        service=move_firearms,
        needs=lambda record: record.firearms_in_custody,
        done="The step is recorded.",
        undo="withdraw-custody-step",
    ),
)
