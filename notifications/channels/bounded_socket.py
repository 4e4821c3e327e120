"""Sockets with a limit on total time and on bytes read, so that no remote host can block a sender."""

from __future__ import annotations

import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from typing_extensions import override

#: Seconds for one whole call: name lookup, connection and response.
TIMEOUT = 10.0
#: The most bytes read from one response.
MAX_RESPONSE_BYTES = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """Return all addresses of `host`; an empty list if the lookup fails or takes longer than `seconds`."""
    result: queue.SimpleQueue[list[Address]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result.put([_unmapped(str(where[0])) for *_, where in found])
        except (OSError, ValueError):
            result.put([])

    # The system resolver has no timeout: after `seconds` the thread is abandoned.
    threading.Thread(target=look_up, daemon=True).start()
    try:
        return result.get(timeout=seconds)
    except queue.Empty:
        return []


def _unmapped(text: str) -> Address:
    """Return the address, as IPv4 if it is an IPv4-mapped IPv6 address."""
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


class BoundedSocket:
    """The part of a socket that `HTTPConnection` uses, with a deadline and a limit on bytes read.

    `ends` is a time of the monotonic clock. `host` is the name that TLS verifies; empty for plain HTTP.
    """

    def __init__(self, address: str, port: int, *, host: str, ends: float) -> None:
        self._ends = ends
        self._socket: socket.socket = socket.create_connection((address, port), self.left())
        if host:
            try:
                self._socket.settimeout(self.left())
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            except BaseException:
                self._socket.close()
                raise

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def left(self) -> float:
        """Return the seconds left. Raises `TimeoutError` if there is no time left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self._socket.settimeout(self.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a reader of the response."""
        return io.BufferedReader(BoundedReader(self._socket, self.left))

    def close(self) -> None:
        """Do nothing: the `with` block that opened the socket closes it."""


class BoundedReader(io.RawIOBase):
    """Reads from a socket until the deadline or the limit on bytes. `left` returns the seconds left."""

    def __init__(
        self, source: socket.socket, left: Callable[[], float], most: int = MAX_RESPONSE_BYTES
    ) -> None:
        self._socket, self._left, self._most, self._read = source, left, most, 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        """Raises `TimeoutError` after the deadline and `ValueError` past the limit on bytes."""
        if self._read >= self._most:
            raise ValueError("response too large")
        self._socket.settimeout(self._left())
        read = self._socket.recv_into(memoryview(buffer)[: self._most - self._read])
        self._read += read
        return read
