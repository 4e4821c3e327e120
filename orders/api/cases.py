"""Cases: one docket against one respondent, with the orders that the caller sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404
from rest_framework import serializers
from typing_extensions import override

from accounts.api.pages import Paged
from accounts.api.views import ApiView, Listing, Showing
from accounts.models import User
from orders.api.shapes import CaseOut, IdsField
from orders.models import Case, Order
from orders.services.sight import roles_over

#: Orders of one case that are named, the newest of them.
MOST = 200


class CaseQuery(Paged):
    """Which docket, written out."""

    docket_number = serializers.CharField(max_length=40)


class WholeCaseOut(CaseOut):
    """A case with the orders that the caller sees, the newest first."""

    orders = IdsField(source="seen_orders")


class OfCases(ApiView):
    """An address about cases. Whoever sees one of its orders sees a case, in the roles of all of them."""

    thing = "case"
    shows = WholeCaseOut

    @override
    def roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """In which roles the caller sees one of the case's orders."""
        roles = roles_over(self.user, {order.pk for case in rows for order in case.seen_orders})
        return lambda case: frozenset[str]().union(*(roles[order.pk] for order in case.seen_orders))

    @override
    def cases_of(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """Themselves."""
        return {case.public_id for case in rows}


def cases(user: User) -> QuerySet[Case]:
    """The cases that this person sees, with all that is shown of one."""
    seen = Order.objects.visible_to(user)
    newest = seen.order_by("-issued_on", "-id")[:MOST]
    return (
        Case.objects.filter(Exists(seen.filter(case=OuterRef("pk"))))
        .select_related("court", "respondent__town")
        .prefetch_related(Prefetch("orders", newest, to_attr="seen_orders"))
    )


class Cases(OfCases, Listing):
    """The cases of one docket: one for each respondent."""

    asks = CaseQuery
    guessable = ("docket_number",)

    @override
    def rows(self, **asked: Any) -> QuerySet[Case]:
        """Those of the docket."""
        return cases(self.user).filter(**asked)


class OneCase(OfCases, Showing):
    """One case."""

    @override
    def row(self, **ids: Any) -> Case:
        """The case of the address."""
        case = cases(self.user).filter(public_id=ids["id"]).first()
        if case is None:
            raise Http404
        return case
