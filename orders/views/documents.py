"""Documents as PDF: each is made when it is asked for, and reading one is on record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MATRIX
from accounts.dates import format_instant
from accounts.models import Agency, User
from accounts.services.access.access_log import log_access
from orders.display import event_words
from orders.models import AttachmentKind, Hearing, Order, Receipt
from orders.services.court_days import zone_of
from orders.services.documents.bench import Bench, bench_sheet
from orders.services.documents.blocks import Document
from orders.services.documents.court_papers import case_summary
from orders.services.documents.officer_papers import police_notice, service_packet
from orders.services.documents.receipt import receipt_document
from orders.services.documents.respondent_notices import hearing_notice, surrender_notice
from orders.services.documents.typesetting import typeset
from orders.services.documents.wordings import letterhead_of, words_in_force
from orders.services.documents.words import LANGUAGES, DocumentWords
from orders.services.orders.record import load_record
from orders.services.parties.visibility import roles_over


@require_safe
def receipt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The receipt for firearms, as the person who handed them over gets it."""
    found = _visible(request, Receipt.objects.prefetch_related("custody_steps"), public_id, "receipt")
    return pdf_response(receipt_page(found, words_of(request)))


@require_safe
def order_document(request: HttpRequest, public_id: UUID, kind: str) -> HttpResponse:
    """A document about one order."""
    if kind not in ORDER_DOCUMENTS:
        raise Http404
    order = _visible(request, Order.objects.all(), public_id, kind.replace("-", "_"))
    return pdf_response(order_page(order, kind, words_of(request), timezone.now()))


@require_safe
def hearing_document(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice of a hearing."""
    found = _visible(request, Hearing.objects.all(), public_id, "hearing_notice")
    return pdf_response(hearing_page(found, words_of(request)))


@require_safe
def bench_document(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page that a judge has on the bench for one hearing."""
    found = _visible(request, Hearing.objects.all(), public_id, "bench_sheet")
    return pdf_response(bench_page(found, timezone.now()))


def receipt_page(found: Receipt, words: DocumentWords) -> Document:
    """Return a receipt with the letterhead of its agency."""
    photographs = found.attachments.filter(kind=AttachmentKind.FIREARM_PHOTO, withdrawn_at=None)
    return headed(receipt_document(found, words, photographs=photographs.count()), found.agency)


def order_page(order: Order, kind: str, words: DocumentWords, now: datetime) -> Document:
    """Return a document about an order with the letterhead of its court."""
    return headed(ORDER_DOCUMENTS[kind](order, words, now), order.case.court)


def hearing_page(found: Hearing, words: DocumentWords) -> Document:
    """Return the notice of a hearing with the letterhead of its court."""
    return headed(hearing_notice(found, words), found.order.case.court)


def bench_page(found: Hearing, now: datetime) -> Document:
    """Return the bench sheet of a hearing with the letterhead of its court."""
    return headed(bench_sheet(bench_of(found), now=now), found.order.case.court)


def bench_of(found: Hearing) -> Bench:
    """Return what the bench sheet of a hearing shows. Fetch it with its order, case, court and respondent."""
    record, zone = load_record(found.order), zone_of(found.order)
    lines = [
        f"{format_instant(one.recorded_at, zone)}: {event_words(one)}"
        for one in record.history
        if one.kind != "replanned"
    ]
    return Bench(hearing=found, record=record, history=lines)


def headed(document: Document, agency: Agency | None) -> Document:
    """Return the document with the letterhead of its office."""
    return replace(document, office_lines=letterhead_of(agency))


#: The documents about one order, by the last part of their address.
ORDER_DOCUMENTS: Mapping[str, Callable[[Order, DocumentWords, datetime], Document]] = {
    "surrender-notice": lambda order, words, now: surrender_notice(order, words, now=now),
    "police-notice": lambda order, _words, now: police_notice(order, now=now),
    "service-packet": lambda order, words, _now: service_packet(order, words),
    "case-summary": lambda order, _words, now: case_summary(load_record(order), now=now),
}


def pdf_response(document: Document) -> HttpResponse:
    """Return the document as a file that the browser shows; `never_store` keeps it out of every cache."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", document.name).strip("-") or "document"
    return HttpResponse(
        typeset(document, now=timezone.now()),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def words_of(request: HttpRequest) -> DocumentWords:
    """Return the words in the language that the address asks for; English without one."""
    asked = request.GET.get("language", "en")
    return words_in_force(asked if asked in LANGUAGES else "en")


def _visible(request: HttpRequest, rows: Any, public_id: UUID, action: str) -> Any:
    """Return the row if the person sees its order in a role that may have this document.

    Raises `Http404` otherwise, and logs the access.
    """
    user, allowed = request.user, MATRIX.resources["document"].actions[action]
    if not isinstance(user, User):
        raise Http404
    found = rows.visible_to(user, roles=allowed).filter(public_id=public_id)
    path = "" if rows.model is Order else "order__"
    related = ("case__court", "case__respondent__town")
    row = found.select_related(*(f"{path}{one}" for one in related)).first()
    order = row if row is None or rows.model is Order else row.order
    if order is None or roles_over(user, [order.pk])[order.pk].isdisjoint(allowed):
        raise Http404
    log_access(request, [order.case.public_id])
    return row
