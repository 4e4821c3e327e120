"""The list of a court's orders: filters, saved views, sorting and export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from typing_extensions import override

from accounts.models import Agency, AgencyKind, User
from accounts.narrowing import expect
from accounts.searching import SearchedList
from accounts.services.access.access_log import skip_done_entry
from orders.admin.desk import DeskList, NamedDefaultFilter, desk_of
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket, spellings
from orders.matching.registry_numbers import registry_key
from orders.models import Order, OrderAgency, OrderKind, SavedView
from orders.services.desk.conditions import FILTERS, MOST_COUNTED, VIEWS, CourtDesk, count, is_recent
from orders.services.desk.judges import heard_by, judges_of
from orders.services.desk.saved_views import kept_query, save_view
from orders.services.search import search
from orders.views.court.export import MOST_EXPORTED, TooMany, export_orders
from orders.views.court.rows import RELATED, SHORT_KINDS, load_rows
from orders.views.court.words import order_page

#: The parameter that asks for orders entered in error.
IN_ERROR = "in_error"
#: The files of an export.
_FORMS = ("csv", "xlsx")


class OrderFilter(NamedDefaultFilter):
    """One of the filters of `FILTERS`; `parameter_name` names it."""

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        _, _, choices = FILTERS[str(self.parameter_name)]
        return [(value, choice.label) for value, choice in choices.items()]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        _, _, choices = FILTERS[str(self.parameter_name)]
        chosen = choices.get(self.value() or "")
        return queryset.filter(chosen.keeps(desk_of(request))) if chosen else queryset


class ShownFilter(OrderFilter):
    """Live orders and those that ended not long ago; on request others. A search finds all."""

    parameter_name = "shown"
    title, default_label, _ = FILTERS["shown"]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        if self.value() or request.GET.get(IN_ERROR) or request.session.get(SEARCHED):
            return super().queryset(request, queryset)
        return queryset.filter(is_recent(desk_of(request)))


class KindFilter(NamedDefaultFilter):
    """Orders of one kind."""

    title = "Kind"
    default_label = "Every kind"
    parameter_name = "kind"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every kind."""
        return [(kind.value, SHORT_KINDS[kind]) for kind in OrderKind]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        return queryset.filter(kind=chosen) if (chosen := self.value()) else queryset


