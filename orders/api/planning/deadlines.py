"""Deadlines: those of one order with their reasons, and the work list."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.pagination import PageQuery
from accounts.models import Agency, AgencyKind
from orders.api.base import CrossOrderList, OrderChildDetail, OrderChildList
from orders.api.serializers import OrderChildOutput
from orders.display import given_state, rule_title, shown_state
from orders.models import GIVEN_STATES, RUNNING, Capacity, Deadline, DeadlineState, ProofStatus
from orders.rules.words import LANGUAGE, languages
from orders.services.planning.explanations import reasons


class DeadlineOutput(OrderChildOutput):
    """A deadline that one rule sets for an order. For a whole day, `due_at` is the instant at its end."""

    resource = "deadline"
    rule = serializers.CharField(source="rule_id")
    title = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    opens_at = InstantField(allow_null=True)
    opens_on = serializers.DateField(allow_null=True)
    due_at = InstantField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    alternative_on = serializers.DateField(
        allow_null=True, help_text="The day according to the other reading of the law."
    )
    met_at = InstantField(allow_null=True)
    met_in_time = serializers.BooleanField(allow_null=True)
    proof = serializers.ChoiceField(
        choices=ProofStatus.choices,
        allow_blank=True,
        help_text="What a duty about firearms rests on. A statement that does not meet it is sworn too.",
    )
    shown_as = serializers.SerializerMethodField()
    overdue_at = InstantField(allow_null=True, help_text="When it was marked overdue.")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Facts that are needed before there is a due date."
    )
    certainty = serializers.CharField()
    source_status = serializers.CharField(help_text="How well the rule's source is known.")

    def get_title(self, deadline: Deadline) -> str:
        """What the rule requires."""
        return rule_title(deadline.rule_id)

    def get_shown_as(self, deadline: Deadline) -> str:
        """The state in the words of the screens: a duty that only a statement meets is not shown as met."""
        return str(shown_state(deadline, self.context["now"]).label)

    @extend_schema_field(serializers.ChoiceField(choices=GIVEN_STATES))
    def get_state(self, deadline: Deadline) -> str:
        """The state now, even if it has not been stored yet; `sworn` if only a statement meets it."""
        return given_state(deadline, self.context["now"])


class ReasonedDeadlineOutput(DeadlineOutput):
    """A deadline, and why it is due then."""

    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Sentences, in the requested language."
    )


class ReasonsQuery(PageQuery):
    """In which language."""

    language = serializers.ChoiceField(choices=sorted(languages()), default=LANGUAGE)


class OrderDeadlineList(OrderChildList):
    """All deadlines of the order, with their reasons, which are derived from the facts on each request."""

    resource = "deadline"
    queryset = Deadline.objects.all()
    query = ReasonsQuery
    output = ReasonedDeadlineOutput

    @override
    def paginate_queryset(self, queryset: Any, **options: Any) -> list[Any]:
        """Return one page with reasons. The order is planned once for the whole page."""
        page = super().paginate_queryset(queryset, **options)
        texts = reasons(page[0].order, self.query_data["language"]) if page else {}
        for deadline in page:
            deadline.reasons = texts.get((deadline.rule_id, deadline.occurrence), ())
        return page


class DeadlineQuery(PageQuery):
    """Open and overdue deadlines, unless `state` names one of the two."""

    court = NamedField(queryset=Agency.objects.filter(kind=AgencyKind.COURT), required=False)
    agency = NamedField(
        # Callers who may not know which school an order involves must not find out by asking.
        queryset=Agency.objects.exclude(kind=AgencyKind.SCHOOL),
        required=False,
        help_text="An agency that the order involves in any capacity. Schools are not accepted.",
    )
    due_after = InstantField(required=False, help_text="At or after this instant.")
    due_before = InstantField(required=False, help_text="Before this instant.")
    state = serializers.ChoiceField(choices=[one.value for one in RUNNING], required=False)


class DeadlineList(CrossOrderList):
    """The work list: unmet deadlines of the orders that the caller sees, the longest overdue first."""

    resource = "deadline"
    query = DeadlineQuery
    output = DeadlineOutput
    # Same columns as the index of unmet deadlines.
    ordering = ("due_at", "id")
    agency_filters = {"court": {"capacity": Capacity.COURT}, "agency": {}}

    @override
    def get_queryset(self) -> Any:
        """Return unmet deadlines of the requested period and state.

        Whether one is overdue is decided by the clock, not by the stored state. That is also what the caller
        is shown, and the index answers it.
        """
        filters = self.filters
        state = filters.pop("state", "")
        bounds = {"due_after": "due_at__gte", "due_before": "due_at__lt"}
        lookups = {bounds[name]: instant for name, instant in filters.items()}
        deadlines = Deadline.objects.filter(state__in=RUNNING, **lookups)
        if not state:
            return deadlines
        is_past = Q(due_at__lte=self.now)
        return deadlines.filter(is_past if state == DeadlineState.OVERDUE else ~is_past)

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.select_related("order__case")


class DeadlineDetail(OrderChildDetail):
    """One deadline, without its reasons. For these, see the deadlines of its order."""

    resource = "deadline"
    queryset = Deadline.objects.all()
    output = DeadlineOutput


urlpatterns = [
    path("deadlines", DeadlineList.as_view(), name="deadlines"),
    path("deadlines/<uuid:id>", DeadlineDetail.as_view(), name="deadline"),
    path("orders/<uuid:id>/deadlines", OrderDeadlineList.as_view(), name="order-deadlines"),
]
