"""The page on which a clerk answers advocates who sent a client's release."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MATRIX
from accounts.models import Role
from accounts.services.access.access_log import log_access
from orders.display import covered_words
from orders.errors import InvalidFact
from orders.models import DeclineReason, Order, ReleaseRequest
from orders.services.clients import release_requests
from orders.views.attachments import ENDINGS, FILE_POLICY
from orders.views.seen import person_in

_MAY = MATRIX.resources["release_request"].actions
#: How long the page lists what an organization's own supervisor recorded.
_LISTED = timedelta(days=30)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The releases that wait for the clerk's answer, each with the orders of its docket number."""
    user, now = person_in(request, {Role.CLERK}), timezone.now()
    rows = list(release_requests.waiting_for(user)[: release_requests.MOST_SHOWN])
    found = [(row, release_requests.orders_of(row), covered_words(row)) for row in rows]
    log_access(request, {order.case.public_id for _, orders, _ in found for order in orders})
    theirs = release_requests.recorded_by_organizations(user, since=now - _LISTED)
    recorded = list(theirs[: release_requests.MOST_SHOWN])
    log_access(request, {row.release.order.case.public_id for row in recorded if row.release is not None})
    context = {"found": found, "reasons": DeclineReason.choices, "recorded": recorded}
    return render(request, "orders/court/release_requests.html", context)


@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record the release for the chosen order, or decline it for a reason."""
    user, row, now = person_in(request, {Role.CLERK}), _waiting(request, public_id), timezone.now()
    try:
        if request.POST.get("answer") == "confirm":
            order = _order(row, request.POST.get("order", ""))
            log_access(request, [order.case.public_id])
            release_requests.confirm(row, order=order, by=user, now=now)
            messages.success(request, "The release is recorded. The organization's advocates see the order.")
        else:
            release_requests.decline(row, reason=request.POST.get("reason", ""), by=user, now=now)
            messages.success(request, "Declined. The organization reads the reason; the paper is erased.")
    except InvalidFact as refusal:
        messages.error(request, refusal.message)
    return redirect("release-requests")


@require_safe
def paper(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The signed paper, to be read by the clerk, or by the supervisor of the organization."""
    row = _waiting(request, public_id)
    log_access(request, {one.case.public_id for one in release_requests.orders_of(row)})
    try:
        content = release_requests.content_of(row)
    except FileNotFoundError:
        raise Http404 from None
    name = f"release.{ENDINGS[row.content_type]}"
    return HttpResponse(
        content,
        content_type=row.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": FILE_POLICY,
        },
    )


def _waiting(request: HttpRequest, public_id: UUID) -> ReleaseRequest:
    """Return a request that waits for the person. Raises `Http404`."""
    user = person_in(request, _MAY["confirm"])
    found = release_requests.waiting_for(user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _order(row: ReleaseRequest, public_id: str) -> Order:
    for one in release_requests.orders_of(row):
        if str(one.public_id) == public_id:
            return one
    raise InvalidFact("order", "required", "Choose the order that the paper names.")
