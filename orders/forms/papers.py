"""The forms about the papers to serve: the pick-up, and the return of service with a signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from typing_extensions import override

from accounts.models import User
from orders.forms.base import ActForm, ReasonForm
from orders.forms.fields import InstantField
from orders.models import Attachment, Order, SignatureMethod
from orders.services import papers
from orders.services.court_days import zone_of


class PickUpForm(ActForm):
    """The papers are with the marshal."""

    picked_up_at = InstantField(label="Picked up")

    def start_at(self, now: datetime) -> None:
        """Offer this instant."""
        here = now.replace(second=0, microsecond=0).astimezone(zone_of(self.order))
        self.fields["picked_up_at"].initial = here

    def record(self, *, by: User, now: datetime) -> bool:
        """Record the pick-up; False if the form shows what is refused."""
        stored = self.in_one_round(
            lambda: papers.confirm_pick_up(self.order, **self.service_kwargs(), by=by, now=now), now=now
        )
        return stored is not None


class WithdrawPaperForm(ReasonForm):
    """What was recorded about the papers was an error."""

    service: ClassVar[Callable[..., Order]]

    def record(self, *, by: User, now: datetime) -> bool:
        """Withdraw it; False if the form shows what is refused."""
        withdraw = type(self).service
        stored = self.in_one_round(
            lambda: withdraw(self.order, reason=self.cleaned_data["reason"], by=by, now=now), now=now
        )
        return stored is not None


class WithdrawPickUpForm(WithdrawPaperForm):
    """The pick-up was recorded in error."""

    service = staticmethod(papers.withdraw_pick_up)


class WithdrawReturnForm(WithdrawPaperForm):
    """The return of service was filed in error."""

    @override
    def prepare_fields(self, order: Order) -> None:
        """Name what goes with the return."""
        self.fields["reason"].help_text = (
            "The time of entry in the tracking system is withdrawn too, if your office recorded it. The next "
            "return asks for it again."
        )

    service = staticmethod(papers.withdraw_return)


class ServiceReturnForm(ActForm):
    """The return of service."""

    beside = {"drawing": "method"}

    served_papers = forms.MultipleChoiceField(
        choices=[(one, one) for one in papers.PAPERS],
        widget=forms.CheckboxSelectMultiple,
        label="Papers that you served",
        error_messages={"required": "Tick the papers that you served."},
    )
    entered_at = InstantField(
        required=False,
        label="Entered in the tracking system",
        help_text="When you entered the service in the court's own system. Leave it empty before.",
    )
    name = forms.CharField(max_length=120, label="Your name and title")
    method = forms.ChoiceField(
        choices=[(SignatureMethod.SCREEN.value, "Signed on the screen")],
        widget=forms.RadioSelect,
        label="Signature",
        error_messages={"required": "Sign in the field."},
    )
    drawing = forms.CharField(required=False, widget=forms.HiddenInput)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the order and the officer of the service."""
        if not papers.asks_for_entry(order):
            del self.fields["entered_at"]
        self.fields["served_papers"].initial = [papers.PAPERS[0]]
        self.fields["name"].initial = order.service_officer
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for the drawing beside the field in which it is made."""
        found = super().clean() or {}
        if not found.get("drawing") and "method" not in self.errors:
            self.add_error("method", "Sign in the field.")
        return found

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts without the way of signing, which is always on the screen, and an empty entry."""
        facts = super().service_kwargs()
        return {name: value for name, value in facts.items() if name not in ("method", "entered_on")}

    def record(self, *, by: User, now: datetime) -> Attachment | None:
        """File the return; None if the form shows what is refused."""
        return self.in_one_round(
            lambda: papers.file_return(self.order, **self.service_kwargs(), by=by, now=now), now=now
        )
