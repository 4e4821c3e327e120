"""The day of service: served or not, when, how, by which officer, and the answer about firearms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from typing_extensions import override

from accounts.models import User
from orders.forms.attachments import FilesInput, PhotosField
from orders.forms.base import ActForm
from orders.forms.fields import InstantField, town_field
from orders.models import (
    AttachmentKind,
    AttemptReason,
    FirearmsAnswer,
    Order,
    ServiceAttempt,
    ServiceMethod,
)
from orders.services.attachments.attaching import attach_file
from orders.services.court_days import zone_of
from orders.services.service import record_failed_attempt, record_service, town_of_service

#: The choice of an attempt that failed.
NOT_SERVED = "not_served"

_HOW = (
    (ServiceMethod.IN_HAND.value, "Yes, in hand: given to the person"),
    (ServiceMethod.ABODE.value, "Yes, left at the home"),
    (ServiceMethod.IN_COURT.value, "Yes, in court"),
    (ServiceMethod.ELECTRONIC.value, "Yes, electronically"),
    (ServiceMethod.MAIL.value, "Yes, by mail"),
    (NOT_SERVED, "No, not served"),
)


class VisitForm(ActForm):
    """One visit to serve an order."""

    takes_confirm = True
    beside = {"file": "photos", "attempted_at": "served_at"}

    service_method = forms.ChoiceField(
        choices=_HOW,
        widget=forms.RadioSelect,
        label="Was the order served?",
        # No answer is chosen in advance: service starts the clock.
        error_messages={"required": "Tap how the order was served, or “No, not served”."},
    )
    reason = forms.ChoiceField(
        choices=[("", "Choose the reason"), *AttemptReason.choices],
        required=False,
        label="Why it was not served",
    )
    note = forms.CharField(max_length=160, required=False, label="Note")
    place = forms.CharField(
        max_length=200, required=False, label="Place", help_text="The door at which you were."
    )
    photos = PhotosField(
        required=False,
        label="Photograph",
        help_text="What shows that you were there. Its place and time are removed.",
        widget=FilesInput(attrs={"accept": "image/*", "capture": "environment", "multiple": True}),
    )
    served_at = InstantField(label="When")
    service_officer = forms.CharField(max_length=120, required=False, label="Officer")
    town = town_field(
        required=False,
        label="Town of service",
        help_text="If it is another town than the respondent's, its police are alerted too.",
    )
    served_in_custody = forms.BooleanField(required=False, label="The respondent was in custody")
    firearms_answer = forms.ChoiceField(
        choices=FirearmsAnswer.choices,
        required=False,
        widget=forms.RadioSelect,
        label="“Do you have any firearms or ammunition?”",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the answers and the time zone of the court."""
        self.fields["service_officer"].widget.attrs["autocomplete"] = "name"
        self.fields["place"].initial = order.case.respondent.address
        self.fields["town"].initial = town_of_service(order)

    def start_at(self, now: datetime, person: User) -> None:
        """Offer this instant and this person as those of the visit."""
        here = now.replace(second=0, microsecond=0).astimezone(zone_of(self.order))
        self.fields["served_at"].initial = here
        self.fields["service_officer"].initial = person.name

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for the reason of an attempt that failed."""
        data = self.cleaned_data
        if data.get("service_method") == NOT_SERVED and not data.get("reason"):
            self.add_error("reason", "Choose why the order was not served.")
        if data.get("reason") == AttemptReason.OTHER and not data.get("note"):
            self.add_error("note", "Describe the other reason.")
        return data

    def record(self, *, by: User, now: datetime) -> Order | ServiceAttempt | None:
        """Record service or the failed attempt; None if the form shows what is refused."""
        return self.in_one_round(lambda: self._store(by=by, now=now), now=now)

    def _store(self, *, by: User, now: datetime) -> Order | ServiceAttempt:
        facts = self.facts()
        failed = {name: facts.pop(name) for name in ("reason", "note", "place", "photos")}
        if facts["service_method"] != NOT_SERVED:
            return record_service(self.order, **facts, by=by, now=now)
        return self._record_attempt(failed, by=by, now=now)

    def _record_attempt(self, failed: dict[str, Any], *, by: User, now: datetime) -> ServiceAttempt:
        code, note = AttemptReason(failed["reason"]), failed["note"]
        words = f"{code.label}: {note}" if note else code.label
        attempt = record_failed_attempt(
            self.order,
            attempted_at=self.cleaned_data["served_at"],
            method=ServiceMethod.IN_HAND,
            officer=self.cleaned_data["service_officer"],
            reason=note if code is AttemptReason.OTHER else words,
            code=code,
            place=failed["place"],
            by=by,
            now=now,
        )
        for photo in failed["photos"]:
            photo.seek(0)
            attach_file(self.order, kind=AttachmentKind.SERVICE_PHOTO, file=photo.read(), by=by, now=now)
        return attempt
