"""Base views of all endpoints about an order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.problems import FieldError, Problem
from accounts.api.views import (
    ResourceAction,
    ResourceDetail,
    ResourceList,
    ResourceView,
    TargetView,
    etag,
)
from accounts.services.access import access_log
from orders.api.dry_run import DryRunOutput
from orders.api.known_orders import known_orders
from orders.api.serializers import OrderOutput
from orders.errors import DoubtfulFact, InvalidFact, NotYours, UnseenFact
from orders.models import Deadline, Order
from orders.querysets import OrderVisibility, order_visibility
from orders.services.one_round import check_codes, one_round
from orders.services.parties.visibility import roles_over
from orders.services.person_cases import lock_cases


@contextmanager
def refusals_as_problems(fields: Collection[str] | None = None) -> Iterator[None]:
    """Turn a service's refusal into a `Problem`.

    `fields` are the names in the request body. A refusal of another field concerns the body as a whole. With
    None, every name is accepted.
    """
    try:
        yield
    except NotYours as refusal:
        raise Problem("not_permitted") from refusal
    except InvalidFact as refusal:
        errors = [
            FieldError(
                one.field if fields is None or one.field in fields else "body",
                one.code,
                one.message,
                isinstance(one, DoubtfulFact) and "confirm" in (fields or ()),
            )
            for one in (refusal, *refusal.others)
        ]
        raise Problem("refused", refusal.message, errors=errors) from refusal


class OrderView(ResourceView):
    """Base of the views about orders, or about rows that belong to one order."""

    @property
    def viewers(self) -> frozenset[str]:
        """The roles that see rows of this resource."""
        return MATRIX.resources[self.resource].actions["view"]

    @override
    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function from a row to the roles in which the caller sees the row's order."""
        roles = roles_over(self.user, {_order_key(row) for row in rows})
        return lambda row: roles[_order_key(row)]

    @override
    def get_cases(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """Return the cases of the rows' orders. Fetch rows with their order and case."""
        return {order_of(row).case.public_id for row in rows}

    def get_order(self) -> Order:
        """Return the order whose id is in the URL, and log the access, even if the request then fails.

        Raises `Http404` if the caller does not see it.
        """
        order: Order = get_object_or_404(known_orders(self.user), public_id=self.kwargs["id"])
        access_log.log_access(self.request, [order.case.public_id])
        return order

    def get_row(self, queryset: Any) -> Any:
        """Return the row of `queryset` whose id is in the URL, and log access to its case.

        Raises `Http404` if the caller does not see rows of this resource in the row's order.
        """
        visible = queryset.visible_to(self.user, roles=self.viewers).select_related("order__case")
        row = get_object_or_404(visible, public_id=self.kwargs["id"])
        access_log.log_access(self.request, [row.order.case.public_id])
        return row

    def check_order_roles(self, order: Order, action: str, resource: str = "") -> None:
        """Raise `PermissionDenied` unless one of the roles in which the caller sees the order allows this."""
        if not MATRIX.may(roles_over(self.user, {order.pk})[order.pk], action, resource or self.resource):
            self.permission_denied(self.request)


class CrossOrderList(OrderView, ResourceList):
    """GET: rows of all orders that the caller sees.

    `get_queryset` returns the rows narrowed only by what the index of `ordering` answers, and
    `filter_queryset` narrows them further: the paginator scans the first to find the second.
    """

    #: The column with the order's key.
    order_path: ClassVar[str] = "order_id"
    #: Parameter that names an agency of the order -> filter on the agency's capacity.
    agency_filters: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    @property
    @override
    def filters(self) -> dict[str, Any]:
        """The query parameters without those of pagination and `agency_filters`."""
        return {name: value for name, value in super().filters.items() if name not in self.agency_filters}

    @property
    def shows_errors(self) -> bool:
        """True if the query asks for orders entered in error, which only the court sees."""
        return False

    @property
    def is_few(self) -> bool:
        """True if the query matches few rows by nature, so that no index has to be scanned."""
        return False

    @override
    def paginate_queryset(self, queryset: Any, **options: Any) -> list[Any]:
        """Return one page of the rows of visible orders.

        It is as fast for an agency with few orders, or with old orders only, as for any other.
        """
        visibility = self._visibility()
        return super().paginate_queryset(
            queryset.filter(visibility.for_index_scan(self.order_path)),
            index_scan=None if self.is_few else self.get_queryset(),
            by_agency=queryset.filter(visibility.by_agency(self.order_path)),
        )

    def _visibility(self) -> OrderVisibility:
        """Return what the caller sees of the orders of every agency in the query.

        If the caller sees the orders as a member of that agency, it is one condition: with two, PostgreSQL
        would estimate that almost no row matches.
        """
        agencies = [
            (self.query_data[name], capacity)
            for name, capacity in self.agency_filters.items()
            if name in self.query_data
        ]
        viewers = self.viewers
        if self.shows_errors:
            viewers &= MATRIX.capacities["court"].seen_by
        order_roles = MATRIX.capacities_by_role.keys() & viewers
        own = {one.agency_id for one in self.user.memberships.all() if one.role in order_roles}
        via_agency = next((agency.pk for agency, _ in agencies if agency.pk in own), None)
        visibility = order_visibility(
            self.user, roles=viewers, via_agency=via_agency, entered_in_error=self.shows_errors
        )
        for agency, capacity in agencies:
            if agency.pk != via_agency:
                visibility = visibility.also_of(agency, **capacity)
        return visibility


class OrderChildList(OrderView, ResourceList):
    """GET: the rows of `queryset` that belong to the order in the URL."""

    ordering: ClassVar[Sequence[str]] = ("id",)

    @override
    def get_queryset(self) -> Any:
        order = self.get_order()
        self.check_order_roles(order, "view")
        return self.get_children(super().get_queryset(), order).select_related("order__case")

    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Return the rows of this order."""
        rows: QuerySet[Any] = queryset.filter(order=order)
        return rows


class CaseChildList(OrderChildList):
    """GET: the rows of all orders of the case, as far as the caller sees these orders."""

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Return the rows of the order's case."""
        visible = queryset.visible_to(self.user, roles=self.viewers)
        rows: QuerySet[Any] = visible.filter(order__case=order.case_id)
        return rows


class OrderChildDetail(OrderView, ResourceDetail):
    """GET: one row of `queryset`, which belongs to an order, by its public id."""

    @override
    def get_object(self) -> Any:
        return self.get_row(self.get_queryset())


class DryRunRollback(APIException):
    """Rolls back an act that was only tried. It carries the response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class OrderActionView(OrderView, TargetView):
    """An act on an order by one of the services.

    The service gets the target, the fields of the input, `by` and `now`. The response shows what it returns.
    A caller who sees the order, but in no role that allows the act, gets 403.
    """

    service: ClassVar[Callable[..., Any]]
    #: The name of the URL of the returned row; empty if it has none.
    detail_route: ClassVar[str] = ""
    #: The name of the URL that takes the act back. A PATCH takes itself back.
    undo: ClassVar[str] = ""
    extra_parameters = (
        OpenApiParameter(
            "dry_run",
            OpenApiTypes.BOOL,
            OpenApiParameter.QUERY,
            description="`true` changes nothing: 200 with the deadlines that the act would move.",
        ),
    )
    extra_responses = {200: DryRunOutput}

    @override
    def get_target(self) -> Any:
        """Return the order in the URL."""
        return self.get_order()

    @override
    def lock_target(self, target: Any) -> Any:
        """Lock the cases, as every service does first, and check the caller's roles over the order."""
        order = order_of(target)
        lock_cases([order.case_id])
        self.check_order_roles(order, self.actions[str(self.request.method)])
        return target

    @override
    def get_version(self, target: Any) -> str:
        """Return the ETag of the order, as in `GET /orders/{id}`."""
        order = known_orders(self.user).get(pk=order_of(target).pk)
        return etag(self.get_serializer(order, serializer_class=OrderOutput).data)

    @override
    def perform_action(self, target: Any, data: dict[str, Any]) -> Response:
        """Return what the service returned, or for a dry run the deadlines that would move."""
        if self._is_dry_run():
            raise DryRunRollback(Response(self._dry_run(target, data)))
        result = self.get_result(self._call_service(target, data))
        body = self.get_serializer(result).data
        status = HTTPStatus.OK if self.request.method == "PATCH" else HTTPStatus.CREATED
        response = Response(body, status=status)
        if self.detail_route:
            response.headers["Location"] = reverse(self.detail_route, args=[result.public_id])
        if self.detail_route or isinstance(result, Order):
            response.headers["ETag"] = etag(body)
        return response

    @override
    def handle_exception(self, exc: Exception) -> Response:
        """Return the response of a dry run, whose transaction has been rolled back."""
        return exc.response if isinstance(exc, DryRunRollback) else super().handle_exception(exc)

    def get_result(self, row: Any) -> Any:
        """Return the row with everything that is shown of it."""
        return known_orders(self.user).get(pk=row.pk) if isinstance(row, Order) else row

    def _is_dry_run(self) -> bool:
        """Raise `Problem` for anything but `true` and `false`, so that a typing error does not act."""
        value = self.request.query_params.get("dry_run", "false")
        if value not in ("true", "false"):
            raise Problem("invalid", errors=[FieldError("dry_run", "invalid", "Use `true` or `false`.")])
        return value == "true"

    def _call_service(self, target: Any, data: dict[str, Any]) -> Any:
        codes = data.pop("confirm_codes", None)
        unconfirmed = {name: value for name, value in data.items() if name != "confirm"}
        with refusals_as_problems(self.input().fields):
            try:
                if codes is not None:
                    service = partial(type(self).service, target, **unconfirmed, by=self.user, now=self.now)
                    check_codes(service, codes)
                with one_round():
                    return type(self).service(target, **data, by=self.user, now=self.now)
            except InvalidFact as refusal:
                for one in (refusal, *refusal.others):
                    if isinstance(one, UnseenFact):
                        access_log.log_miss(self.request, data.get(one.field, ""))
                raise

    def _dry_run(self, target: Any, data: dict[str, Any]) -> dict[str, Any]:
        cases = set() if target is None else {order_of(target).case_id}
        untouched = transaction.savepoint()
        order = order_of(self._call_service(target, data))
        # A role that may act does not necessarily see deadlines.
        self.check_order_roles(order, "view", "deadline")
        # An order may have moved to another case.
        cases.add(order.case_id)
        after = _deadlines(cases)
        seen = self._may_see_deadlines(cases)
        transaction.savepoint_rollback(untouched)
        before = _deadlines(cases)
        seen |= self._may_see_deadlines(cases)
        changes = [
            {
                "order": order_id,
                "rule": rule,
                "occurrence": occurrence,
                "before": before.get((order_id, rule, occurrence)),
                "after": state,
            }
            for (order_id, rule, occurrence), state in after.items()
            if order_id in seen and state != before.get((order_id, rule, occurrence))
        ]
        return DryRunOutput({"deadlines": changes}).data

    def _may_see_deadlines(self, cases: Collection[int]) -> set[UUID]:
        """Return the orders of the cases (public ids) whose deadlines the caller may see."""
        known = Order.recorded.known_to(self.user).filter(case__in=cases)
        orders = dict(known.values_list("pk", "public_id"))
        roles = roles_over(self.user, orders)
        return {orders[pk] for pk, held in roles.items() if MATRIX.may(held, "view", "deadline")}


class OrderAction(OrderActionView, ResourceAction):
    """POST: an act on the order in the URL."""


class ChildAction(OrderAction):
    """POST: an act on one row of an order, such as a hearing. Its version is the row's own."""

    #: The view of the row itself.
    detail_view: ClassVar[type[OrderChildDetail]]

    @override
    def get_target(self) -> Any:
        """Return the row in the URL."""
        return self.get_row(self.detail_view.queryset)

    @override
    def lock_target(self, target: Any) -> Any:
        """Lock the case and fetch the row again: somebody may have withdrawn it in between."""
        super().lock_target(target)
        return self.get_target()

    @override
    def get_version(self, target: Any) -> str:
        """Return the ETag of the row."""
        return etag(self.get_serializer(target, serializer_class=self.detail_view.output).data)


_Key = tuple[UUID, str, str]


def _deadlines(cases: Collection[int]) -> dict[_Key, dict[str, Any]]:
    """Return state and due date of every deadline of these cases (by key)."""
    rows = Deadline.objects.filter(order__case__in=cases).order_by("order", "due_at", "id")
    return {
        (order_id, rule, occurrence): {"state": state, "due_at": due_at, "due_on": due_on}
        for order_id, rule, occurrence, state, due_at, due_on in rows.values_list(
            "order__public_id", "rule_id", "occurrence", "state", "due_at", "due_on"
        )
    }


def order_of(row: Any) -> Order:
    """Return the row itself if it is an order, or else its order."""
    order: Order = row if isinstance(row, Order) else row.order
    return order


def _order_key(row: Any) -> int:
    key: int = row.pk if isinstance(row, Order) else row.order_id
    return key
