"""A mail server that answers at each stage of a session as a test decides."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

#: What a healthy server answers, by stage.
HEALTHY = {
    "GREETING": "220 mail.example ESMTP",
    "EHLO": "250-mail.example\r\n250 8BITMIME",
    "HELO": "250 mail.example",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 2.7.0 ok",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "END": "250 2.0.0 queued",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "QUIT": "221 bye",
}


class Act(Enum):
    """What the server does instead of answering."""

    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"
    DRIP = "drip"


@dataclass
class RudeServer:
    """The server. `answers` replaces replies by stage."""

    answers: dict[str, str | Act] = field(default_factory=dict)
    #: The messages whose end arrived, whatever was answered.
    taken: list[bytes] = field(default_factory=list)
    sessions: int = 0
    tls: ssl.SSLContext | None = None
    #: Called when the end of a message arrived, before it is answered.
    on_taken: Callable[[], object] | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def answer(self, stage: str, answer: str | Act) -> None:
        """Answer so at this stage only. A client that EHLO displeases greets with HELO."""
        self.answers = {stage: answer} | ({"HELO": answer} if stage == "EHLO" else {})

    def serve(self, listening: socket.socket) -> None:
        """Serve each session in a thread of its own."""
        while not self._stop.is_set():
            try:
                sock, _ = listening.accept()
            except OSError:
                continue
            self.sessions += 1
            threading.Thread(target=self._session, args=[sock], daemon=True).start()

    def stop(self) -> None:
        """End all sessions."""
        self._stop.set()

    def _session(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._converse(sock)
        sock.close()

    def _converse(self, sock: socket.socket) -> None:
        if not self._answer(sock, "GREETING"):
            return
        lines = sock.makefile("rb")
        while line := lines.readline():
            verb = line.decode("ascii", "replace").upper().split() or [""]
            stage = verb[0] if verb[0] in HEALTHY else "NOOP"
            if not self._answer(sock, stage) or stage == "QUIT":
                return
            if stage == "STARTTLS" and self.tls is not None and "STARTTLS" not in self.answers:
                sock = self.tls.wrap_socket(sock, server_side=True)
                lines = sock.makefile("rb")
            if stage == "DATA" and str(self.answers.get("DATA", "354")).startswith("354"):
                self._take(lines)
                if not self._answer(sock, "END"):
                    return

    def _take(self, lines: Iterable[bytes]) -> None:
        self.taken.append(b"".join(itertools.takewhile(lambda line: line != b".\r\n", lines)))
        if self.on_taken is not None:
            self.on_taken()

    def _answer(self, sock: socket.socket, stage: str) -> bool:
        """Answer; return False if the session is over."""
        answer = self.answers.get(stage, HEALTHY[stage])
        if answer is Act.HANG:
            self._stop.wait(60)
            return False
        if answer is Act.DRIP:
            while not self._stop.wait(0.05):
                sock.sendall(b"2")
            return False
        if answer is Act.RESET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer is Act.CLOSE:
            return False
        sock.sendall(f"{answer}\r\n".encode())
        return not str(answer).startswith("421")


@contextmanager
def running(
    answers: Mapping[str, str | Act] | None = None, *, host: str = "127.0.0.1"
) -> Iterator[tuple[RudeServer, int]]:
    """The server on a free port of the loopback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.bind((host, 0))
    listening.listen(16)
    server = RudeServer(dict(answers or {}))
    thread = threading.Thread(target=server.serve, args=[listening], daemon=True)
    thread.start()
    try:
        yield server, int(listening.getsockname()[1])
    finally:
        server.stop()
        # Wakes the thread.
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)
        listening.close()
