"""The card of an order as PDF, for the court, and the page on which police verify its number."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MATRIX
from accounts.models import User
from accounts.services.access.access_log import log_access, log_as_viewing, log_miss
from accounts.services.access.enumeration_guard import is_blocked
from orders.models import OrderCard
from orders.services.documents.blocks import Document
from orders.services.documents.order_card import order_card
from orders.services.documents.words import DocumentWords
from orders.services.orders.order_cards import VerifiedCard, verify_card
from orders.services.parties.visibility import roles_over
from orders.views.documents import headed, pdf_response, words_of
from orders.views.seen import person_in

_MAY = MATRIX.resources["order_card"].actions


@require_safe
def card_document(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The card as PDF. Raises `Http404` for everyone but the court that issued it."""
    user, allowed = request.user, MATRIX.resources["document"].actions["order_card"]
    if not isinstance(user, User):
        raise Http404
    rows = OrderCard.objects.visible_to(user, roles=allowed).filter(public_id=public_id)
    card = rows.select_related("order__case__court").first()
    if card is None or roles_over(user, [card.order_id])[card.order_id].isdisjoint(allowed):
        raise Http404
    log_access(request, [card.order.case.public_id])
    return pdf_response(card_page(card, words_of(request)))


def card_page(card: OrderCard, words: DocumentWords) -> Document:
    """Return the card with the letterhead of its court."""
    return headed(order_card(card, words, now=timezone.now()), card.order.case.court)


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("number")
def verify(request: HttpRequest) -> HttpResponse:
    """Show the form, and what the number shows.

    The number comes in the body, so that no log has it. A number without a card counts against the guard.
    """
    person = person_in(request, _MAY["verify"])
    # The number is in the body, so the middleware does not see that the page asks for one.
    if is_blocked(person):
        return HttpResponse(render_to_string("429.html"), status=HTTPStatus.TOO_MANY_REQUESTS)
    context: dict[str, object] = {}
    if request.method == "POST":
        number = request.POST.get("number", "")[:40]
        context = {"typed": number, "is_sent": True, "found": found_card(request, number)}
        log_as_viewing(request)
    return render(request, "orders/verify_card.html", context)


def found_card(request: HttpRequest, number: str) -> VerifiedCard | None:
    """Return what the number shows, and log the access or the miss."""
    found = verify_card(number, now=timezone.now())
    if found is None:
        log_miss(request, number)
        return None
    log_access(request, [found.order.case.public_id])
    return found
