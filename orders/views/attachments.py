"""The page with the documents and files of an order, and the files themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MATRIX
from accounts.models import User
from accounts.services.access.access_log import log_access
from orders.errors import InvalidFact
from orders.forms.attachments import AttachmentForm, WithdrawAttachmentForm
from orders.models import Attachment, AttachmentKind, Order
from orders.services.attachments.attaching import (
    attach_file,
    content_of,
    kinds_to_add,
    may_withdraw,
    withdraw_attachment,
)
from orders.services.attachments.checking import small_picture
from orders.services.court_days import zone_of
from orders.services.parties.visibility import roles_over
from orders.views.document_links import document_links
from orders.views.seen import person_in, seen_order

VIEWERS = MATRIX.resources["attachment"].actions["view"]

#: The endings of files by their type.
ENDINGS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
}
#: A file is no page: it runs nothing and loads nothing.
FILE_POLICY = "default-src 'none'; sandbox"


@require_http_methods(["GET", "POST"])
def order_files(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the documents and files of an order, and add files."""
    order, roles = seen_order(request, public_id, VIEWERS)
    user, kinds = person_in(request, VIEWERS), kinds_to_add(roles)
    form = None
    if kinds:
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = AttachmentForm(
            *sent,
            order=order,
            kinds=kinds,
            receipts=MATRIX.may(roles, "view", "receipt"),
            initial={name: request.GET.get(name, "") for name in ("kind", "receipt")},
        )
    elif request.method == "POST":
        raise PermissionDenied
    if form is not None and form.is_bound and form.is_valid() and (stored := _store(form, order, user)):
        messages.success(request, f"{stored} file{'' if stored == 1 else 's'} stored.")
        return redirect("order-files", public_id=public_id)
    files = Attachment.objects.filter(order=order).visible_to(user, roles=roles)
    context = {
        "order": order,
        "back": _page_of(order, roles),
        "form": form,
        "files": files.select_related("receipt"),
        "addable": kinds,
        "documents": document_links(order, roles),
        "day_papers": MATRIX.may(roles, "court_day", "document"),
        "zone": zone_of(order),
        "is_scanned": bool(settings.CLAMD),
        "most_mb": settings.ATTACHMENT_MAX_BYTES // 1024**2,
    }
    return render(request, "orders/documents/files.html", context)


@require_safe
def attachment_content(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Return a file: a picture to be shown, a PDF file to be saved. It never acts as a page."""
    return file_response(_attachment(request, public_id))


@require_safe
def attachment_portrait(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Return a photograph of the respondent small enough for a slow connection."""
    found = _attachment(request, public_id)
    if found.kind != AttachmentKind.RESPONDENT_PHOTO or not found.is_image:
        raise Http404
    return file_response(found, content=small_picture(content_of(found)))


def file_response(found: Attachment, *, content: bytes | None = None) -> HttpResponse:
    """Return the content of a file; with `content`, a small JPEG picture of it."""
    content_type = found.content_type if content is None else "image/jpeg"
    ending = ENDINGS[content_type]
    shown = "inline" if found.is_image else "attachment"
    name = f"{found.kind.replace('_', '-')}-{str(found.public_id)[:8]}.{ending}"
    return HttpResponse(
        content_of(found) if content is None else content,
        content_type=content_type,
        headers={
            "Content-Disposition": f'{shown}; filename="{name}"',
            "Content-Security-Policy": FILE_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_http_methods(["GET", "POST"])
def attachment_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one file with what is recorded about it, and withdraw it with a reason."""
    found = _attachment(request, public_id)
    user = person_in(request, VIEWERS)
    roles = roles_over(user, [found.order_id])[found.order_id]
    is_offered = may_withdraw(found.kind, roles)
    if request.method == "POST" and not is_offered:
        raise PermissionDenied
    form = WithdrawAttachmentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            withdraw_attachment(
                found.order,
                attachment=found,
                by=user,
                now=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
        except InvalidFact as refusal:
            form.add_error("reason" if refusal.field == "reason" else None, refusal.message)
        else:
            messages.success(request, "The file is withdrawn. No one sees it any more.")
            return redirect("order-files", public_id=found.order.public_id)
    context = {
        "file": found,
        "order": found.order,
        "form": form if is_offered else None,
        "zone": zone_of(found.order),
    }
    return render(request, "orders/documents/file.html", context)


def _store(form: AttachmentForm, order: Order, user: User) -> int:
    """Store the files of a form; return how many. What is refused is shown beside the field."""
    data, stored = form.cleaned_data, 0
    for place, one in enumerate(data["uploads"], 1):
        try:
            attach_file(
                order,
                kind=data["kind"],
                file=one.read(),
                receipt=data.get("receipt"),
                by=user,
                now=timezone.now(),
            )
        except InvalidFact as refusal:
            which = f"File {place}: " if len(data["uploads"]) > 1 else ""
            form.add_error("uploads" if refusal.field == "file" else None, f"{which}{refusal.message}")
        else:
            stored += 1
    return 0 if form.errors else stored


def _page_of(order: Order, roles: frozenset[str]) -> str:
    """Return the address of the page of the order on which the person works."""
    is_court = bool(roles & MATRIX.capacities["court"].seen_by)
    return reverse("admin:orders_order_change" if is_court else "case-page", args=[order.public_id])


def _attachment(request: HttpRequest, public_id: UUID) -> Any:
    """Return a file that the person sees, and log the access. Raises `Http404`."""
    rows = Attachment.objects.visible_to(person_in(request, VIEWERS)).filter(public_id=public_id)
    found = rows.select_related("order__case__court", "order__case__respondent", "receipt").first()
    if found is None:
        raise Http404
    log_access(request, [found.order.case.public_id])
    return found
