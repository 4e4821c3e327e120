"""A connection that lasts so long and reads so much: nobody at the other end can hold a sender up."""

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

#: Seconds for all of one call: name, connection, answer.
TIMEOUT = 10.0
#: Bytes of an answer that are read at the most.
MOST = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def addresses(host: str, port: int, seconds: float) -> list[Address]:
    """All that the name stands for; none where that cannot be found out in so many seconds."""
    answer: queue.SimpleQueue[list[Address]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([_unmapped(str(where[0])) for *_, where in found])
        except (OSError, ValueError):
            answer.put([])

    # Nothing can hurry the resolver: it is left to itself.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.get(timeout=seconds)
    except queue.Empty:
        return []


def _unmapped(text: str) -> Address:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


class Line:
    """As much of a socket as `HTTPConnection` uses: it reads so much, until such a time, and then breaks.

    `ends` is of the monotonic clock. `host` is whom TLS asks for; without TLS it is empty.
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
