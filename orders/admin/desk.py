"""The base of every list of the court."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import User
from accounts.narrowing import expect
from accounts.searching import Searched
from accounts.services.access.access_log import log_access
from orders.display import shown_state
from orders.models import Capacity, Deadline, Order, OrderAgency
from orders.services.desk.conditions import COURT_ROLES, CourtDesk

#: A list counts and pages through at most this many rows. Search and filters find older ones.
MOST = 1000


class FlatPaginator(Paginator[Any]):
    """A paginator that counts at most `MOST` rows, never a whole table."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most `MOST`."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST].count())


class NamedDefaultFilter(admin.SimpleListFilter):
    """A filter whose default choice is named for what it shows, not “All”."""

    #: The words of the default choice.
    default_label: str

    @override
    def choices(self, changelist: Any) -> Any:
        """Yield Django's choices with the words of the default one."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": self.default_label} if number == 0 else choice


class DeskList(Searched[Any]):
    """A read-only list of orders or of rows that belong to an order."""

    actions = None
    list_per_page = 50
    list_display_links: Any = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = FlatPaginator
    #: The path from a row to its order.
    order_path = "order_id"
    #: The path from a row to the public id of its case, for the access log; empty for rows without a case.
    case_path = "order.case.public_id"

    class Media:
        css = {"all": ["orders/desk.css"]}

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the address of the list only."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name=f"{self.opts.app_label}_{self.opts.model_name}_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list and log access to the cases of its rows."""
        titled = {"title": capfirst(self.opts.verbose_name_plural)}
        response = super().changelist_view(request, titled | (extra_context or {}))
        if self.case_path and isinstance(response, TemplateResponse) and response.context_data:
            log_access(request, map(attrgetter(self.case_path), response.context_data["cl"].result_list))
        return response

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of orders that this person sees as a member of the court."""
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Any] = rows.visible_to(request.user)
        if not sees_elsewhere(request.user):
            return visible
        at_court = OrderAgency.objects.filter(
            order=OuterRef(self.order_path),
            capacity=Capacity.COURT,
            agency__in=courts_of(request.user, *COURT_ROLES),
        )
        return visible.filter(Exists(at_court))

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """False: the list is read-only."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """False: the list is read-only."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """False: rows are never deleted."""
        return False


def desk_of(request: HttpRequest) -> CourtDesk:
    """Return the desk of the signed-in person, now."""
    return CourtDesk(person=expect(User, request.user), now=timezone.now())


def laid_out(form: Any) -> AdminForm:
    """Return a form in the layout of the admin site."""
    return AdminForm(form, form.fieldsets(), {})


def sees_elsewhere(user: AbstractBaseUser | AnonymousUser) -> bool:
    """True if the person also sees orders in a role outside the court. These lists leave such orders out.

    Checked first: without need, the second condition misleads PostgreSQL's planner.
    """
    return isinstance(user, User) and bool(user.roles & MATRIX.capacities_by_role.keys() - COURT_ROLES)


def courts_of(user: AbstractBaseUser | AnonymousUser, *roles: str) -> list[int]:
    """Return the keys of the courts in which the person has one of these roles."""
    if not isinstance(user, User):
        return []
    return [one.agency_id for one in user.memberships.all() if one.role in roles and one.agency_id]


def order_link(order: Order) -> SafeString:
    """Return a link from the docket to the page of the order."""
    return format_html('<a href="{}">{}</a>', order_address(order), order.case)


def order_address(order: Order) -> str:
    """Return the address of the page of the order."""
    return reverse("admin:orders_order_change", args=[order.public_id])


def state_badge(deadline: Deadline, now: datetime) -> SafeString:
    """Return a badge with the state of a deadline in words. Shape and color repeat it."""
    state = shown_state(deadline, now)
    return format_html('<span class="state {}">{}</span>', state.value, state.label)
