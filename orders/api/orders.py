"""Orders: looked for, entered, corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import DayField, Given, InstantField, NamedField
from accounts.api.pages import Paged
from accounts.api.views import Changing, Showing
from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from orders.api.base import DeskRows, OrderAct, with_parties
from orders.api.shapes import OrderOut
from orders.models import Capacity, FiledBy, Order, OrderKind, ProofFound
from orders.services import entry
from orders.services.calendar import bundled


class OrderQuery(Paged):
    """Which orders."""

    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), required=False)
    docket_number = serializers.CharField(required=False, max_length=40)
    por_number = serializers.CharField(required=False, max_length=40)
    kind = serializers.ChoiceField(choices=OrderKind.choices, required=False)
    issued_after = DayField(required=False, help_text="From this day on.")
    issued_before = DayField(required=False, help_text="Before this day.")
    expires_before = DayField(required=False, help_text="The last day is before this one.")
    served = serializers.BooleanField(required=False, help_text="Whether the respondent has notice.")


class OrderIn(Given):
    """An order as a court enters it."""

    docket_number = serializers.CharField(max_length=40)
    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), help_text="One of yours.")
    kind = serializers.ChoiceField(choices=OrderKind.choices)
    jurisdiction = serializers.ChoiceField(choices=sorted(bundled().jurisdictions), default="us_ct")
    respondent_name = serializers.CharField(max_length=200)
    respondent_dob = DayField(required=False, allow_null=True)
    respondent_town = NamedField(queryset=Town.objects.all())
    issued_at = InstantField(required=False, allow_null=True)
    issued_on = DayField(required=False, allow_null=True)
    expires_on = DayField(required=False, allow_null=True)
    hearing_on = DayField(required=False, allow_null=True)
    protected_person = serializers.CharField(max_length=200, required=False, allow_blank=True)
    address_confidential = serializers.BooleanField(default=False)
    firearms_indicated = serializers.BooleanField(default=False)
    permit_indicated = serializers.BooleanField(default=False)
    financial_support = serializers.BooleanField(default=False)
    filed_by = serializers.ChoiceField(choices=FiledBy.choices, required=False, allow_blank=True)
    proof_found = serializers.ChoiceField(choices=ProofFound.choices, required=False, allow_blank=True)
    area = serializers.CharField(max_length=40, required=False, allow_blank=True)
    por_number = serializers.CharField(max_length=40, required=False, allow_blank=True)

    def validate_court(self, court: Agency) -> Agency:
        """Refuses a court where the caller is no clerk."""
        if court.pk not in {one.agency_id for one in _clerkships(self.context["request"].user)}:
            raise serializers.ValidationError(
                "You are no clerk of this court. Name one of yours.", code="does_not_exist"
            )
        return court


class CorrectionIn(Given):
    """What the order should have said, and why. What is left out stays."""

    reason = serializers.CharField(max_length=500)
    kind = serializers.ChoiceField(choices=OrderKind.choices, required=False)
    issued_at = InstantField(required=False, allow_null=True)
    issued_on = DayField(required=False)
    expires_on = DayField(required=False, allow_null=True)
    firearms_indicated = serializers.BooleanField(required=False)
    permit_indicated = serializers.BooleanField(required=False)
    financial_support = serializers.BooleanField(required=False)
    filed_by = serializers.ChoiceField(choices=FiledBy.choices, required=False, allow_blank=True)
    proof_found = serializers.ChoiceField(choices=ProofFound.choices, required=False, allow_blank=True)
    area = serializers.CharField(max_length=40, required=False, allow_blank=True)


def enter(_subject: None, *, by: User, now: datetime, court: Agency, **facts: Any) -> Order:
    """The order is entered at a court of the caller's. Raises `InvalidFact` and `Http404`."""
    return entry.enter_order(entry.NewOrder(court=court, **facts), by=by, now=now)


class Orders(DeskRows, OrderAct):
    """The orders that concern the caller, the newest first; POST enters one."""

    thing = "order"
    acts = {"GET": "view", "POST": "add"}
    asks = OrderQuery
    shows = OrderOut
    # As the index of the newest has it.
    order_by = ("-issued_on", "-id")
    order_path = "pk"
    narrowing = {"court": {"capacity": Capacity.COURT}}
    guessable = ("docket_number", "por_number")
    body = OrderIn
    service = staticmethod(enter)
    route = "order"

    @override
    def wanted(self, **asked: Any) -> tuple[QuerySet[Any] | None, QuerySet[Any]]:
        """Those asked for. Of one number there are few."""
        days = {"issued_after": "issued_on__gte", "issued_before": "issued_on__lt"}
        columns = {
            "docket_number": "case__docket_number",
            "expires_before": "expires_on__lt",
            "served": "served_at__isnull",
        }
        if "served" in asked:
            asked["served"] = not asked["served"]
        within = Order.objects.filter(**{days[name]: asked.pop(name) for name in days.keys() & asked.keys()})
        found = within.filter(**{columns.get(name, name): value for name, value in asked.items()})
        return None if asked.keys() & set(self.guessable) else within, with_parties(found)

    @override
    def subject(self, **ids: Any) -> None:
        """Nothing stands yet; but a clerk who left the court since gets no answer again."""
        given = self.body(data=self.request.data, context=self.given_context(None))
        given.is_valid(raise_exception=True)

    @override
    def locked(self, subject: None) -> None:
        """Nothing stands yet."""


class OneOrder(Showing, Changing, OrderAct):
    """One order; PATCH puts right what was entered."""

    thing = "order"
    acts = {"GET": "view", "PATCH": "change"}
    shows = OrderOut
    body = CorrectionIn
    service = staticmethod(entry.correct_order)
    route = "order"

    @override
    def row(self, **ids: Any) -> Order:
        """The order of the address."""
        return self.order(ids["id"])


def _clerkships(user: User) -> list[Membership]:
    return [one for one in user.memberships.all() if one.role == Role.CLERK]
