"""Proof of where firearms went: receipts, and what the respondent swore."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.access import MATRIX
from accounts.api.body import Given, InstantField, NamedField
from accounts.models import POLICE, Agency, User
from orders.api.base import CaseRows, OneRow, OrderAct, OrderRows, RowAct
from orders.api.shapes import AsGivenField, IdsField, OfOrderOut, OrderOut, ReasonIn
from orders.models import Firearm, Order, Receipt, ReceiptKind, Statement, StatementKind
from orders.services import surrender

#: Firearms on one receipt.
MOST = 200


class ReceiptOut(OfOrderOut):
    """Proof of who took which firearms."""

    thing = "receipt"
    kind = serializers.ChoiceField(choices=ReceiptKind.choices)
    received_at = AsGivenField(help_text="When the firearms changed hands.")
    receipt_number = serializers.CharField()
    agency = serializers.CharField(source="agency.name", allow_null=True)
    dealer_licence = serializers.CharField()
    taker_name = serializers.CharField()
    firearms = IdsField()


class ReceiptIn(Given):
    """Firearms changed hands. Of agency, licence and name the one that the kind asks for."""

    kind = serializers.ChoiceField(choices=ReceiptKind.choices)
    received_at = InstantField(source="at")
    firearms = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST, help_text="Ids of the case's firearms."
    )
    receipt_number = serializers.CharField(max_length=40, required=False, allow_blank=True)
    agency = NamedField(
        queryset=Agency.objects.filter(kind__in=POLICE),
        required=False,
        allow_null=True,
        help_text="The police agency that took them.",
    )
    dealer_licence = serializers.CharField(
        max_length=20, required=False, allow_blank=True, help_text="Such as 6-06-014-01-7M-12345."
    )
    taker_name = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Where it was neither police nor a dealer.",
    )

    def validate_firearms(self, ids: list[UUID]) -> list[Firearm]:
        """The rows, in one query. One of another case is answered as one that is not there."""
        order, user = self.context["subject"], self.context["request"].user
        listed = Firearm.objects.visible_to(user, roles=MATRIX.things["firearm"].acts["view"])
        found = {one.public_id: one for one in listed.filter(order__case=order.case_id, public_id__in=ids)}
        text = "There is no such firearm on the list of this case. List it first, or take one of the list."
        faults = {
            number: [ErrorDetail(text, code="does_not_exist")]
            for number, id in enumerate(ids)  # noqa: A001 - as the API names it
            if id not in found
        }
        if faults:
            # Keyed by their place in the list, as the list's own faults are.
            raise serializers.ValidationError(faults)  # type: ignore[arg-type]
        return [*found.values()]


def receipts() -> QuerySet[Receipt]:
    """Of every order, with all that is shown of one."""
    return Receipt.objects.select_related("agency").prefetch_related("firearms")


class Receipts(CaseRows, OrderAct):
    """The receipts of the case; POST records one, and each firearm on it counts as handed over."""

    thing = "receipt"
    acts = {"GET": "view", "POST": "add"}
    every = staticmethod(receipts)
    shows = ReceiptOut
    body = ReceiptIn
    service = staticmethod(surrender.record_receipt)
    route = "receipt"


class OneReceipt(OneRow):
    """One receipt."""

    thing = "receipt"
    every = staticmethod(receipts)
    shows = ReceiptOut


def withdraw(receipt: Receipt, *, by: User, now: datetime, reason: str) -> Order:
    """The receipt was an error. Raises `InvalidFact`."""
    surrender.withdraw_receipt(receipt.order, receipt=receipt, by=by, now=now, reason=reason)
    return receipt.order


class ReceiptWithdrawals(RowAct):
    """POST: the receipt was an error; it is gone, and its firearms count as believed held again."""

    thing = "receipt"
    acts = {"POST": "withdraw"}
    of = OneReceipt
    makes = shows = OrderOut
    body = ReasonIn
    service = staticmethod(withdraw)
    route = "order"


class StatementOut(OfOrderOut):
    """What the respondent swore."""

    thing = "statement"
    kind = serializers.ChoiceField(choices=StatementKind.choices)
    sworn_at = AsGivenField()
    receipt_number = serializers.CharField(help_text="The statement's own number.")


class StatementIn(Given):
    """The respondent swore something."""

    kind = serializers.ChoiceField(choices=StatementKind.choices)
    sworn_at = InstantField(source="at")
    receipt_number = serializers.CharField(max_length=40, required=False, allow_blank=True)


class Statements(OrderRows, OrderAct):
    """Sworn statements; POST puts one on file."""

    thing = "statement"
    acts = {"GET": "view", "POST": "add"}
    shows = StatementOut
    body = StatementIn
    service = staticmethod(surrender.record_statement)

    @staticmethod
    def every() -> QuerySet[Any]:
        """Of every order."""
        return Statement.objects.all()
