"""The day of service on one page, for police and marshals at the door."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import MATRIX
from accounts.dates import at_the_end
from accounts.models import User
from accounts.narrowing import expect
from orders.display import due_words
from orders.forms.visit import VisitForm
from orders.models import Order
from orders.services.court_days import zone_of
from orders.services.firearms.accounting import account_of
from orders.services.firearms.surrender import surrender_deadline
from orders.views.cases.views import go_on, order_of_case


@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the form of a visit, and record service or the failed attempt.

    After service with firearms believed held, police go on to the receipt. What was typed while somebody
    else recorded service is not lost: an attempt is recorded, and a second service is refused in the form.
    """
    order, roles = order_of_case(request, public_id)
    if not MATRIX.may(roles, "serve", "service"):
        raise PermissionDenied
    if order.served_at is not None and request.method == "GET":
        messages.warning(request, "Service is recorded already. It can be corrected below.")
        return redirect("case-page", public_id=public_id)
    person, now = expect(User, request.user), timezone.now()
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = VisitForm(*sent, order=order)
    form.start_at(now, person)
    takes = MATRIX.may(roles, "add", "receipt")
    account = account_of(order) if takes else None
    if form.is_bound and (stored := form.record(by=person, now=now)):
        if not isinstance(stored, Order):
            messages.success(request, "The failed attempt is recorded. Plan the next one.")
            return go_on(request, reverse("case-page", args=[public_id]))
        messages.success(request, f"Service is recorded. {_duty(stored)}".strip())
        goes_on = account is not None and not account.is_complete
        page = reverse("case-receipt" if goes_on else "case-page", args=[public_id])
        return go_on(request, page)
    context = {"order": order, "form": form, "account": account, "takes": takes}
    return render(request, "orders/cases/visit.html", context)


def _duty(order: Order) -> str:
    """Return until when firearms must be surrendered, to be read aloud; empty if no time for that runs."""
    deadline = surrender_deadline(order.deadlines.all(), timezone.now())
    if deadline is None or not deadline.is_running:
        return ""
    due = at_the_end(due_words(deadline, zone_of(order)))
    return f"Firearms must be surrendered by {due} Read that aloud."
