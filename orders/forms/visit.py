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

#: The most characters of the reason and the place of an attempt.
_MOST = {"reason": 200, "place": 200}
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
        """Ask for the reason of an attempt that failed, and refuse what would be lost."""
        data = self.cleaned_data
        if data.get("service_method") == NOT_SERVED:
            self._clean_attempt(data)
        elif data.get("service_method"):
            self._clean_service(data)
        return data

    def _clean_attempt(self, data: dict[str, Any]) -> None:
        if not data.get("reason"):
            self.add_error("reason", "Choose why the order was not served.")
            return
        if data["reason"] == AttemptReason.OTHER and not data.get("note"):
            self.add_error("note", "Describe the other reason.")
        if (over := len(self._words()) - _MOST["reason"]) > 0:
            self.add_error(
                "note",
                f"Make it {over} characters shorter: what you entered about custody and firearms is kept "
                "with it.",
            )
        if len(self._place()) > _MOST["place"]:
            self.add_error("place", "Shorten it: the town is kept with it.")

    def _clean_service(self, data: dict[str, Any]) -> None:
        """Refuse what is about an attempt that failed: a record of service has no place for it."""
        if data.get("reason"):
            self.add_error(
                "reason", "You entered that the order was served. Leave this empty, or tap “No, not served”."
            )
        if data.get("note"):
            self.add_error(
                "note",
                "Service has no note. Clear this; what officers must know is a caution, on the page of the "
                "case.",
            )
        if data.get("place") and "place" in self.changed_data:
            self.add_error("place", "Service is kept with its town. Clear this, and choose the town below.")

    def _words(self) -> str:
        """Return why the order was not served, and what else was learned at the door."""
        data, code = self.cleaned_data, AttemptReason(self.cleaned_data["reason"])
        note = data.get("note", "")
        words = [
            note if code is AttemptReason.OTHER else f"{code.label}: {note}" if note else str(code.label)
        ]
        if data.get("served_in_custody"):
            words.append("in custody")
        if answer := data.get("firearms_answer"):
            words.append(f"asked about firearms: {FirearmsAnswer(answer).label.lower()}")
        return "; ".join(words)

    def _place(self) -> str:
        """Return where it was tried, with the town if it was chosen."""
        town = self.cleaned_data.get("town") if "town" in self.changed_data else None
        place = self.cleaned_data.get("place", "")
        return ", ".join(filter(None, [place, town.name if town and town.name not in place else ""]))

    def record(self, *, by: User, now: datetime) -> Order | ServiceAttempt | None:
        """Record service or the failed attempt; None if the form shows what is refused."""
        return self.in_one_round(lambda: self._store(by=by, now=now), now=now)

    def _store(self, *, by: User, now: datetime) -> Order | ServiceAttempt:
        facts = self.facts()
        of_attempt = {name: facts.pop(name) for name in ("reason", "note", "place", "photos")}
        stored: Order | ServiceAttempt
        if facts["service_method"] != NOT_SERVED:
            stored = record_service(self.order, **facts, by=by, now=now)
        else:
            stored = record_failed_attempt(
                self.order,
                attempted_at=self.cleaned_data["served_at"],
                method=ServiceMethod.IN_HAND,
                officer=self.cleaned_data["service_officer"],
                reason=self._words(),
                code=of_attempt["reason"],
                place=self._place(),
                confirm=facts.get("confirm", ""),
                by=by,
                now=now,
            )
        for photo in of_attempt["photos"]:
            photo.seek(0)
            attach_file(self.order, kind=AttachmentKind.SERVICE_PHOTO, file=photo.read(), by=by, now=now)
        return stored
