"""The respondent's sworn statements about firearms."""

from __future__ import annotations

from uuid import UUID

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer
from orders.api.base import OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.listed import ids_field, listed_firearms
from orders.api.serializers import AsGivenField, IdsField, OrderChildOutput
from orders.models import Firearm, Statement, StatementKind
from orders.services.firearms import statements


class StatementOutput(OrderChildOutput):
    """A sworn statement of the respondent."""

    resource = "statement"
    kind = serializers.ChoiceField(choices=StatementKind.choices)
    sworn_at = AsGivenField()
    receipt_number = serializers.CharField(help_text="The statement's own number.")
    firearms = IdsField(help_text="The firearms that cannot be reached.")


class StatementInput(InputSerializer):
    """The respondent made a sworn statement."""

    kind = serializers.ChoiceField(choices=StatementKind.choices)
    sworn_at = InstantField()
    receipt_number = serializers.CharField(max_length=40, required=False, allow_blank=True)
    firearms = ids_field("Of firearms that cannot be reached: which of the list.", required=False)
    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason to store a doubtful fact anyway, such as proof from before the order, or a "
        "statement that is recorded.",
    )

    def validate_firearms(self, ids: list[UUID]) -> list[Firearm]:
        """Return the firearms. Firearms of another case count as not found."""
        return listed_firearms(self, ids)


class StatementList(OrderChildList, OrderAction):
    """Sworn statements. POST files one."""

    resource = "statement"
    actions = {"GET": "view", "POST": "add"}
    queryset = Statement.objects.prefetch_related("firearms")
    input = StatementInput
    output = StatementOutput
    service = staticmethod(statements.record_statement)
    detail_route = "statement"
    undo = "statement-withdrawals"


class StatementDetail(CorrectableDetail):
    """One sworn statement. PATCH corrects it."""

    resource = "statement"
    queryset = Statement.objects.prefetch_related("firearms")
    input = correction_of(StatementInput, leave_out=("firearms",))
    output = StatementOutput


class StatementWithdrawalCreate(WithdrawalCreate):
    """POST: the statement was recorded in error and is removed."""

    resource = "statement"
    detail_view = StatementDetail
    undo = "order-statements"


urlpatterns = [
    path("orders/<uuid:id>/statements", StatementList.as_view(), name="order-statements"),
    path("statements/<uuid:id>", StatementDetail.as_view(), name="statement"),
    path(
        "statements/<uuid:id>/withdrawals", StatementWithdrawalCreate.as_view(), name="statement-withdrawals"
    ),
]
