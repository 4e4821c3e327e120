"""What every list of the court's desk has in common."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Role, User
from accounts.searching import Searched
from accounts.services.audit import asked_in_vain, seen
from accounts.services.guessing import too_many_guesses
from orders.models import Capacity, Concern, Deadline, Order
from orders.wording import state_at

#: Rows that a list counts and pages through; older ones are found by search and filter.
MOST = 1000

#: Whose desk this is.
COURT_ROLES = frozenset({Role.CLERK, Role.JUDGE})


class FlatPaginator(Paginator):  # type: ignore[type-arg]
    """Never counts a whole table: at most `MOST` rows are counted, and paged through."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or `MOST`."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST].count())


class DeskList(Searched):
    """A list to look at, of rows that one order has, or the order itself. Nothing is changed from it."""

    actions = None
    list_per_page = 50
    list_display_links: Any = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = FlatPaginator
    #: How a row leads to its order.
    order_path = "order_id"
    #: How a row leads to the public id of its case, for the access log; empty for rows that tell of no case.
    case_path = "order.case.public_id"

    class Media:
        css = {"all": ["orders/desk.css"]}

    @override
    def get_urls(self) -> list[URLPattern]:
        """The list alone."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name=f"{self.opts.app_label}_{self.opts.model_name}_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, under the name of what it lists. The cases of its rows are on record as seen."""
        # A laptop has room for the rows and their filters, not for a third column.
        wide = {"title": capfirst(self.opts.verbose_name_plural), "is_nav_sidebar_enabled": False}
        response = super().changelist_view(request, wide | (extra_context or {}))
        if self.case_path and isinstance(response, TemplateResponse) and response.context_data:
            seen(request, map(attrgetter(self.case_path), response.context_data["cl"].result_list))
        return response

    @override
    def search(self, request: HttpRequest, term: str) -> HttpResponse:
        """As in any list. To find nothing is to be refused, and who guesses searches no more for a while."""
        if isinstance(request.user, User) and too_many_guesses(request.user):
            return render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
        if term and "clear" not in request.POST:
            found, _ = self.get_search_results(request, self.get_queryset(request), term)
            if not found.exists():
                asked_in_vain(request, term)
        return super().search(request, term)

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the orders that this person sees as a member of their court."""
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Any] = rows.visible_to(request.user)
        if not sees_elsewhere(request.user):
            return visible
        at_court = Concern.objects.filter(
            order=OuterRef(self.order_path),
            capacity=Capacity.COURT,
            agency__in=courts_of(request.user, *COURT_ROLES),
        )
        return visible.filter(Exists(at_court))

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not from a list to look at."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not from a list to look at."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is ever deleted."""
        return False


def laid_out(form: Any) -> AdminForm:
    """A form in the admin site's own look, by subject."""
    return AdminForm(form, form.fieldsets(), {})


def sees_elsewhere(user: AbstractBaseUser | AnonymousUser) -> bool:
    """True for who also sees orders by a role that is not the court's. At this desk such orders are not seen.

    Asked first, for the second condition misleads PostgreSQL's planner wherever it narrows nothing.
    """
    return isinstance(user, User) and bool(user.roles & MATRIX.concerned_as.keys() - COURT_ROLES)


def courts_of(user: AbstractBaseUser | AnonymousUser, *roles: str) -> list[int]:
    """The courts in which the person holds one of these roles."""
    if not isinstance(user, User):
        return []
    return [one.agency_id for one in user.memberships.all() if one.role in roles and one.agency_id]


def order_link(order: Order) -> SafeString:
    """The docket, leading to the page of the order."""
    return format_html('<a href="{}">{}</a>', order_address(order), order.case)


def order_address(order: Order) -> str:
    """The page of the order."""
    return reverse("admin:orders_order_change", args=[order.public_id])


def state_badge(deadline: Deadline, now: datetime) -> SafeString:
    """How the deadline stands, in a word; shape and colour repeat it."""
    state = state_at(deadline, now)
    return format_html('<span class="state {}">{}</span>', state.value, state.label)
