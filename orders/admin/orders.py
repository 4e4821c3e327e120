"""A court's orders: the list, the form that enters one, the page of one and the forms of its acts."""

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

from accounts.dates import format_day, format_instant
from accounts.models import Agency, Role, User
from accounts.searching import SearchedList
from accounts.services.access.access_log import log_access, log_miss
from orders.admin.act_page import ActPage
from orders.admin.desk import (
    MOST,
    DeskList,
    NamedDefaultFilter,
    courts_of,
    laid_out,
    order_address,
    state_badge,
)
from orders.admin.page import load_page
from orders.admin.summary.summary import load_summary
from orders.display import language_of, law_name, short_due
from orders.errors import InvalidFact
from orders.forms.acts import ACTS
from orders.forms.base import FactsForm
from orders.forms.entry import EnterOrderForm
from orders.forms.firearm_words import word_lists
from orders.matching.dockets import DOCKET_EXAMPLE, clean_docket, is_connecticut_docket, spellings
from orders.models import RUNNING, Deadline, Order, OrderKind, deadline_is_overdue
from orders.services.court_days import zone_of
from orders.services.orders.entry_sheet import enter_sheet
from orders.services.parties.visibility import roles_over

#: The parameter that asks for orders entered in error.
IN_ERROR = "in_error"


