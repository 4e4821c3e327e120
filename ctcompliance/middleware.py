"""What every answer carries."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from ctcompliance.logs import request_id

Respond = Callable[[HttpRequest], HttpResponse]

#: What a page may load and run: files of this site. The picture that an authenticator app scans comes with
#: the page itself. A view that needs more says so in a header of its own.
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

#: What of the device a page may use: nothing but passkeys.
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
    """No page stays in a browser's cache: the back button on a shared computer shows nothing."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return respond


def trust_no_other_site(get_response: Respond) -> Respond:
    """No page runs a script, sends a form or shows a frame that is not this site's own."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return respond


def number_requests(get_response: Respond) -> Respond:
    """Every request has a number, in its answer and in each line logged while it is answered."""

    def respond(request: HttpRequest) -> HttpResponse:
        number = uuid4().hex
        mark = request_id.set(number)
        try:
            response = get_response(request)
        finally:
            request_id.reset(mark)
        response.headers["X-Request-Id"] = number
        return response

    return respond
