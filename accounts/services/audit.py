"""The record of who did and saw what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import Act, ApiToken, AuditEntry, Door, User


@dataclass
class Watch:
    """What one request showed, changed or asked for in vain, until the middleware puts it on record."""

    cases: set[UUID] = field(default_factory=set)
    asked: str = ""
    #: True when nothing need say that something was done: an entry of its own says more, or it was not.
    is_recorded: bool = False


def record(act: Act, door: Door, **facts: Any) -> AuditEntry:
    """The act is on record, in the transaction that is open. `facts` are the entry's other fields."""
    return AuditEntry.objects.create(act=act, door=door, **facts)


def record_for(request: HttpRequest, act: Act, **facts: Any) -> AuditEntry:
    """The act is on record with who asked, from where, by which door and for what.

    `facts` are the entry's other fields, and go before what the request says. The middleware adds no entry
    that says the same again.
    """
    entry = record(act, **(origin_of(request) | facts))
    if (watch := getattr(request, "watch", None)) is not None:
        watch.is_recorded = True
    return entry


# The API's requests are not Django's own; they pass on what they do not have themselves.
def seen(request: Any, cases: Iterable[UUID]) -> None:
    """The cases of these public ids will be on record as shown, or changed, by this request.

    Called before the answer is returned: one entry for the request is written then, or it is not answered.
    Raises AttributeError for a request that did not come in through the middleware.
    """
    request.watch.cases.update(cases)


def cases_seen(request: Any) -> list[UUID]:
    """The public ids of the cases that this request has shown or changed so far."""
    return sorted(request.watch.cases)


def asked_in_vain(request: Any, asked: object) -> None:
    """The request asked for something by its id or name (a docket number, say) that this person cannot see.

    It counts as refused, whatever is answered. An id is kept as it is, a name as its digest only.
    """
    request.watch.asked = _unreadable(asked)


def only_asked(request: HttpRequest) -> None:
    """The request did nothing but ask, and leads to where it is answered: what is seen there is on record."""
    request.watch.is_recorded = True  # type: ignore[attr-defined]


def origin_of(request: HttpRequest) -> dict[str, Any]:
    """Who asks, from where, by which door and for what: `door`, `what`, `actor`, `token`, `address`."""
    user = getattr(request, "user", None)
    token = getattr(request, "auth", None)
    return {
        "door": door_of(request),
        "what": route_of(request),
        "actor": user if isinstance(user, User) else None,
        "token": token if isinstance(token, ApiToken) else None,
        "address": address_of(request),
    }


def door_of(request: HttpRequest) -> Door:
    """By which way the request came in."""
    if request.path.startswith("/api/"):
        return Door.API
    if request.path.startswith("/calendar/") and request.path.endswith(".ics"):
        return Door.FEED
    return Door.ADMIN if request.path.startswith("/admin/") else Door.PAGE


def route_of(request: HttpRequest) -> str:
    """The name of the route, such as `admin:orders_order_change`; never the path, which holds an id."""
    match = request.resolver_match
    return match.view_name[:100] if match and match.url_name else ""


def address_of(request: HttpRequest) -> str | None:
    """The network address that asks; None where it is none.

    Behind a proxy (`CTC_BEHIND_PROXY`) it is the last hop of X-Forwarded-For, which the proxy wrote; anything
    before it was written by whoever asked.
    """
    said = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        said = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
    try:
        return str(ip_address(said.strip().partition("%")[0]))
    except ValueError:
        return None


def _unreadable(asked: object) -> str:
    try:
        return str(UUID(str(asked)))
    except ValueError:
        return salted_hmac("accounts.audit.asked", str(asked), algorithm="sha256").hexdigest()[:32]