class OverdueFilter(admin.SimpleListFilter):
    """Orders by whether a deadline is overdue."""

    title = "overdue"
    parameter_name = "overdue"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two choices."""
        return [("yes", "Something is overdue"), ("no", "Nothing is overdue")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        overdue = Deadline.objects.filter(deadline_is_overdue(timezone.now()), order=OuterRef("pk"))
        match self.value():
            case "yes":
                return queryset.filter(Exists(overdue))
            case "no":
                return queryset.exclude(Exists(overdue))
        return queryset


class ServedFilter(admin.SimpleListFilter):
    """Orders by whether they are served."""

    title = "service"
    parameter_name = "served"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two choices."""
        return [("yes", "Served"), ("no", "Not served")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        if (chosen := self.value()) in ("yes", "no"):
            return queryset.filter(served_at__isnull=chosen == "no")
        return queryset


class KindFilter(admin.SimpleListFilter):
    """Orders of one kind."""

    title = "kind"
    parameter_name = "kind"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every kind."""
        return [(kind.value, str(kind.label)) for kind in OrderKind]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        return queryset.filter(kind=chosen) if (chosen := self.value()) else queryset


class EnteredInErrorFilter(NamedDefaultFilter):
    """Orders, or those that were entered in error. `OrderAdmin.get_queryset` chooses the rows."""

    title = "entered in error"
    default_label = "No"
    parameter_name = IN_ERROR

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the other choice."""
        return [("yes", "Entered in error")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows as they are."""
        return queryset


class OrderChangeList(SearchedList):
    """The list, with links by public id."""

    @override
    def url_for_result(self, result: Any) -> str:
        """Return the address of the page of the order."""
        return order_address(result)


@admin.register(Order)
class OrderAdmin(DeskList):
    """The orders of the person's court."""

    order_path = "pk"
    case_path = "case.public_id"
    list_display = ["docket", "kind", "respondent", "issued", "served", "next_deadline"]
    list_display_links = ["docket"]
    list_select_related = ["case__respondent"]
    list_filter = [OverdueFilter, ServedFilter, KindFilter, EnteredInErrorFilter]
    search_fields = ["case__docket_number", "por_number"]
    search_help_text = (
        f"A docket or registry number, whole or its beginning. The list goes back {MOST:,} orders; older "
        "ones are found here."
    )
    ordering = ["-issued_on", "-id"]

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list, of the entry form, of an order and of its acts."""
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
        """True for clerks, who enter the orders of their court."""
        return bool(courts_of(request.user, Role.CLERK))

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list with links by public id."""
        return OrderChangeList

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Return the orders with their open and overdue deadlines, the soonest first."""
        open_deadlines = Deadline.objects.filter(state__in=RUNNING).order_by("due_at", "id")
        orders: QuerySet[Order] = super().get_queryset(request)
        if request.GET.get(IN_ERROR) == "yes":
            orders = Order.recorded.entered_in_error(request.user).order_by(*self.ordering)
        return orders.prefetch_related(Prefetch("deadlines", open_deadlines, to_attr="open_deadlines"))

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the orders whose docket or registry number begins as typed."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        dockets, numbers = Q(), Q()
        for term in {typed, typed.upper(), *spellings(clean_docket(typed))} - {""}:
            dockets |= Q(case__docket_number__startswith=term)
            numbers |= Q(por_number__startswith=term)
        # Each half uses its own index; an OR across two tables would use neither.
        by_docket = Order.recorded.filter(dockets).values("pk")
        by_number = Order.recorded.filter(numbers).exclude(por_number="").values("pk")
        return queryset.filter(pk__in=by_docket.union(by_number)), False

    @admin.display(description="Docket", ordering="case__docket_number")
    def docket(self, order: Order) -> str:
        """Return the docket number."""
        return order.case.docket_number

    @admin.display(description="Respondent")
    def respondent(self, order: Order) -> str:
        """Return the respondent's name."""
        return order.case.respondent.name

    @admin.display(description="Issued", ordering="issued_on")
    def issued(self, order: Order) -> str:
        """Return the date of the order."""
        return format_day(order.issued_on)

    @admin.display(description="Served", ordering="served_at")
    def served(self, order: Order) -> str:
        """Return the time of service, in court time."""
        return format_instant(order.served_at, zone_of(order)) if order.served_at else "Not served"

    @admin.display(description="Next deadline")
    def next_deadline(self, order: Any) -> SafeString | str:
        """Return the soonest deadline that is open or overdue."""
        deadlines: list[Deadline] = order.open_deadlines
        if not deadlines:
            return "None"
        first = deadlines[0]
        badge = state_badge(first, timezone.now())
        due = short_due(first, zone_of(order))
        return format_html("{} {} <span class=quiet>{}</span>", badge, due, law_name(first.rule_id))

    def enter_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form that enters an order, then the page of the order."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        courts = Agency.objects.filter(pk__in=courts_of(request.user, Role.CLERK))
        form = EnterOrderForm(request.POST or None, courts=courts, clerk=_person(request))
        if form.is_valid():
            try:
                order = enter_sheet(
                    form.new_order(),
                    form.listed(),
                    confirm=form.confirm,
                    by=_person(request),
                    now=timezone.now(),
                )
            except InvalidFact as refusal:
                form.refuse(refusal)
                _count_unseen(request, form)
            else:
                log_access(request, [order.case.public_id])
                messages.success(request, "The order is entered. Record service when it is served.")
                if order.jurisdiction == "us_ct" and not is_connecticut_docket(order.case.docket_number):
                    # Without the number: a message may travel in a cookie.
                    messages.warning(
                        request,
                        "Check the docket number. Connecticut's have six to eight digits before the last "
                        f"letter, such as {DOCKET_EXAMPLE}.",
                    )
                return redirect(order_address(order))
        return self._form(request, form, title="Add order", button="Add order", word_lists=word_lists())

    def order_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Show one order and its acts."""
        order = self._order(request, public_id)
        page = load_page(
            order,
            user=_person(request),
            roles=roles_over(_person(request), {order.pk})[order.pk],
            now=timezone.now(),
            language=language_of(request),
        )
        log_access(request, [one.order.case.public_id for one in page.related])
        context = {
            **self.admin_site.each_context(request),
            "title": f"{order.case.docket_number}: {order.get_kind_display()}",
            "opts": self.opts,
            "page": page,
            "summary": load_summary(page.record, roles=page.roles, now=page.now),
            "is_nav_sidebar_enabled": False,
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    def act_view(self, request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
        """Show the form of an act, then the page of the order."""
        order = self._order(request, public_id)
        if name not in ACTS:
            raise Http404
        act = ACTS[name]
        if not act.is_permitted(roles_over(_person(request), {order.pk})[order.pk]):
            raise PermissionDenied
        page = ActPage(request=request, order=order, person=_person(request), now=timezone.now())
        run = page.run(act)
        if run.is_gone or run.is_done:
            return page.leave(run)
        _count_unseen(request, run.form)
        return page.show(run, self.admin_site.each_context(request))

    def _order(self, request: HttpRequest, public_id: UUID) -> Order:
        """Return the order and log access to its case. Raises `Http404` if the person does not see it."""
        if not self.has_view_permission(request):
            raise Http404
        visible: QuerySet[Order] = self.get_queryset(request).prefetch_related(None)
        orders = visible.filter(public_id=public_id) | Order.recorded.entered_in_error(request.user).filter(
            public_id=public_id
        )
        order = orders.select_related("case__court", "case__respondent__town__police").first()
        if order is None:
            raise Http404
        log_access(request, [order.case.public_id])
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


def _count_unseen(request: HttpRequest, form: Any) -> None:
    """Count a number that clashed with an order of others as a refused look-up."""
    if form.unseen:
        log_miss(request, form.unseen)


def _person(request: HttpRequest) -> User:
    """Return the signed-in person. `admin_view` lets no one else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
