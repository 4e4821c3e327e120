"""Signed POSTs to the systems of others, as Standard Webhooks has them, to addresses that were checked."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from notifications.channels.line import TIMEOUT, Address, Line, addresses
from notifications.channels.posting import wait_of

#: Opens every secret, as Standard Webhooks has it.
SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with

#: Where IPv6 addresses of the open network are. Translated and tunnelled ones would lead to any IPv4 address.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))


class UnfitError(ValueError):
    """An address that nothing is sent to. The text says why, and not which it is."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One POST: where, signed with what, and what it says."""

    id: str
    url: str
    secret: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came of a POST: the status, or 0 and the reason. Nothing of the address or the answer's text."""

    status: int = 0
    error: str = ""
    #: Seconds after which the system wants to be asked again, where it said so.
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called, and the network address that it was found to be."""

    parts: SplitResult
    host: str
    port: int
    address: str


def body_of(event: str, *, at: datetime, alert: str | None, order: str | None) -> bytes:
    """What a POST says: what happened, when, and to which alert of which order."""
    data = {"alert": alert, "order": order} if alert else {}
    body = {"type": event, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(body, separators=(",", ":")).encode()


def signature(secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the header's name
    """`v1,` and the signature, with the key that the secret is the Base64 of."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{b64encode(signed).decode()}"


def check(url: str, *, seconds: float = TIMEOUT / 2) -> Target:
    """Where the address leads. Raises `UnfitError` for one that nothing may be sent to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UnfitError(
            "invalid", "Not an address. Give one such as https://alerts.example/hook."
        ) from error
    if not url.isascii() or not url.isprintable() or " " in url or not host:
        raise UnfitError("invalid", "Not an address. Give one such as https://alerts.example/hook.")
    if parts.scheme != "https" and not (settings.IS_LOCAL and parts.scheme == "http"):
        raise UnfitError("not_https", "Give an address that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UnfitError("has_credentials", "Leave out user, password and fragment: POSTs are signed.")
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    found = _found(host, port, seconds)
    for one in found:
        if not _is_open(one) and not (settings.IS_LOCAL and one.is_loopback):
            raise UnfitError(
                "not_public", "It leads into a network that is not public. Nothing is sent there."
            )
        if parts.scheme == "http" and not one.is_loopback:
            raise UnfitError("not_https", "Give an address that begins with https://.")
    return Target(parts, host, port, str(found[0]))


def post(call: Call, *, timeout: float = TIMEOUT) -> Reply:
    """Sends one POST and answers what came of it, within `timeout` seconds. Raises nothing."""
    ends = time.monotonic() + timeout
    try:
        target = check(call.url, seconds=timeout / 2)
        return _post(call, target, ends)
    except UnfitError as error:
        return Reply(error=f"the address is not fit: {error.code}")
    except TimeoutError:
        return Reply(error="no answer in time")
    except (OSError, HTTPException, ValueError) as error:
        # Their texts may hold the address.
        return Reply(error=f"no answer: {type(error).__name__}")


def _post(call: Call, target: Target, ends: float) -> Reply:
    name = target.host if target.parts.scheme == "https" else ""
    with Line(target.address, target.port, host=name, ends=ends) as line:
        timestamp = int(time.time())
        connection = HTTPConnection(target.host, target.port)
        # Connected already, to the address that was checked and to no other.
        connection.sock = line
        connection.request(
            "POST",
            f"{target.parts.path or '/'}{'?' if target.parts.query else ''}{target.parts.query}",
            call.body,
            {
                "Host": target.parts.netloc,
                "Content-Type": "application/json",
                "User-Agent": "ctcompliance",
                "Connection": "close",
                "webhook-id": call.id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(call.secret, id=call.id, timestamp=timestamp, body=call.body),
            },
        )
        # The status says it all; what comes after it is not waited for.
        with connection.getresponse() as answer:
            return Reply(
                status=answer.status,
                error=f"answered {answer.status}",
                retry_after=wait_of(answer.headers.get("Retry-After", "")),
            )


def _found(host: str, port: int, seconds: float) -> list[Address]:
    found = addresses(host, port, seconds)
    if not found:
        raise UnfitError("unknown_host", "No such host could be found. Look for a slip of the pen.")
    return found


def _is_open(address: Address) -> bool:
    """True in the open network, of which anybody may be a part."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _OPEN_V6 and not any(address in tunnel for tunnel in _TUNNELS)
    return address.is_global and not address.is_multicast
