"""Headers that every response has."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone

from ctcompliance.logs import request_id
from ctcompliance.open_pages import OPEN_PAGES
from notifications.services.rehearsals import in_force

Respond = Callable[[HttpRequest], HttpResponse]

#: Pages may load and run only files of this site. Data images are for the QR code of an authenticator app.
#: A view that needs more sets the header itself.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

#: What a page may be asked. Of these, views and the check for forged forms refuse what does not fit.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})

#: Of the device's features pages may use only passkeys.
PERMISSIONS_POLICY = ", ".join(
    [
        *(
            f"{what}=()"
            for what in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)


def never_store(get_response: Respond) -> Respond:
    """Keep pages out of browser caches, so that the back button on a shared computer shows nothing."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return respond


def trust_no_other_site(get_response: Respond) -> Respond:
    """Add the security policies, unless the view has set its own."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return respond


def refuse_other_methods(get_response: Respond) -> Respond:
    """Answer 405 to a method that no page knows. Many views would take it for a GET.

    The API has its own answer.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if request.method in METHODS or request.path.startswith("/api/"):
            return get_response(request)
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

    return respond


def number_requests(get_response: Respond) -> Respond:
    """Give each request an id, in its response and in every line logged for it."""

    def respond(request: HttpRequest) -> HttpResponse:
        identifier = uuid4().hex
        token = request_id.set(identifier)
        try:
            response = get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-Id"] = identifier
        return response

    return respond


def forget_reader(get_response: Respond) -> Respond:
    """Remove the cookies of a request for an open page, which is the same for everyone, signed in or not."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PAGES):
            request.META.pop("HTTP_COOKIE", None)
        return get_response(request)

    return respond


def name_rehearsal(get_response: Respond) -> Respond:
    """Mark each answer of the API while the whole installation is in rehearsal."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith("/api/") and _is_in_rehearsal():
            response.headers["X-Rehearsal"] = "installation"
        return response

    return respond


def _is_in_rehearsal() -> bool:
    try:
        return in_force(timezone.now()).filter(agency=None).exists()
    except DatabaseError:
        return False
