"""Decide whether a URL given by a user may be called: HTTPS, on the public internet, no credentials."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from notifications.channels.bounded_socket import TIMEOUT, Address, resolve

#: The public IPv6 range. Translated and tunneled addresses could lead to any IPv4 address.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))

_INVALID = "Not a URL. Give one such as https://alerts.example/hook."


class UrlNotAllowedError(ValueError):
    """A URL that must not be called. The message gives the reason and does not repeat the URL."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL that may be called, and the IP address that was checked."""

    parts: SplitResult
    host: str
    port: int
    address: str


def check_url(url: str, *, seconds: float = TIMEOUT / 2) -> CheckedUrl:
    """Return the URL with its checked IP address. Raises `UrlNotAllowedError`.

    The name lookup takes at most `seconds`. On the embedded database, plain HTTP and loopback addresses are
    allowed too.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlNotAllowedError("invalid", _INVALID) from error
    if not url.isascii() or not url.isprintable() or " " in url or not host:
        raise UrlNotAllowedError("invalid", _INVALID)
    if parts.scheme != "https" and not (settings.IS_LOCAL and parts.scheme == "http"):
        raise UrlNotAllowedError("not_https", "Give a URL that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlNotAllowedError(
            "has_credentials", "Leave out user name, password and fragment: requests are signed instead."
        )
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    found = _resolved(host, port, seconds)
    for one in found:
        if not _is_public(one) and not (settings.IS_LOCAL and one.is_loopback):
            raise UrlNotAllowedError(
                "not_public", "The host is on a private network. Give a host on the public internet."
            )
        if parts.scheme == "http" and not one.is_loopback:
            raise UrlNotAllowedError("not_https", "Give a URL that begins with https://.")
    return CheckedUrl(parts, host, port, str(found[0]))


def _resolved(host: str, port: int, seconds: float) -> list[Address]:
    found = resolve(host, port, seconds)
    if not found:
        raise UrlNotAllowedError("unknown_host", "The host was not found. Check the spelling.")
    return found


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        is_tunnel = any(address in tunnel for tunnel in _TUNNELS)
        return address.is_global and address in _PUBLIC_V6 and not is_tunnel
    return address.is_global and not address.is_multicast