class AgencyFilter(NamedDefaultFilter):
    """Orders of one police agency."""

    title = "Agency"
    default_label = "Every agency"
    parameter_name = "agency"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the police of the states of the person's courts."""
        courts = Agency.objects.filter(pk__in=desk_of(request).courts)
        police = Agency.objects.filter(kind=AgencyKind.POLICE, jurisdiction__in=courts.values("jurisdiction"))
        return [(str(pk), name) for pk, name in police.order_by("name").values_list("pk", "name")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        chosen = self.value()
        if chosen not in {value for value, _ in self.lookup_choices}:
            return queryset
        theirs = OrderAgency.objects.filter(order=OuterRef("pk"), agency=int(chosen or 0))
        return queryset.filter(Exists(theirs))


class JudgeFilter(NamedDefaultFilter):
    """Orders with a hearing before one judge."""

    title = "Judge"
    default_label = "Every judge"
    parameter_name = "judge"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the judges of the hearings of the person's courts."""
        return [(name, name) for name in judges_of(desk_of(request))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen orders."""
        chosen = self.value()
        return queryset.filter(Exists(heard_by(chosen))) if chosen else queryset


class EnteredInErrorFilter(NamedDefaultFilter):
    """Orders, or those that were entered in error. `CourtOrderList.get_queryset` chooses the rows."""

    title = "Entered in error"
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


def _filter(name: str) -> type[OrderFilter]:
    """Return the filter of one parameter."""
    title, default, _ = FILTERS[name]
    facts = {"parameter_name": name, "title": title, "default_label": default}
    return type(f"OrderFilter{name.title()}", (OrderFilter,), facts)


def _column(title: str, ordering: str | None = None) -> Any:
    """Return a column of the list by which Django sorts. The template shows its cells."""

    @admin.display(description=title, ordering=ordering)
    def column(_order: Order) -> str:
        return title

    return column


class OrderChangeList(SearchedList):
    """The list, with links by public id."""

    @override
    def url_for_result(self, result: Any) -> str:
        """Return the address of the page of the order."""
        return order_page(result)


#: The key of the session that holds the search of this list.
SEARCHED = "search:orders.order"


class CourtOrderList(DeskList):
    """The orders of the person's court, the most urgent first."""

    change_list_template = "orders/court/orders.html"
    order_path = "pk"
    case_path = "case.public_id"
    list_display = [
        _column("Respondent, born, town", "case__respondent__name_key"),
        _column("Docket", "case__docket_number"),
        _column("Kind", "kind"),
        _column("Served", "served_at"),
        _column("Surrender of firearms"),
        _column("Time", "urgency__due_at"),
        _column("Next for the court"),
        _column("Owner"),
    ]
    list_display_links = None
    list_select_related = list(RELATED)
    list_filter = [
        ShownFilter,
        *(_filter(name) for name in FILTERS if name != "shown"),
        KindFilter,
        AgencyFilter,
        JudgeFilter,
        EnteredInErrorFilter,
    ]
    search_fields = ["case__docket_number", "por_number"]
    ordering = ["urgency__due_at", "urgency__order"]

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list, of its export and of saved views."""
        view = self.admin_site.admin_view
        return [
            *super().get_urls(),
            path("export/<str:form>/", view(self.export_view), name="orders_order_export"),
            path("views/", view(self.save_view), name="orders_order_save_view"),
            path("views/<uuid:public_id>/delete/", view(self.forget_view), name="orders_order_forget_view"),
        ]

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list with links by public id."""
        return OrderChangeList

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Return the orders of the person's courts; on request those entered in error."""
        desk = desk_of(request)
        if request.GET.get(IN_ERROR) == "yes":
            return Order.recorded.entered_in_error(desk.person)
        return desk.orders()

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the orders that fit: by the beginning of a number, and as the search of every page finds."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        dockets, key = Q(), registry_key(typed)
        for term in {typed, typed.upper(), *spellings(clean_docket(typed))} - {""}:
            dockets |= Q(case__docket_number__startswith=term)
        # Each part uses its own index; an OR across two tables would use neither.
        by_docket = Order.recorded.filter(dockets).values("pk")
        by_number = (
            Order.recorded.filter(number_key__startswith=key or " ").exclude(number_key="").values("pk")
        )
        found = search(expect(User, request.user), typed, now=timezone.now())
        fits = Q(pk__in=by_docket.union(by_number)) | Q(pk__in=[one.order.pk for one in found])
        return queryset.filter(fits), False

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, one line for each order."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            desk, shown = desk_of(request), response.context_data["cl"]
            response.context_data |= {
                "rows": load_rows(list(shown.result_list), now=desk.now),
                "headers": list(result_headers(shown)),
                "views": _views(request, desk),
                "saved_views": _saved(request),
                "kept": kept_query(request.GET.urlencode()),
                "most_counted": MOST_COUNTED,
                "forms": _FORMS,
                "is_in_error": request.GET.get(IN_ERROR) == "yes",
            }
        return response

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Return what is filtered as a file."""
        if form not in _FORMS or not self.has_view_permission(request):
            raise Http404
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect("admin:orders_order_changelist")
        try:
            return export_orders(request, shown.queryset, desk_of(request), form)
        except TooMany:
            more = f"The list has more than {MOST_EXPORTED:,} orders. Filter it, then export a part."
            messages.error(request, more)
            return redirect(f"{reverse('admin:orders_order_changelist')}?{request.GET.urlencode()}")

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Save the filters of the list under a name, and show the list with them."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise Http404
        skip_done_entry(request)
        query = request.POST.get("query", "")
        try:
            view = save_view(expect(User, request.user), name=request.POST.get("name", ""), query=query)
        except InvalidFact as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"The view “{view.name}” is saved.")
        return redirect(_list_address(query))

    def forget_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Delete a view of the person's own."""
        if request.method != "POST":
            raise Http404
        skip_done_entry(request)
        SavedView.objects.filter(person=expect(User, request.user), public_id=public_id).delete()
        return redirect(_list_address(""))


def _list_address(query: str) -> str:
    address = redirect("admin:orders_order_changelist").url
    kept = kept_query(query)
    return f"{address}?{kept}" if kept else address


def _views(request: HttpRequest, desk: CourtDesk) -> list[dict[str, Any]]:
    """Return the ready views, each with its count."""
    here = kept_query(request.GET.urlencode())
    return [
        {"title": one.title, "query": one.query, "count": count(desk, one), "is_current": one.query == here}
        for one in VIEWS
    ]


def _saved(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the person's own views."""
    here = kept_query(request.GET.urlencode())
    rows = SavedView.objects.filter(person=expect(User, request.user))
    return [{"view": one, "is_current": one.query == here} for one in rows]
