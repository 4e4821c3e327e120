"""Write the access log: who did and saw what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import ApiToken, AuditAction, AuditEntry, EntryPoint, User


@dataclass
class AccessLogContext:
    """What one request showed, changed or requested without success, until the middleware logs it."""

    cases: set[UUID] = field(default_factory=set)
    #: The id, or the digest of the name, that was requested and not found.
    missed: str = ""
    #: True if the middleware must not write DONE: a more specific entry exists, or nothing was done.
    is_recorded: bool = False
    #: True if this POST changes nothing and only shows cases: they are logged as seen.
    is_viewing: bool = False


def start(request: Any) -> AccessLogContext:
    """Give the request a context. Only the middleware calls this."""
    request.access_log = context = AccessLogContext()
    return context


def record(action: AuditAction, entry_point: EntryPoint, **facts: Any) -> AuditEntry:
    """Write an entry in the current transaction. `facts` are its other fields."""
    return AuditEntry.objects.create(action=action, entry_point=entry_point, **facts)


def record_for(request: HttpRequest, action: AuditAction, **facts: Any) -> AuditEntry:
    """Write an entry with the actor, address, entry point and route of `request`.

    `facts` are the entry's other fields and override those of the request. The middleware then adds no DONE.
    """
    entry = record(action, **(origin_of(request) | facts))
    if (context := getattr(request, "access_log", None)) is not None:
        context.is_recorded = True
    return entry


# `request` may be a request of Django or of the API framework, which passes attribute access on to Django's.
def log_access(request: Any, cases: Iterable[UUID]) -> None:
    """Log the cases with these public ids as shown or changed by this request.

    Call this before returning the response: the middleware then writes one entry for the request, or refuses
    the response. Raises AttributeError for a request that did not pass the middleware.
    """
    request.access_log.cases.update(cases)


def cases_logged(request: Any) -> list[UUID]:
    """Return the public ids of the cases that this request has shown or changed so far."""
    return sorted(request.access_log.cases)


def log_miss(request: Any, requested: object) -> None:
    """Log that the address named an id or name that the user cannot see.

    It counts as refused. An id is stored as is, a name only as a digest.
    """
    request.access_log.missed = _id_or_digest(requested)


def skip_done_entry(request: Any) -> None:
    """Write no DONE entry for this POST: it changes nothing and redirects to a page that is logged."""
    request.access_log.is_recorded = True


def log_as_viewing(request: Any) -> None:
    """Log the cases of this POST as seen: it changes nothing, such as a search."""
    request.access_log.is_viewing = request.access_log.is_recorded = True


def origin_of(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of an entry that follow from the request.

    Keys: `entry_point`, `what`, `actor`, `token`, `address`.
    """
    user = getattr(request, "user", None)
    token = getattr(request, "auth", None)
    return {
        "entry_point": entry_point_of(request),
        "what": route_of(request),
        "actor": user if isinstance(user, User) else None,
        "token": token if isinstance(token, ApiToken) else None,
        "address": address_of(request),
    }


def entry_point_of(request: HttpRequest) -> EntryPoint:
    """Return the entry point that the request's path belongs to."""
    if request.path.startswith("/api/"):
        return EntryPoint.API
    if request.path.startswith("/calendar/") and request.path.endswith(".ics"):
        return EntryPoint.FEED
    return EntryPoint.ADMIN if request.path.startswith("/admin/") else EntryPoint.PAGE


def route_of(request: HttpRequest) -> str:
    """Return the route's name, such as `admin:orders_order_change`; never the path, which contains an id."""
    match = request.resolver_match
    return match.view_name[:100] if match and match.url_name else ""


def address_of(request: HttpRequest) -> str | None:
    """Return the client's network address, or None if there is no valid one.

    Behind a proxy (`CTC_BEHIND_PROXY`) it is the last hop of X-Forwarded-For, which the proxy wrote. Earlier
    hops were written by the client.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
    try:
        return str(ip_address(address.strip().partition("%")[0]))
    except ValueError:
        return None


def _id_or_digest(requested: object) -> str:
    try:
        return str(UUID(str(requested)))
    except ValueError:
        return salted_hmac("accounts.audit.requested", str(requested), algorithm="sha256").hexdigest()[:32]
