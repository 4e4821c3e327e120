"""Documents and notices that the law requires, and what was sent of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import DayField, InstantField, Shown
from accounts.api.views import Whole
from orders.api.base import OfOrders, OrderAct, OrderRows
from orders.api.shapes import AsGivenField, EitherIn, OfOrderOut
from orders.models import Order, Sending
from orders.services.requirements import record_sending, requirements_of


class SendingOut(OfOrderOut):
    """A document or notice that was sent or given."""

    thing = "sending"
    entry = serializers.CharField(help_text="The rulebook's id of what is required, such as CT-SVC-04.")
    sent_on = serializers.DateField(help_text="The day, in court time.")
    sent_at = AsGivenField(allow_null=True)


class SendingIn(EitherIn):
    """A document or notice was sent or given."""

    entry = serializers.CharField(max_length=20, help_text="One of the order's requirements.")
    sent_on = DayField(source="on", required=False, allow_null=True)
    sent_at = InstantField(source="at", required=False, allow_null=True)


class Sendings(OrderRows, OrderAct):
    """What was sent; POST records it."""

    thing = "sending"
    acts = {"GET": "view", "POST": "add"}
    shows = SendingOut
    body = SendingIn
    service = staticmethod(record_sending)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Sending.objects.all()


class RequirementOut(Shown):
    """A document or notice that the law requires for the order, and what was sent of it."""

    thing = "requirement"
    entry = serializers.CharField(source="entry.id")
    title = serializers.CharField(source="entry.title")
    recipient = serializers.CharField(source="entry.recipient", help_text="To whom it must go.")
    sources = serializers.ListField(child=serializers.CharField(), source="entry.sources")
    mark = serializers.CharField(source="entry.mark.value", help_text="How far the source was seen.")
    certainty = serializers.CharField(source="entry.certainty.value")
    doubt = serializers.CharField(source="entry.doubt", help_text="What is debatable; else empty.")
    sendings = SendingOut(many=True, help_text="Empty where it was not sent yet.")


class Requirements(OfOrders, Whole):
    """What the law requires to be sent for the order, in the rulebook's order: all of it on one page."""

    thing = "requirement"
    shows = RequirementOut

    @override
    def whole(self, **asked: Any) -> Sequence[Any]:
        """As many as the rulebook has for such an order."""
        return requirements_of(self.about)

    @cached_property
    def about(self) -> Order:
        """The order of the address."""
        order = self.order(self.kwargs["id"])
        self.permit(order, "view")
        return order

    @override
    def roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """All of them are seen as their order is."""
        of_order = super().roles_of([self.about])
        return lambda _row: of_order(self.about)

    @override
    def cases_of(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """The order's."""
        return super().cases_of([self.about])
