"""What every address about an order has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api import pages
from accounts.api.body import InstantField, Shown
from accounts.api.problems import Fault, Problem
from accounts.api.views import Acting, Answer, ApiView, Listing, Showing, Undone
from accounts.models import Agency, User
from accounts.services import audit
from orders.errors import InvalidFact, NotYours
from orders.models import Case, Concern, Deadline, Order
from orders.querysets import OrderQuerySet, Sight, sight
from orders.services.sight import roles_over


def orders(user: User) -> OrderQuerySet[Order]:
    """The orders that this person sees, with all that is shown of one."""
    return with_parties(Order.objects.visible_to(user))


def with_parties(rows: OrderQuerySet[Order]) -> OrderQuerySet[Order]:
    """The orders, with all that is shown of one. A school is not, not even to the court."""
    concerns = Concern.objects.but_schools().select_related("agency")
    return rows.select_related("case__court", "case__respondent__town").prefetch_related(
        "protected_persons", Prefetch("concerns", concerns)
    )


DRY_RUN = OpenApiParameter(
    "dry_run",
    OpenApiTypes.BOOL,
    OpenApiParameter.QUERY,
    description="`true` does nothing, and answers 200 with the deadlines that the act would move.",
)


class Moved(serializers.Serializer[Any]):
    """A deadline before or after."""

    state = serializers.CharField()
    due_at = InstantField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)


class DeadlineChange(serializers.Serializer[Any]):
    """What an act would make of one deadline. `before` is null where it would open, and never is `after`."""

    order = serializers.UUIDField()
    rule = serializers.CharField()
    occurrence = serializers.CharField(allow_blank=True)
    before = Moved(allow_null=True)
    after = Moved()


class DryRun(serializers.Serializer[Any]):
    """What an act would do. Nothing was done."""

    deadlines = DeadlineChange(many=True)


class OfOrders(ApiView):
    """An address about orders, or about rows that belong to one."""

    @property
    def viewers(self) -> frozenset[str]:
        """The roles that see such rows."""
        return MATRIX.things[self.thing].acts["view"]

    @override
    def roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """In which roles the caller sees each row's order."""
        roles = roles_over(self.user, {_order_key(row) for row in rows})
        return lambda row: roles[_order_key(row)]

    @override
    def cases_of(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """The cases of the rows' orders. Rows come with order and case."""
        return {order_of(row).case.public_id for row in rows}

    def order(self, id: UUID) -> Order:  # noqa: A002 - the name in the address
        """The order of that public id. Raises `Http404` where the caller sees none."""
        order = orders(self.user).filter(public_id=id).first()
        if order is None:
            raise Http404
        # On record as asked for by somebody who may, whatever comes of it.
        audit.seen(self.request, [order.case.public_id])
        return order

    def of_order(self, rows: QuerySet[Any], id: UUID) -> Any:  # noqa: A002 - the name in the address
        """The row of that public id. Raises `Http404` where the caller sees no such rows of its order."""
        seen: Any = rows
        visible = seen.visible_to(self.user, roles=self.viewers)
        row = visible.select_related("order__case").filter(public_id=id).first()
        if row is None:
            raise Http404
        audit.seen(self.request, [row.order.case.public_id])
        return row

    def permit(self, order: Order, act: str, thing: str = "") -> None:
        """Raises `Problem` where none of the roles in which the caller sees the order may do that."""
        if not MATRIX.may(roles_over(self.user, {order.pk})[order.pk], act, thing or self.thing):
            raise Problem("not_permitted")


class DeskRows(OfOrders, Listing):
    """GET: rows of all the orders that the caller sees."""

    #: The column with the order's key.
    order_path: ClassVar[str] = "order_id"
    #: What can be asked for that names an agency which the order concerns, and in what capacity.
    narrowing: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    @abstractmethod
    def wanted(self, **asked: Any) -> tuple[QuerySet[Any] | None, QuerySet[Any]]:
        """The rows asked for, whoever may see them; and before them the wider set, narrowed only by what the
        index of `order_by` answers, or None where the rows asked for are few by their nature."""

    @override
    def page(self, asked: Mapping[str, Any], *, cursor: str, limit: int) -> tuple[list[Any], str]:
        """One page, as soon found for an agency with few orders, or with old ones only, as for any other."""
        agencies = [(asked[name], capacity) for name, capacity in self.narrowing.items() if name in asked]
        seen = self._sight(agencies)
        along, rows = self.wanted(
            **{name: value for name, value in asked.items() if name not in self.narrowing}
        )
        return pages.page(
            rows.filter(seen.of(self.order_path)),
            self.order_by,
            cursor=cursor,
            limit=limit,
            along=along,
            among=rows.filter(seen.all_of(self.order_path)),
        )

    def _sight(self, agencies: Sequence[tuple[Agency, Mapping[str, str]]]) -> Sight:
        """What the caller sees of the orders that concern each of these agencies.

        Where the caller sees the orders as a member of the very agency, that is asked once: asked twice,
        PostgreSQL takes it that next to nothing passes.
        """
        seeing = MATRIX.concerned_as.keys() & self.viewers
        own = {one.agency_id for one in self.user.memberships.all() if one.role in seeing}
        through = next((agency.pk for agency, _ in agencies if agency.pk in own), None)
        seen = sight(self.user, roles=self.viewers, through=through)
        for agency, capacity in agencies:
            if agency.pk != through:
                seen = seen.concerning(agency, **capacity)
        return seen


class OrderRows(OfOrders, Listing):
    """GET: the rows that one order has."""

    #: The rows of every order.
    every: ClassVar[Callable[[], QuerySet[Any]]]
    order_by: ClassVar[Sequence[str]] = ("id",)

    @override
    def rows(self, **asked: Any) -> QuerySet[Any]:
        """Those of the order in the address."""
        order = self.order(self.kwargs["id"])
        self.permit(order, "view")
        return self.rows_of(order).select_related("order__case")

    def rows_of(self, order: Order) -> QuerySet[Any]:
        """Those of this order."""
        return type(self).every().filter(order=order)


class CaseRows(OrderRows):
    """GET: the rows that all orders of a case share, as far as the caller sees those orders."""

    @override
    def rows_of(self, order: Order) -> QuerySet[Any]:
        """Those of the order's case."""
        every: Any = type(self).every()
        rows: QuerySet[Any] = every.visible_to(self.user, roles=self.viewers).filter(
            order__case=order.case_id
        )
        return rows


class OneRow(OfOrders, Showing):
    """GET: one row of an order, by its public id."""

    #: The rows of every order.
    every: ClassVar[Callable[[], QuerySet[Any]]]

    @override
    def row(self, **ids: Any) -> Any:
        """The row of the address."""
        return self.of_order(type(self).every(), ids["id"])


class OrderAct(OfOrders, Acting):
    """POST: an act upon an order, or upon a row of one, by the service that takes it.

    The service is called with the subject, what the body says, `by` and `now`; what it returns is shown. A
    caller who may see the order in roles that may not do the act is answered 403.
    """

    service: ClassVar[Callable[..., Any]]
    makes: ClassVar[type[Shown]]
    #: The address of what was made, by the name of its route; empty where it has none of its own.
    route: ClassVar[str] = ""
    parameters = (DRY_RUN,)
    other_answers = {200: DryRun}

    @override
    def subject(self, **ids: Any) -> Any:
        """The order of the address."""
        return self.order(ids["id"])

    @override
    def locked(self, subject: Any) -> Any:
        """The subject with its case locked, as every service does first."""
        order = order_of(subject)
        Case.objects.select_for_update(no_key=True).get(pk=order.case_id)
        self.permit(order, self.acts[str(self.request.method)])
        return subject

    @override
    def version_of(self, subject: Any) -> str:
        """The entity tag of the order."""
        # As `GET /orders/{id}` gives it; imported here, for shapes of orders stand on this module.
        from orders.api.shapes import OrderOut

        order = orders(self.user).get(pk=order_of(subject).pk)
        return str(Answer(self.shown([order], OrderOut)[0], is_versioned=True).headers["ETag"])

    @override
    def perform(self, subject: Any, given: dict[str, Any]) -> HttpResponse:
        """What was made or changed; for a dry run, which deadlines that would move."""
        if self._is_dry_run():
            raise Undone(Answer(self._tried(subject, given)))
        made = self.made(self._do(subject, given))
        shape = getattr(self, "makes", self.shows)
        location = reverse(self.route, args=[made.public_id]) if self.route else ""
        return Answer(
            self.shown([made], shape)[0],
            status=HTTPStatus.OK if self.request.method == "PATCH" else HTTPStatus.CREATED,
            location=location,
            is_versioned=isinstance(made, Order) or bool(self.route),
        )

    def _is_dry_run(self) -> bool:
        """Raises `Problem` for a word that is neither: an act that was only to be tried must not be done."""
        asked = self.request.query_params.get("dry_run", "false")
        if asked not in ("true", "false"):
            raise Problem("invalid", faults=[Fault("dry_run", "invalid", "Give `true` or `false`.")])
        return asked == "true"

    def made(self, row: Any) -> Any:
        """What the service returned, with all that is shown of it."""
        return orders(self.user).get(pk=row.pk) if isinstance(row, Order) else row

    def _do(self, subject: Any, given: dict[str, Any]) -> Any:
        try:
            return type(self).service(subject, **given, by=self.user, now=self.now)
        except NotYours as refusal:
            raise Problem("not_permitted") from refusal
        except InvalidFact as refusal:
            # What the body does not name is wrong with the whole.
            field = refusal.field if refusal.field in self.body().fields else "body"
            fault = Fault(field, refusal.code, refusal.message)
            raise Problem("refused", refusal.message, faults=[fault]) from refusal

    def _tried(self, subject: Any, given: dict[str, Any]) -> dict[str, Any]:
        before = _standing(order_of(subject)) if subject is not None else {}
        tried = order_of(self._do(subject, given))
        # Who may do it need not be among those who see deadlines.
        self.permit(tried, "view", "deadline")
        after = _standing(tried)
        changed = [key for key in after if after[key] != before.get(key)]
        return DryRun(
            {
                "deadlines": [
                    {
                        "order": order,
                        "rule": rule,
                        "occurrence": occurrence,
                        "before": before.get((order, rule, occurrence)),
                        "after": after[order, rule, occurrence],
                    }
                    for order, rule, occurrence in changed
                ]
            }
        ).data


class RowAct(OrderAct):
    """POST: an act upon one row of an order, such as a hearing. Its version is the row's own."""

    #: The address of the row itself.
    of: ClassVar[type[OneRow]]

    @override
    def subject(self, **ids: Any) -> Any:
        """The row of the address."""
        return self.of_order(type(self).of.every(), ids["id"])

    @override
    def locked(self, subject: Any) -> Any:
        """The row as it is now; somebody may have withdrawn it meanwhile."""
        super().locked(subject)
        return self.subject(id=subject.public_id)

    @override
    def version_of(self, subject: Any) -> str:
        """The entity tag of the row."""
        return str(Answer(self.shown([subject], self.of.shows)[0], is_versioned=True).headers["ETag"])


_Key = tuple[UUID, str, str]


def _standing(order: Order) -> dict[_Key, dict[str, Any]]:
    """How every deadline of the order's case stands."""
    rows = Deadline.objects.filter(order__case=order.case_id).order_by("order", "due_at", "id")
    return {
        (order, rule, occurrence): {"state": state, "due_at": due_at, "due_on": due_on}
        for order, rule, occurrence, state, due_at, due_on in rows.values_list(
            "order__public_id", "rule_id", "occurrence", "state", "due_at", "due_on"
        )
    }


def order_of(row: Any) -> Order:
    """The order itself, or that of a row that belongs to one."""
    order: Order = row if isinstance(row, Order) else row.order
    return order


def _order_key(row: Any) -> int:
    key: int = row.pk if isinstance(row, Order) else row.order_id
    return key
