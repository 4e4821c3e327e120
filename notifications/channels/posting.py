"""One POST to a provider, over within ten seconds whatever the provider does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from notifications.channels.line import TIMEOUT, Line, addresses

#: A provider's wish to be left alone is heard up to so many seconds.
LONGEST_WAIT = 3600.0

_PORTS = {"https": 443, "http": 80}


class UnreachedError(Exception):
    """No connection: nothing of the request went out. The text names no address."""


class UnansweredError(Exception):
    """The request went out, or a part of it, and no whole answer came. The text names no address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a provider answered. `retry_after`: seconds after which it wants to be asked again, 0 for none."""

    status: int
    body: bytes
    retry_after: float = 0.0


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
    """The answer to one POST, after at most `TIMEOUT` seconds in all. Redirects are not followed.

    Raises `UnreachedError` or `UnansweredError`; which of them is what the sender has to know.
    """
    ends = time.monotonic() + TIMEOUT
    with _connected(url, ends) as line:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "")
        # Connected already, within the time.
        connection.sock = line
        try:
            connection.request(
                "POST",
                f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
                body,
                {"User-Agent": "ctcompliance", "Connection": "close", **headers, "Host": parts.netloc},
            )
            with connection.getresponse() as answer:
                return Reply(
                    status=answer.status,
                    body=answer.read(),
                    retry_after=min(wait_of(answer.headers.get("Retry-After", "")), LONGEST_WAIT),
                )
        except TimeoutError as error:
            raise UnansweredError("no answer in time") from error
        except (OSError, HTTPException, ValueError) as error:
            raise UnansweredError(f"line broken: {type(error).__name__}") from error


def wait_of(text: str) -> float:
    """The seconds that a Retry-After names; 0 where it names none, or a date."""
    return float(text) if text.isdecimal() and len(text) < len("1000000") else 0.0


def _connected(url: str, ends: float) -> Line:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise UnreachedError("no connection: not an address") from error
    found = addresses(host, port, ends - time.monotonic())
    if not found:
        raise UnreachedError("no connection: no such host")
    try:
        return Line(str(found[0]), port, host=host if parts.scheme == "https" else "", ends=ends)
    except OSError as error:
        raise UnreachedError(f"no connection: {type(error).__name__}") from error
