"""One HTTP request with a limit on total time and on response size, for providers, monitors and webhooks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from notifications.channels.bounded_socket import TIMEOUT, BoundedSocket, resolve
from notifications.channels.public_url import CheckedUrl, check_url

#: The longest wait that a provider may ask for, in seconds.
LONGEST_WAIT = 3600.0

_PORTS = {"https": 443, "http": 80}


class UnreachedError(Exception):
    """No connection: no part of the request was sent. The message contains no address."""


class UnansweredError(Exception):
    """The request was sent, at least in part, without a complete response.

    The message contains no address.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class PostResponse:
    """The response to a POST or GET. `retry_after`: the seconds in its Retry-After header; 0 without one."""

    status: int
    body: bytes = b""
    retry_after: float = 0.0

    @property
    def provider_wait(self) -> float:
        """The seconds a provider asks us to wait, at most `LONGEST_WAIT`."""
        return min(self.retry_after, LONGEST_WAIT)


def post(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    timeout: float | None = None,
    public_only: bool = False,
    reads_body: bool = True,
) -> PostResponse:
    """Return the response to one POST, within `timeout` seconds in all. Redirects are not followed.

    `timeout` defaults to `TIMEOUT`. With `public_only` the URL must pass `check_url`, and the connection goes
    to the IP address that was checked. With `reads_body=False` only the status and headers are read.

    Raises `UnreachedError` or `UnansweredError`: the caller must know which, because after the second the
    request may have been processed. Raises `UrlNotAllowedError` with `public_only`.
    """
    seconds = TIMEOUT if timeout is None else timeout
    ends = time.monotonic() + seconds
    target = check_url(url, seconds=seconds / 2) if public_only else _looked_up(url, seconds)
    return _exchange("POST", target, ends, headers=headers, body=body, reads_body=reads_body)


def get_status(url: str, *, timeout: float) -> int:
    """Return the status of the answer to one GET, within `timeout` seconds in all. Its body is not read.

    Redirects are not followed. Raises `UnreachedError` or `UnansweredError`.
    """
    ends = time.monotonic() + timeout
    return _exchange("GET", _looked_up(url, timeout), ends, headers={}, body=None, reads_body=False).status


def _exchange(
    method: str,
    target: CheckedUrl,
    ends: float,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    reads_body: bool,
) -> PostResponse:
    parts = target.parts
    with _connect(target, ends) as sock:
        connection = HTTPConnection(target.host, target.port)
        # Connected already, within the time and to the address that was checked.
        connection.sock = sock
        try:
            connection.request(
                method,
                f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
                body,
                {"User-Agent": "ctcompliance", "Connection": "close", **headers, "Host": parts.netloc},
            )
            with connection.getresponse() as response:
                return PostResponse(
                    status=response.status,
                    body=response.read() if reads_body else b"",
                    retry_after=parse_retry_after(response.headers.get("Retry-After", "")),
                )
        except TimeoutError as error:
            raise UnansweredError("no answer in time") from error
        except (OSError, HTTPException, ValueError) as error:
            # Exception texts may contain the address, so only the class is named.
            raise UnansweredError(f"connection broken: {type(error).__name__}") from error


def parse_retry_after(text: str) -> float:
    """Return the seconds of a Retry-After header; 0 if it is empty or a date."""
    return float(text) if text.isdecimal() and len(text) < len("1000000") else 0.0


def _looked_up(url: str, seconds: float) -> CheckedUrl:
    """Return a configured URL, which needs no check, with the first address of its host."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise UnreachedError("no connection: not a URL") from error
    found = resolve(host, port, seconds)
    if not found:
        raise UnreachedError("no connection: no such host")
    return CheckedUrl(parts, host, port, str(found[0]))


def _connect(target: CheckedUrl, ends: float) -> BoundedSocket:
    tls_host = target.host if target.parts.scheme == "https" else ""
    try:
        return BoundedSocket(target.address, target.port, host=tls_host, ends=ends)
    except OSError as error:
        raise UnreachedError(f"no connection: {type(error).__name__}") from error
