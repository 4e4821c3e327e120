"""The page of the one search. The text is sent by POST and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.dates import format_birth_date, format_day
from accounts.models import Role, User
from accounts.services.access.access_log import log_access, log_as_viewing
from orders.forms.search import SearchForm
from orders.models import ConfidentialityRelease, Deadline, FollowUp, Order, deadline_is_overdue
from orders.services.follow_ups.queue import VIEWERS
from orders.services.order_state import OrderState, last_days, state_of
from orders.services.search import MOST, SEARCHERS, Found, Matched
from orders.services.search import search as search_orders
from orders.views.cases.views import VIEWERS as CASE_VIEWERS

_COURT = frozenset({Role.CLERK, Role.JUDGE})


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One order that fits, as the person may see it."""

    found: Found
    state: OrderState
    last_day: date | None
    #: How many deadlines are overdue; 0 for people who see no deadlines.
    overdue: int
    #: The page of the order for this person; empty without a page.
    address: str

    @property
    def order(self) -> Order:
        """The order."""
        return self.found.order

    @property
    def name(self) -> str:
        """The respondent's name; empty for people who do not see it."""
        return self.order.case.respondent.name if "respondent.name" in self.found.visible else ""

    @property
    def birth_date(self) -> str:
        """The respondent's date of birth; empty if it is not known or not visible."""
        born = self.order.case.respondent.date_of_birth
        return format_birth_date(born) if born and "respondent.date_of_birth" in self.found.visible else ""

    @property
    def town(self) -> str:
        """The respondent's town; empty for people who do not see it."""
        return str(self.order.case.respondent.town) if "respondent.town" in self.found.visible else ""

    @property
    def ends(self) -> str:
        """The last day; empty if it is not known."""
        return format_day(self.last_day) if self.last_day else ""

    @property
    def matched(self) -> Sequence[Matched]:
        """The fields that fit what was typed."""
        return self.found.matched


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("text")
def search(request: HttpRequest) -> HttpResponse:
    """Show the form, and the orders that fit what was typed."""
    person = request.user
    if not isinstance(person, User) or not person.roles & SEARCHERS:
        raise Http404
    form = SearchForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "most": MOST}
    if form.is_valid():
        now = timezone.now()
        found = search_orders(person, form.cleaned_data["text"], now=now)
        log_access(request, [one.order.case.public_id for one in found])
        context["rows"] = result_rows(person, found, now=now)
        context["text"] = form.cleaned_data["text"]
    if request.method == "POST":
        log_as_viewing(request)
    return render(request, "orders/search.html", context)


def result_rows(person: User, found: Sequence[Found], *, now: datetime) -> list[ResultRow]:
    """Return the rows of the results, in a fixed number of queries."""
    orders = [one.order for one in found]
    days, late = last_days(orders), overdue_counts(orders, now=now)
    pages = _addresses(person, found)
    return [
        ResultRow(
            found=one,
            state=state_of(one.order, days[one.order.pk], now=now),
            last_day=days[one.order.pk],
            overdue=late.get(one.order.pk, 0) if "deadline.state" in one.visible else 0,
            address=pages.get(one.order.pk, ""),
        )
        for one in found
    ]


def overdue_counts(orders: Sequence[Order], *, now: datetime) -> dict[int, int]:
    """Return how many deadlines of each order are overdue, by its key."""
    rows = Deadline.objects.filter(deadline_is_overdue(now), order__in=[one.pk for one in orders])
    counts: dict[int, int] = {}
    for pk in rows.values_list("order", flat=True):
        counts[pk] = counts.get(pk, 0) + 1
    return counts


def _addresses(person: User, found: Sequence[Found]) -> dict[int, str]:
    """Return the address of each order's page for this person: the court's, that of police, marshal and
    prosecutor, the licensing unit's, that of a follow-up or of a release."""
    keys = [one.order.pk for one in found]
    addresses: dict[int, str] = {}
    if Role.ADVOCATE in person.roles:
        releases = ConfidentialityRelease.objects.filter(order__in=keys).visible_to(
            person, roles=[Role.ADVOCATE]
        )
        for pk, public_id in releases.order_by("id").values_list("order", "public_id"):
            addresses[pk] = reverse("advocate-release", args=[public_id])
    if person.roles & VIEWERS:
        follow_ups = FollowUp.objects.filter(order__in=keys).visible_to(person, roles=VIEWERS)
        # An open follow-up rather than a closed one, the newest of them.
        for pk, public_id in follow_ups.order_by("-closed_at", "id").values_list("order", "public_id"):
            addresses[pk] = reverse("follow-up-page", args=[public_id])
    for one in found:
        if address := _own_page(person, one):
            addresses[one.order.pk] = address
    return addresses


def _own_page(person: User, one: Found) -> str:
    """Return the address of the page that the person's role has for every order, or an empty text."""
    if one.roles & _COURT and person.is_staff:
        return reverse("admin:orders_order_change", args=[one.order.public_id])
    if Role.LICENSING in one.roles:
        return reverse("licensing-page", args=[one.order.public_id])
    if one.roles & CASE_VIEWERS:
        return reverse("case-page", args=[one.order.public_id])
    return ""
