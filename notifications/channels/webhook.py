"""Signed POSTs to the systems of others, as Standard Webhooks has them, to addresses that were checked."""

from __future__ import annotations

import hashlib
import hmac
import io
import ipaddress
import json
import queue
import socket
import ssl
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from typing_extensions import override

#: Opens every secret, as Standard Webhooks has it.
SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with

#: Seconds for all of one POST: name, connection, answer.
TIMEOUT = 10.0
#: Bytes of an answer that are read at the most.
MOST = 64 * 1024

#: Where IPv6 addresses of the open network are. Translated and tunnelled ones would lead to any IPv4 address.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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
    found = _addresses(host, port, seconds)
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
    with _Line(target, ends) as line:
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
            wait = answer.headers.get("Retry-After", "")
            return Reply(
                status=answer.status,
                error=f"answered {answer.status}",
                retry_after=float(wait) if wait.isdecimal() and len(wait) < len("1000000") else 0.0,
            )


def _is_open(address: _Address) -> bool:
    """True in the open network, of which anybody may be a part."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _OPEN_V6 and not any(address in tunnel for tunnel in _TUNNELS)
    return address.is_global and not address.is_multicast


def _addresses(host: str, port: int, seconds: float) -> list[_Address]:
    """All that the name stands for. Raises `UnfitError` where that cannot be found out in time."""
    answer: queue.SimpleQueue[list[_Address]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([_unmapped(str(where[0])) for *_, where in found])
        except (OSError, ValueError):
            answer.put([])

    # Nothing can hurry the resolver: it is left to itself.
    threading.Thread(target=ask, daemon=True).start()
    try:
        addresses = answer.get(timeout=seconds)
    except queue.Empty:
        addresses = []
    if not addresses:
        raise UnfitError("unknown_host", "No such host could be found. Look for a slip of the pen.")
    return addresses


def _unmapped(text: str) -> _Address:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


class _Line:
    """As much of a socket as `HTTPConnection` uses: it reads so much, until such a time, and then breaks."""

    def __init__(self, target: Target, ends: float) -> None:
        self._ends = ends
        self._socket: socket.socket = socket.create_connection((target.address, target.port), self.left())
        if target.parts.scheme == "https":
            try:
                self._socket.settimeout(self.left())
                self._socket = ssl.create_default_context().wrap_socket(
                    self._socket, server_hostname=target.host
                )
            except BaseException:
                self._socket.close()
                raise

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def left(self) -> float:
        """Seconds that are left. Raises `TimeoutError` when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sendall(self, data: bytes) -> None:
        """Sends it all."""
        self._socket.settimeout(self.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes back."""
        return io.BufferedReader(_Answer(self._socket, self.left))

    def close(self) -> None:
        """Nothing yet: whoever opened it closes it."""


class _Answer(io.RawIOBase):
    """What a line brings, until its time is over or it has brought too much."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left, self._read = line, left, 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        """Raises `TimeoutError`, or `ValueError` past what is read at the most."""
        if self._read >= MOST:
            raise ValueError("too much")
        self._line.settimeout(self._left())
        read = self._line.recv_into(memoryview(buffer)[: MOST - self._read])
        self._read += read
        return read
