"""Cases: a docket against one respondent, with the orders that the caller sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.pagination import PageQuery
from accounts.api.views import ResourceDetail, ResourceList, ResourceView
from accounts.models import User
from orders.api.base import OrderAction
from orders.api.serializers import CaseOutput, DocketField, IdsField, OrderOutput, ReasonInput
from orders.matching.dockets import spellings
from orders.models import Case, Order
from orders.services.orders import corrections
from orders.services.parties.visibility import roles_over

#: The most orders shown of one case, the newest of them.
MAX_ORDERS = 200


class CaseQuery(PageQuery):
    """Which docket, by its complete number."""

    docket_number = DocketField(max_length=40)


class CaseWithOrdersOutput(CaseOutput):
    """A case with the orders that the caller sees, the newest first."""

    orders = IdsField(source="seen_orders")


class CaseView(ResourceView):
    """Base of the views about cases.

    A caller who sees one of its orders sees the case, in the roles of all of these orders.
    """

    resource = "case"
    output = CaseWithOrdersOutput

    @override
    def get_queryset(self) -> Any:
        return visible_cases(self.user)

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function from a case to the roles in which the caller sees one of its orders."""
        roles = roles_over(self.user, {order.pk for case in rows for order in case.seen_orders})
        return lambda case: frozenset[str]().union(*(roles[order.pk] for order in case.seen_orders))

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        return {case.public_id for case in rows}


def visible_cases(user: User) -> QuerySet[Case]:
    """Cases visible to `user`, with everything that is shown of a case."""
    orders = Order.objects.visible_to(user)
    newest = orders.order_by("-issued_on", "-id")[:MAX_ORDERS]
    return (
        Case.objects.filter(Exists(orders.filter(case=OuterRef("pk"))))
        .select_related("court", "respondent__town", "respondent__person")
        .prefetch_related(Prefetch("orders", newest, to_attr="seen_orders"))
    )


class CaseList(CaseView, ResourceList):
    """The cases of one docket, one for each respondent."""

    query = CaseQuery

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.filter(docket_number__in=spellings(self.filters["docket_number"]))


class CaseDetail(CaseView, ResourceDetail):
    """One case."""


class DocketCorrectionInput(ReasonInput):
    """The docket number was entered with an error."""

    docket_number = serializers.CharField(max_length=40)


class DocketCorrectionCreate(OrderAction):
    """POST: correct the docket number. It changes for every order of the case."""

    resource = "case"
    actions = {"POST": "correct"}
    input = DocketCorrectionInput
    output = OrderOutput
    service = staticmethod(corrections.correct_docket)
    detail_route = "order"
    undo = "order-docket-corrections"


urlpatterns = [
    path("cases", CaseList.as_view(), name="cases"),
    path("cases/<uuid:id>", CaseDetail.as_view(), name="case"),
    path(
        "orders/<uuid:id>/docket-corrections",
        DocketCorrectionCreate.as_view(),
        name="order-docket-corrections",
    ),
]
