"""The receipt that police write at the door, and the page that shows it at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MATRIX
from accounts.models import User
from accounts.narrowing import expect
from orders.boxes import boxes
from orders.display import clock_words
from orders.forms.taken import TakenForm, typed_serials
from orders.models import AttachmentKind, Receipt
from orders.services.court_days import zone_of
from orders.services.firearms.accounting import account_of
from orders.services.firearms.custody import latest_steps
from orders.services.firearms.papers import papers_of, place_words, wants_paper
from orders.services.firearms.signatures import corrected_at, signatures_of
from orders.services.firearms.surrender import surrender_deadline
from orders.views.cases.views import go_on, order_of_case

#: What officers name most; free text is as good.
MAKES = (
    "Beretta", "Browning", "Colt", "FN", "Glock", "Heckler & Koch", "Henry", "Marlin", "Mossberg",
    "Remington", "Ruger", "Savage", "SIG Sauer", "Smith & Wesson", "Springfield", "Taurus", "Walther",
    "Winchester",
)  # fmt: skip
CALIBERS = (
    "9 mm", ".22 LR", ".25", ".32", ".357", ".38", ".380", ".40", ".44", ".45", "10 mm", ".223", "5.56 mm",
    "6.5 mm", "7.62 mm", ".270", ".30-06", ".30-30", ".308", "12 gauge", "20 gauge", ".410",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the form of a receipt, and record it; then show the receipt.

    A page that sends what a telephone kept asks for JSON: it gets the address of the receipt.
    """
    order, roles = order_of_case(request, public_id)
    if not MATRIX.may(roles, "add", "receipt"):
        raise PermissionDenied
    person, now = expect(User, request.user), timezone.now()
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = TakenForm(*sent, order=order, person=person)
    form.start_at(now)
    if form.is_bound:
        receipt = form.record(by=person, now=now)
        if receipt is not None:
            page = reverse("case-receipt-taken", args=[order.public_id, receipt.public_id])
            return go_on(request, page)
    account = account_of(order)
    context: dict[str, Any] = {
        "order": order,
        "form": form,
        "account": account,
        "boxes": boxes(account.accounted, account.whole),
        "makes": MAKES,
        "calibers": CALIBERS,
        "serials": typed_serials(form),
    }
    return render(request, "orders/cases/take.html", context)


@require_safe
def taken(request: HttpRequest, public_id: UUID, receipt_id: UUID) -> HttpResponse:
    """Show one receipt: what was taken, where it is, and what is still not accounted for."""
    order, roles = order_of_case(request, public_id)
    if not MATRIX.may(roles, "view", "receipt"):
        raise PermissionDenied
    receipt = Receipt.objects.filter(order=order, public_id=receipt_id).select_related("agency").first()
    if receipt is None:
        raise Http404
    now = timezone.now()
    firearms = list(receipt.firearms.order_by("id"))
    steps = latest_steps(firearms)
    account = account_of(order)
    valid = signatures_of(receipt)
    deadlines = list(order.deadlines.all())
    deadline = surrender_deadline(deadlines, now)
    context = {
        "order": order,
        "receipt": receipt,
        "lines": [(one, steps.get(one.pk)) for one in firearms],
        "permits": receipt.permits.all(),
        "signatures": [(one, one in valid) for one in receipt.signatures.order_by("id")],
        "photos": receipt.attachments.filter(withdrawn_at=None, kind=AttachmentKind.FIREARM_PHOTO).count(),
        "papers": papers_of(receipt),
        "wants_paper": wants_paper(receipt),
        "place": place_words(receipt),
        "officer": receipt.custody_steps.values_list("taken_by", flat=True).first() or "",
        "corrected": corrected_at(receipt),
        "account": account,
        "boxes": boxes(account.accounted, account.whole),
        "clock": clock_words(deadline, now) if deadline and not account.is_complete else "",
        "is_late": deadline is not None and deadline.is_overdue(now),
        "zone": zone_of(order),
        "may_correct": MATRIX.may(roles, "correct", "receipt"),
    }
    return render(request, "orders/cases/taken.html", context)
