"""The page of a case, and the forms by which police and marshals record what they did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MATRIX
from accounts.form_middleware import keep_page
from accounts.services.access.access_log import log_access
from orders.forms.acts import ACTS, run_act
from orders.forms.base import ActForm
from orders.models import Order, Receipt, ReceiptKind
from orders.views.cases.page import load_case_page
from orders.views.court.moved import moved_words
from orders.views.seen import person_in, seen_order

#: The roles that use these pages. The court has its own.
VIEWERS = MATRIX.resources["service_attempt"].actions["view"] - MATRIX.capacities["court"].seen_by


@require_safe
def case_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one order to police, a marshal or a prosecutor, with what they may do."""
    order, roles = order_of_case(request, public_id)
    page = load_case_page(order, person=person_in(request, VIEWERS), roles=roles, now=timezone.now())
    log_access(request, [one.order.case.public_id for one in page.related])
    return render(request, "orders/cases/case.html", {"page": page})


@require_http_methods(["GET", "POST"])
def case_act(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Show the form of an act and do it; then show the page of the case, or of custody for its steps."""
    order, roles = order_of_case(request, public_id)
    act = ACTS.get(name)
    if act is None:
        raise Http404
    if not act.is_permitted(roles):
        raise PermissionDenied
    now = timezone.now()
    page = reverse("case-custody" if act.resource == "custody_step" else "case-page", args=[public_id])
    run = run_act(
        act,
        order,
        query=request.GET,
        typed=request.POST if request.method == "POST" else None,
        visible={order.pk},
        by=person_in(request, VIEWERS),
        now=now,
    )
    if run.is_gone and act.fact is not None:
        messages.warning(request, f"Someone has withdrawn this {act.fact.noun}, or changed it.")
        return redirect(page)
    if run.is_done:
        messages.success(request, f"{act.done} {moved_words(run.entries, now)}")
        made = run.form.result
        if isinstance(made, Receipt) and made.kind != ReceiptKind.POLICE:
            messages.info(request, "Now add a photograph of the paper.")
            return redirect("order-files", public_id=public_id)
        return redirect(page)
    context = {
        "order": order,
        "form": run.form,
        "title": act.title_for(order, request.GET.get("kind", "")),
        "button": act.title,
        "item": run.item_words,
        "fieldsets": _fieldsets(run.form),
        "page": page,
    }
    return render(request, "orders/cases/act.html", context)


def go_on(request: HttpRequest, page: str) -> HttpResponse:
    """Redirect to the page; give its address to a script that sent what a telephone had kept."""
    if request.headers.get("Accept") != "application/json":
        return redirect(page)
    keep_page(request)
    return JsonResponse({"page": page})


def _fieldsets(form: ActForm) -> list[tuple[str | None, list[Any]]]:
    """Return the fields of a form, by subject."""
    return [(title, [form[name] for name in options["fields"]]) for title, options in form.fieldsets()]


def order_of_case(request: HttpRequest, public_id: UUID) -> tuple[Order, frozenset[str]]:
    """Return the order with the roles in which the person sees it. Raises `Http404` if it is not visible."""
    return seen_order(request, public_id, VIEWERS)
