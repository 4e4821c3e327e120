"""The base of the embedded servers: users, a keeper, and a folder for sockets.

A process becomes a user of a server with `use` and remains one until it ends. The first user starts the
server; `keeper` restarts it after a crash and stops it after the last user. `stop` stops the server although
it has users; `start`, or the first use by another process, starts it again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from ctcompliance.embedded.errors import Unavailable, not_writable

HERE = Path(__file__).resolve().parent
#: A socket's path may have 107 bytes on Linux and 103 elsewhere; the longest name in a folder takes 24.
LONGEST_FOLDER = 78
#: Seconds for a server to answer: PostgreSQL replays its log after the machine was reset.
PATIENCE = 60.0
#: Seconds for the server of a killed keeper to end.
LEFTOVER_PATIENCE = 20.0

_holding = threading.RLock()
_held: dict[Path, int] = {}


def _forget() -> None:
    """Reset the state of a forked child, which becomes a user with its own first use."""
    global _holding, _held  # noqa: PLW0603 - state of the process
    _holding = threading.RLock()
    _held = {}


os.register_at_fork(after_in_child=_forget)


def sockets(folder: Path) -> Path:
    """The folder of the sockets of `folder`: inside it, or below /tmp if the path does not fit an address."""
    inside = folder / "sockets"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER and re.fullmatch(r"[\w/.+-]+", str(inside), re.ASCII):
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ctc-{os.geteuid()}-{digest}"


class Server(ABC):
    """One embedded server below one folder."""

    name: ClassVar[str]
    #: Its name in messages, and the variable that names another server.
    title: ClassVar[str]
    variable: ClassVar[str]
    package: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sockets = sockets(folder)

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, in the form of `variable`."""

    @abstractmethod
    def is_answering(self) -> bool:
        """True if the server accepts commands now."""

    @abstractmethod
    def command(self) -> list[str]:
        """Create what the server needs to start, and return the command that starts it with `launch.py`."""

    @abstractmethod
    def after_start(self) -> None:
        """Create what the server must have before its first use."""

    @property
    def pid(self) -> int | None:
        """The id of the server's process; None if it is stopped."""
        return self._state("server")

    @property
    def is_running(self) -> bool:
        """True if the server has a keeper."""
        return self._state("keeper") is not None

    def use(self) -> None:
        """Make this process a user of the server until it ends; start the server if it is stopped.

        Later calls do nothing. Raises `Unavailable` if the server does not start.
        """
        if self._path("users") in _held:
            return
        with _holding, self._control():
            if self._path("users") not in _held:
                user = self._open("users")
                fcntl.flock(user, fcntl.LOCK_SH)
                try:
                    self._start()
                except Unavailable:
                    os.close(user)
                    raise
                _held[self._path("users")] = user

    def start(self) -> None:
        """Start the server, also after `stop`. It stops soon if no process uses it."""
        with self._control():
            self._start()

    def stop(self) -> None:
        """Stop the server, even if processes use it."""
        if self.folder.is_dir():
            with self._control():
                self._stop()

    def release(self) -> None:
        """End this process's use of the server. Stop the server if this was the last user."""
        with _holding:
            user = _held.pop(self._path("users"), None)
        if user is None:
            return
        with self._control():
            os.close(user)
            others = self._open("users")
            try:
                fcntl.flock(others, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._stop()
            finally:
                os.close(others)

    def _start(self) -> None:
        if self._state("keeper") is None:
            self._outwait()
            started = time.monotonic()
            keeper = [sys.executable, "-I", "-S", str(HERE / "keeper.py"), str(self.folder), self.name]
            subprocess.run(
                [*keeper, str(int(self.stop_signal)), *self.command()], stdin=subprocess.DEVNULL, check=False
            )
            self._wait(started)
            self.after_start()

    def _outwait(self) -> None:
        """Wait for the end of a killed keeper's server. The kernel signals it, and it removes its socket."""
        with suppress(OSError, ValueError, KeyError):
            left = int(json.loads(self._path("json").read_text())["server"])
            limit = time.monotonic() + LEFTOVER_PATIENCE
            while time.monotonic() < limit:
                os.kill(left, 0)
                time.sleep(0.02)

    def _wait(self, started: float) -> None:
        while not self.is_answering():
            if self._state("keeper") is None or time.monotonic() - started > PATIENCE:
                self._stop()
                raise Unavailable(f"{self.title} below {self.folder} did not start: {self._last_words()}")
            time.sleep(0.02)

    def _stop(self) -> None:
        keeper = self._state("keeper")
        if keeper is None:
            return
        with suppress(ProcessLookupError):
            os.kill(keeper, signal.SIGTERM)
        while self._state("keeper") is not None:
            time.sleep(0.02)

    def _state(self, key: str) -> int | None:
        """The id of the process `key`; None without a living keeper, since then the file is out of date."""
        try:
            lock = os.open(self._path("keeper"), os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with suppress(OSError, ValueError, KeyError):
                return int(json.loads(self._path("json").read_text())[key])
        finally:
            os.close(lock)
        return None

    @contextmanager
    def _control(self) -> Iterator[None]:
        """Hold the lock that serializes starting and stopping this server."""
        control = self._open("control")
        try:
            fcntl.flock(control, fcntl.LOCK_EX)
            yield
        finally:
            os.close(control)

    def _open(self, suffix: str) -> int:
        try:
            self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            self.sockets.mkdir(mode=0o711, parents=True, exist_ok=True)
            # Outside the folder the name can be guessed, so another user may have created it first.
            if self.sockets.lstat().st_uid not in {os.geteuid(), self.folder.stat().st_uid}:
                raise Unavailable(f"{self.sockets} belongs to another user. Remove it.")
            return os.open(self._path(suffix), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise not_writable(self.folder, error) from error

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{self.name}.{suffix}"

    def _package(self) -> Path:
        """The folder of the Python package that contains the server."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise Unavailable(f"{self.title} is not installed. Run `make setup`, or set {self.variable}.")
        return Path(spec.submodule_search_locations[0])

    def _last_words(self) -> str:
        """The last line that the server wrote, and the path of its log."""
        log = self._path("log")
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        errors = [line for line in lines if "FATAL" in line or "error" in line.lower()]
        return f"{[*lines, *errors][-1].strip()} ({log})" if lines else f"it wrote nothing to {log}."
