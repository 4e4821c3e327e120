"""Orders: listed, entered, corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import DayField, InstantField, NamedField
from accounts.api.pagination import PageQuery
from accounts.api.views import ResourceDetail, ResourceUpdate
from accounts.models import Agency, AgencyKind, Membership, Role, State, User
from orders.api.base import CrossOrderList, OrderAction, OrderActionView
from orders.api.known_orders import with_parties
from orders.api.serializers import ConfirmInput, DocketField, OrderOutput, TownField
from orders.matching.dockets import spellings
from orders.matching.registry_numbers import registry_key
from orders.models import Capacity, FiledBy, Order, OrderKind, ProofFound
from orders.models.orders import MOST_FIREARMS
from orders.services.orders import corrections, entry, entry_sheet
from orders.services.parties.candidates import chosen_person


class OrderQuery(PageQuery):
    """Which orders."""

    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), required=False)
    docket_number = DocketField(required=False, max_length=40)
    por_number = serializers.CharField(required=False, max_length=40)
    kind = serializers.ChoiceField(choices=OrderKind.choices, required=False)
    issued_after = DayField(required=False, help_text="On or after this day.")
    issued_before = DayField(required=False, help_text="Before this day.")
    expires_before = DayField(required=False, help_text="The last day is before this one.")
    served = serializers.BooleanField(required=False, help_text="Whether the respondent has been served.")
    entered_in_error = serializers.BooleanField(
        default=False,
        help_text="`true`: only orders that your court withdrew because they were entered in error.",
    )


class OrderInput(ConfirmInput):
    """An order as a court enters it."""

    docket_number = serializers.CharField(max_length=40)
    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), help_text="One of your courts.")
    kind = serializers.ChoiceField(choices=OrderKind.choices)
    jurisdiction = serializers.ChoiceField(
        choices=State.choices, required=False, help_text="The state of the court, and that if left out."
    )
    respondent_name = serializers.CharField(max_length=200)
    respondent_dob = DayField(required=False, allow_null=True)
    respondent_town = TownField()
    issued_at = InstantField(required=False, allow_null=True)
    issued_on = DayField(required=False, allow_null=True)
    expires_on = DayField(required=False, allow_null=True)
    hearing_on = DayField(required=False, allow_null=True)
    protected_person = serializers.CharField(max_length=200, required=False, allow_blank=True)
    address_confidential = serializers.BooleanField(default=False)
    firearms_indicated = serializers.BooleanField(default=False)
    firearms_alleged_count = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_FIREARMS,
        help_text="How many firearms the application alleges.",
    )
    permit_indicated = serializers.BooleanField(default=False)
    financial_support = serializers.BooleanField(default=False)
    filed_by = serializers.ChoiceField(choices=FiledBy.choices, required=False, allow_blank=True)
    proof_found = serializers.ChoiceField(choices=ProofFound.choices, required=False, allow_blank=True)
    area = serializers.CharField(max_length=40, required=False, allow_blank=True)
    por_number = serializers.CharField(max_length=40, required=False, allow_blank=True)
    person = serializers.CharField(
        max_length=40,
        required=False,
        help_text="Who the respondent is: the id from `POST /persons/candidates`, or `another` if "
        "it is someone else. Left out, an equal name and date of birth decide.",
    )

    def validate_court(self, court: Agency) -> Agency:
        """Refuse a court where the caller is not a clerk."""
        if court.pk not in {one.agency_id for one in _clerkships(self.context["request"].user)}:
            raise serializers.ValidationError(
                "You are not a clerk of this court. Name one of yours.", code="does_not_exist"
            )
        return court


class OrderCorrectionInput(ConfirmInput):
    """The corrected values and the reason. Fields that are left out stay as they are."""

    reason = serializers.CharField(max_length=500)
    kind = serializers.ChoiceField(choices=OrderKind.choices, required=False)
    issued_at = InstantField(required=False, allow_null=True)
    issued_on = DayField(required=False)
    expires_on = DayField(required=False, allow_null=True)
    firearms_indicated = serializers.BooleanField(required=False)
    firearms_alleged_count = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_FIREARMS
    )
    permit_indicated = serializers.BooleanField(required=False)
    financial_support = serializers.BooleanField(required=False)
    filed_by = serializers.ChoiceField(choices=FiledBy.choices, required=False, allow_blank=True)
    proof_found = serializers.ChoiceField(choices=ProofFound.choices, required=False, allow_blank=True)
    area = serializers.CharField(max_length=40, required=False, allow_blank=True)
    por_number = serializers.CharField(max_length=40, required=False, allow_blank=True)


def enter_order(
    _target: None,
    *,
    by: User,
    now: datetime,
    court: Agency,
    person: str = "",
    confirm: str = "",
    **facts: Any,
) -> Order:
    """Enter an order at a court of the caller. Raises `InvalidFact`."""
    facts |= chosen_person(by, person, court)
    new = entry.NewOrder(court=court, **facts)
    return entry_sheet.enter_sheet(new, entry_sheet.Listed(), by=by, now=now, confirm=confirm)


class OrderList(CrossOrderList, OrderAction):
    """The orders that involve the caller, the newest first. POST enters one."""

    resource = "order"
    actions = {"GET": "view", "POST": "add"}
    query = OrderQuery
    input = OrderInput
    output = OrderOutput
    # Same columns as the index of the newest orders.
    ordering = ("-issued_on", "-id")
    order_path = "pk"
    agency_filters = {"court": {"capacity": Capacity.COURT}}
    service = staticmethod(enter_order)
    detail_route = "order"
    undo = "order-withdrawals"

    @property
    @override
    def shows_errors(self) -> bool:
        """True if the query asks for them."""
        return bool(self.filters["entered_in_error"])

    @property
    @override
    def is_few(self) -> bool:
        """True for a docket or registry number: few orders share one."""
        return bool(self.filters.keys() & {"docket_number", "por_number"})

    @override
    def get_queryset(self) -> Any:
        """Return the orders of the requested days, which the index answers."""
        days = {"issued_after": "issued_on__gte", "issued_before": "issued_on__lt"}
        filters = self.filters
        orders = (
            Order.recorded.filter(withdrawn_at__isnull=False) if self.shows_errors else Order.objects.all()
        )
        return orders.filter(**{days[name]: filters[name] for name in days.keys() & filters.keys()})

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        """Apply the other filters."""
        lookups = {
            "kind": "kind",
            "expires_before": "expires_on__lt",
        }
        filters = self.filters
        queryset = queryset.filter(
            **{lookups[name]: filters[name] for name in lookups.keys() & filters.keys()}
        )
        if "por_number" in filters:
            queryset = queryset.filter(number_key=registry_key(filters["por_number"]) or None)
        if "docket_number" in filters:
            queryset = queryset.filter(case__docket_number__in=spellings(filters["docket_number"]))
        if "served" in filters:
            queryset = queryset.filter(served_at__isnull=not filters["served"])
        return with_parties(queryset)

    @override
    def get_target(self) -> None:
        """Check the input: a clerk who left the court in between does not get a stored response again."""
        self.get_input(None)

    @override
    def lock_target(self, target: None) -> None:
        """There is no order to lock yet."""


class OrderDetail(OrderActionView, ResourceDetail, ResourceUpdate):
    """One order. PATCH corrects what was entered."""

    resource = "order"
    actions = {"GET": "view", "PATCH": "change"}
    input = OrderCorrectionInput
    output = OrderOutput
    service = staticmethod(corrections.correct_order)
    detail_route = "order"

    @override
    def get_object(self) -> Order:
        return self.get_order()


def _clerkships(user: User) -> list[Membership]:
    return [one for one in user.memberships.all() if one.role == Role.CLERK]


urlpatterns = [
    path("orders", OrderList.as_view(), name="orders"),
    path("orders/<uuid:id>", OrderDetail.as_view(), name="order"),
]
