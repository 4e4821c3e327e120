"""The papers to serve: the pick-up by a marshal, and the return of service."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import MATRIX
from orders.forms.papers import (
    PickUpForm,
    ServiceReturnForm,
    WithdrawPaperForm,
    WithdrawPickUpForm,
    WithdrawReturnForm,
)
from orders.models import Order
from orders.services.court_days import zone_of
from orders.services.papers import filed_return, servers_of
from orders.services.service import may_correct
from orders.views.cases.views import VIEWERS, order_of_case
from orders.views.desks.service_list import recorded_by_police
from orders.views.seen import person_in


@require_http_methods(["GET", "POST"])
def pick_up(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Confirm that the papers are with the marshal."""
    order = _order(request, public_id, "pick_up")
    form = PickUpForm(request.POST if request.method == "POST" else None, order=order)
    form.start_at(timezone.now())
    if form.is_bound and form.record(by=person_in(request, VIEWERS), now=timezone.now()):
        messages.success(request, "The pick-up is recorded. Serve the order, and record each attempt.")
        return redirect("case-page", public_id=public_id)
    context = {"order": order, "form": form, "title": "Papers picked up", "button": "Confirm the pick-up"}
    return render(request, "orders/cases/act.html", context | {"fieldsets": _fieldsets(form)})


@require_http_methods(["GET", "POST"])
def undo_pick_up(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a pick-up that was recorded in error."""
    order = _order(request, public_id, "withdraw_pick_up")
    return _withdraw(request, order, WithdrawPickUpForm, "pick-up")


@require_http_methods(["GET", "POST"])
def undo_return(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a return of service that was filed in error."""
    order = _own_service(request, public_id)
    return _withdraw(request, order, WithdrawReturnForm, "return of service")


def _withdraw(
    request: HttpRequest, order: Order, form_class: type[WithdrawPaperForm], what: str
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None, order=order)
    if form.is_bound and form.record(by=person_in(request, VIEWERS), now=timezone.now()):
        messages.success(request, f"The {what} is withdrawn.")
        return redirect("case-page", public_id=order.public_id)
    context = {"order": order, "form": form, "title": f"Withdraw the {what}", "button": "Withdraw"}
    return render(request, "orders/cases/act.html", context | {"fieldsets": _fieldsets(form)})


@require_http_methods(["GET", "POST"])
def service_return(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what the return of service states, and file it with a signature."""
    order = _own_service(request, public_id)
    if order.served_at is None or filed_return(order) is not None:
        messages.warning(request, "There is no return to file: see the state of service below.")
        return redirect("case-page", public_id=public_id)
    form = ServiceReturnForm(request.POST if request.method == "POST" else None, order=order)
    # What police recorded names their officer, and the return is signed by the officer who served.
    is_of_police = str(order.pk) in recorded_by_police([order.pk])
    if is_of_police and not may_correct(order, person_in(request, VIEWERS)):
        form.fields["name"].initial = ""
        form.fields["name"].help_text = (
            f"Police recorded this service, by {order.service_officer or 'their officer'}, and file its "
            "return. Sign only what you served yourself."
        )
    if form.is_bound and form.record(by=person_in(request, VIEWERS), now=timezone.now()):
        messages.success(request, "The return of service is filed. The court has it now.")
        return redirect("case-page", public_id=public_id)
    context = {
        "order": order,
        "form": form,
        "zone": zone_of(order),
        "attempts": order.service_attempts.order_by("attempted_at", "id"),
    }
    return render(request, "orders/cases/return.html", context)


def _own_service(request: HttpRequest, public_id: UUID) -> Order:
    """Return the order, if the person's agency serves it. Raises `PermissionDenied`."""
    order = _order(request, public_id, "file_return")
    if not servers_of(order, person_in(request, VIEWERS)).exists():
        raise PermissionDenied
    return order


def _fieldsets(form: PickUpForm | WithdrawPaperForm) -> list[tuple[str | None, list[object]]]:
    return [(None, list(form.visible_fields()))]


def _order(request: HttpRequest, public_id: UUID, action: str) -> Order:
    order, roles = order_of_case(request, public_id)
    if not MATRIX.may(roles, action, "service_papers"):
        raise PermissionDenied
    return order
