"""A real web server on loopback that receives webhooks and responds as a test sets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override


@dataclass
class ReceivedRequest:
    """One POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookServer:
    """What came, and what is answered: the statuses in `answers` one by one, then 204."""

    requests: list[ReceivedRequest] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    #: Seconds between the bytes of an answer; 0 answers at once.
    trickle: float = 0.0
    #: Bytes of headers, besides.
    flood: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/hook"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hooks: HookServer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.hooks = hooks

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hung up, hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Keeps it and answers."""
        hooks = self.server.hooks
        length = int(self.headers["Content-Length"] or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        hooks.requests.append(ReceivedRequest(self.path, headers, self.rfile.read(length)))
        if hooks.trickle:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
                self.wfile.write(bytes([byte]))
                time.sleep(hooks.trickle)
        self.send_response(hooks.answers.pop(0) if hooks.answers else 204)
        for name, value in hooks.headers.items():
            self.send_header(name, value)
        for number in range(hooks.flood // 1000):
            self.send_header(f"X-{number}", "a" * 1000)
        self.end_headers()

    do_GET = do_POST

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def running(tls: Any = None, port: int = 0) -> Iterator[HookServer]:
    """The server, until the block ends; over TLS with the context given, on any port unless one is."""
    hooks = HookServer()
    server = _Server(hooks, port)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    hooks.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
