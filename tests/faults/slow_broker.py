"""A way to the broker on which each answer takes its time."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from typing_extensions import override


class SlowWay(socketserver.ThreadingTCPServer):
    """Passes on what both sides send; what the broker sends after `delay` seconds."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, broker: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.broker = broker
        self.delay = 0.0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.socket.getsockname()[1])

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: connections break when processes end."""


class _Connection(socketserver.BaseRequestHandler):
    server: SlowWay

    @override
    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.broker)) as broker:
            asking = threading.Thread(target=self._pass, args=[self.request, broker, False], daemon=True)
            asking.start()
            self._pass(broker, self.request, True)

    def _pass(self, source: socket.socket, target: socket.socket, is_slow: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_slow:
                    time.sleep(self.server.delay)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def slow_way(broker: int) -> Iterator[SlowWay]:
    """The way to the broker on that port of the loopback."""
    with SlowWay(broker) as way:
        thread = threading.Thread(target=way.serve_forever, daemon=True)
        thread.start()
        try:
            yield way
        finally:
            way.shutdown()
            thread.join(timeout=5)
