"""A court's orders: the list, the form that enters one, the page of one, the forms of what is done to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.models import Agency, Role, User
from accounts.searching import SearchedList
from accounts.services.audit import seen
from orders.admin.acts import ACTS
from orders.admin.desk import MOST, DeskList, courts_of, laid_out, order_address, state_badge
from orders.admin.page import acts_for, show
from orders.errors import InvalidFact
from orders.forms.entry import EnterOrderForm, FactsForm
from orders.models import Deadline, DeadlineState, Order, OrderKind
from orders.services.change import zone_of
from orders.services.entry import enter_order
from orders.services.sight import roles_over
from orders.wording import language_of, short_due, short_words

STANDING = [DeadlineState.OPEN, DeadlineState.OVERDUE]


class OverdueFilter(admin.SimpleListFilter):
    """Orders with a deadline whose time ran out."""

    title = "overdue"
    parameter_name = "overdue"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two choices."""
        return [("yes", "Something is overdue"), ("no", "Nothing is overdue")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The orders chosen."""
        overdue = Deadline.objects.filter(
            order=OuterRef("pk"), state__in=STANDING, due_at__lte=timezone.now()
        )
        match self.value():
            case "yes":
                return queryset.filter(Exists(overdue))
            case "no":
                return queryset.exclude(Exists(overdue))
        return queryset


class ServedFilter(admin.SimpleListFilter):
    """Orders by whether the respondent has notice."""

    title = "service"
    parameter_name = "served"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two choices."""
        return [("yes", "Served"), ("no", "Not served")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The orders chosen."""
        if (chosen := self.value()) in ("yes", "no"):
            return queryset.filter(served_at__isnull=chosen == "no")
        return queryset


class KindFilter(admin.SimpleListFilter):
    """Orders of one kind."""

    title = "kind"
    parameter_name = "kind"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every kind."""
        return [(kind.value, str(kind.label)) for kind in OrderKind]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The orders chosen."""
        return queryset.filter(kind=chosen) if (chosen := self.value()) else queryset


class OrderList(SearchedList):
    """The list, whose rows lead to pages by a name that cannot be counted."""

    @override
    def url_for_result(self, result: Any) -> str:
        """The page of the order."""
        return order_address(result)


@admin.register(Order)
class OrderAdmin(DeskList):
    """Orders of the person's own court."""

    order_path = "pk"
    case_path = "case.public_id"
    list_display = ["docket", "kind", "respondent", "issued", "served", "next_deadline"]
    list_display_links = ["docket"]
    list_select_related = ["case__respondent"]
    list_filter = [OverdueFilter, ServedFilter, KindFilter]
    search_fields = ["case__docket_number", "por_number"]
    search_help_text = (
        f"A docket or registry number, whole or its beginning. The list goes back {MOST:,} orders; older "
        "ones are found here."
    )
    ordering = ["-issued_on", "-id"]

    @override
    def get_urls(self) -> list[URLPattern]:
        """The list, the entry of an order, the page of one, and the acts on it."""
        view = self.admin_site.admin_view
        one = "<uuid:public_id>/"
        return [
            *super().get_urls(),
            path("add/", view(self.enter_view), name="orders_order_add"),
            path(one, view(self.order_view), name="orders_order_change"),
            path(f"{one}<slug:name>/", view(self.act_view), name="orders_order_act"),
        ]

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Clerks enter orders of their court."""
        return bool(courts_of(request.user, Role.CLERK))

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that leads to pages by public id."""
        return OrderList

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """With the deadlines that stand, the soonest first."""
        standing = Deadline.objects.filter(state__in=STANDING).order_by("due_at", "id")
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("deadlines", standing, to_attr="standing"))
        )

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The orders whose docket or registry number begins as typed, in the letters of a docket."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        dockets, numbers = Q(), Q()
        for term in {typed, typed.upper()}:
            dockets |= Q(case__docket_number__startswith=term)
            numbers |= Q(por_number__startswith=term)
        # Each half by its own index, which an OR across two tables would pass over.
        by_docket = Order.objects.filter(dockets).values("pk")
        by_number = Order.objects.filter(numbers).exclude(por_number="").values("pk")
        return queryset.filter(pk__in=by_docket.union(by_number)), False

    @admin.display(description="Docket", ordering="case__docket_number")
    def docket(self, order: Order) -> str:
        """The docket number."""
        return order.case.docket_number

    @admin.display(description="Respondent")
    def respondent(self, order: Order) -> str:
        """The respondent's name."""
        return order.case.respondent.name

    @admin.display(description="Issued", ordering="issued_on")
    def issued(self, order: Order) -> str:
        """The order's own date."""
        return f"{order.issued_on.day} {order.issued_on:%b %Y}"

    @admin.display(description="Served", ordering="served_at")
    def served(self, order: Order) -> str:
        """When, in court time."""
        return short_words(order.served_at, zone_of(order)) if order.served_at else "Not served"

    @admin.display(description="Next deadline")
    def next_deadline(self, order: Any) -> SafeString | str:
        """The soonest that stands."""
        standing: list[Deadline] = order.standing
        if not standing:
            return "None"
        first = standing[0]
        badge = state_badge(first, timezone.now())
        due = short_due(first, zone_of(order))
        return format_html("{} {} <span class=quiet>{}</span>", badge, due, first.rule_id)

    def enter_view(self, request: HttpRequest) -> HttpResponse:
        """The form that enters an order; afterwards its page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        courts = Agency.objects.filter(pk__in=courts_of(request.user, Role.CLERK))
        form = EnterOrderForm(request.POST or None, courts=courts)
        if form.is_valid():
            try:
                order = enter_order(form.new_order(), by=_person(request), now=timezone.now())
            except InvalidFact as refusal:
                form.refuse(refusal)
            else:
                seen(request, [order.case.public_id])
                messages.success(request, "The order is entered. Record its service once it is served.")
                return redirect(order_address(order))
        return self._form(request, form, title="Add order", button="Add order")

    def order_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Everything known of one order, and what can be done to it."""
        order = self._order(request, public_id)
        shown = show(order, now=timezone.now(), language=language_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{order.case.docket_number}: {order.get_kind_display()}",
            "opts": self.opts,
            **shown,
            "acts": acts_for(order, shown, roles_over(_person(request), {order.pk})[order.pk]),
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    def act_view(self, request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
        """The form of one act; afterwards the order's page."""
        order = self._order(request, public_id)
        if name not in ACTS:
            raise Http404
        act = ACTS[name]
        if not act.is_permitted(roles_over(_person(request), {order.pk})[order.pk]):
            raise PermissionDenied
        form = act.form(request.POST if request.method == "POST" else None, order=order)
        if form.is_valid() and act.perform(form, by=_person(request), now=timezone.now()):
            messages.success(request, act.done)
            return redirect(f"{order_address(order)}#{act.section}")
        return self._form(request, form, title=act.title, button=act.title, order=order)

    def _order(self, request: HttpRequest, public_id: UUID) -> Order:
        """The order, if this person sees it, its case on record as seen; else it does not exist."""
        if not self.has_view_permission(request):
            raise Http404
        visible = self.get_queryset(request).prefetch_related(None)
        order: Order | None = (
            visible.select_related("case__court", "case__respondent__town__police")
            .filter(public_id=public_id)
            .first()
        )
        if order is None:
            raise Http404
        seen(request, [order.case.public_id])
        return order

    def _form(self, request: HttpRequest, form: FactsForm, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/orders/order/form.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "form": form,
                "adminform": laid_out(form),
                "media": self.media,
                **context,
            },
        )


def _person(request: HttpRequest) -> User:
    """Who is signed in. `admin_view` has let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
