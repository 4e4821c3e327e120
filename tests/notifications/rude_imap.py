"""A mailbox server that answers as a test decides: too much, too slowly, or nonsense."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Writes an answer to the command with that tag; may write for as long as it likes.
Answer = Callable[[Callable[[bytes], object], bytes], object]


def _line(text: str) -> Answer:
    return lambda write, tag: write(text.encode().replace(b"TAG", tag))


def _healthy(count: int) -> dict[str, Answer]:
    return {
        "CAPABILITY": _line("* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"),
        "LOGIN": _line("TAG OK done\r\n"),
        "SELECT": _line(f"* {count} EXISTS\r\nTAG OK done\r\n"),
        "FETCH": _line("TAG OK done\r\n"),
        "STORE": _line("TAG OK done\r\n"),
        "EXPUNGE": _line("TAG OK done\r\n"),
        "LOGOUT": _line("* BYE bye\r\nTAG OK done\r\n"),
    }


@dataclass
class RudeImap:
    """The server: its answers by command, and the commands that came."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=lambda: _healthy(1))
    commands: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of the mailbox."""
        return f"imap://canary:secret@127.0.0.1:{self.port}/INBOX"

    def session(self, sock: socket.socket) -> None:
        """Answer the commands of one session."""
        with contextlib.suppress(OSError), sock:
            sock.sendall(b"* OK ready\r\n")
            for line in sock.makefile("rb"):
                self.commands.append(line)
                tag, verb, *_ = line.split()
                self.answers[verb.decode().upper()](sock.sendall, tag)


@contextmanager
def running() -> Iterator[RudeImap]:
    """Start the server on a free port of the loopback, and stop it."""
    server = RudeImap()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        listening.settimeout(0.1)

        def serve() -> None:
            while not server.stopped.is_set():
                with contextlib.suppress(OSError):
                    sock, _ = listening.accept()
                    threading.Thread(target=server.session, args=[sock], daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            thread.join(timeout=5)
