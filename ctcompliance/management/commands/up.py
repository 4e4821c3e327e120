"""Run the whole system on this machine, with a demonstration."""

from __future__ import annotations

import io
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from ctcompliance import local
from ctcompliance.celery import QUEUES
from ctcompliance.embedded import processes
from ctcompliance.embedded.postgres import Postgres
from ctcompliance.embedded.valkey import Valkey

#: Each listener, the variable that sets its port, and the setting that holds it.
PORTS = (
    ("The web server", "CTC_WEB_PORT", "WEB_PORT"),
    ("The mail catcher", "CTC_SMTP_PORT", "SMTP_PORT"),
    ("Flower", "CTC_FLOWER_PORT", "FLOWER_PORT"),
)


class Command(BaseCommand):
    """Run everything until Ctrl-C, and leave no process behind. The data stay."""

    help = (
        "Sets up servers and a demonstration here, and runs web, worker, pulse, beat, Flower, mail catcher."
    )
    requires_system_checks: list[str] = []

    def handle(self, **_options: Any) -> None:
        """Return after Ctrl-C. Raise `CommandError` if a process ended by itself."""
        if not settings.IS_LOCAL:
            raise CommandError("`up` runs a demonstration on the embedded database only. Unset DATABASE_URL.")
        folder = Path(settings.LOCAL_DIR)
        database, broker = local.postgres(folder), local.valkey(folder)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # A closed terminal stops it, too.
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        was_stopped = True
        try:
            self._set_up(folder, database, broker)
            was_stopped = self._run(folder)
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            broker.release()
            database.release()
        self.stdout.write(f"Stopped. The data stay in {folder}.")
        if not was_stopped:
            raise CommandError("A process ended by itself, so all were stopped. Its last lines are above.")

    def _set_up(self, folder: Path, database: Postgres, broker: Valkey) -> None:
        processes.hold(folder)
        for owner, variable, setting in PORTS:
            refuse_taken(owner, variable, getattr(settings, setting))
        with self._step("Embedded PostgreSQL"):
            database.use()
        if not settings.BROKER_URL:
            with self._step("Embedded Valkey"):
                broker.use()
        with self._step("Tables and reference data"):
            call_command("prepare", stdout=io.StringIO(), stderr=io.StringIO())
        with self._step("Demonstration"):
            call_command("demo", stdout=io.StringIO(), stderr=io.StringIO())

    def _run(self, folder: Path) -> bool:
        """Run everything. Return True after a signal to stop, False if a process ended by itself."""
        from honcho.manager import Manager
        from honcho.printer import Printer

        # Without the time: log lines have their own.
        manager = Manager(Printer(sys.stdout, time_format=""))
        # By the open file `down` finds the processes that a killed `up` left behind.
        mark = f"exec 9>>{shlex.quote(str(folder / processes.UP))}"
        for name, command in commands(folder).items():
            manager.add_process(
                name, f"{mark}; exec {command}", env=environment(folder), cwd=str(settings.BASE_DIR)
            )
        self._introduce()
        # The orders of a court's week come while the pages are read already.
        week = subprocess.Popen(  # noqa: S602 - nothing in it comes from outside
            f"{mark}; exec {shlex.quote(sys.executable)} manage.py demo --week >/dev/null 2>&1",
            shell=True,
            env=environment(folder),
            cwd=str(settings.BASE_DIR),
        )
        try:
            manager.loop()
        finally:
            week.terminate()
            processes.end(processes.having_open(folder, [processes.UP]))
        return manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}

    def _introduce(self) -> None:
        """Print addresses and sign-ins."""
        from ctcompliance.demo import SIGN_INS

        web = f"http://127.0.0.1:{settings.WEB_PORT}"
        self.stdout.write(f"\nOpen      {web}/")
        self.stdout.write(f"Mailbox   {web}/mailbox/")
        self.stdout.write(f"Flower    http://127.0.0.1:{settings.FLOWER_PORT}/\n\n")
        width = max(len(role) for role, _, _ in SIGN_INS)
        for role, email, password in SIGN_INS:
            self.stdout.write(f"{role:<{width}}   {email}   {password}")
        self.stdout.write("\nCtrl-C stops everything.\n\n")

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        """Write one line to standard error; on a terminal the title comes before the work is done."""
        begun = time.monotonic()
        if self.stderr.isatty():
            self.stderr.write(f"{title} … ", style_func=str, ending="")
            self.stderr.flush()
        yield
        done = f"{time.monotonic() - begun:.1f} s"
        self.stderr.write(done if self.stderr.isatty() else f"{title}: {done}", style_func=str)


def refuse_taken(owner: str, variable: str, port: int) -> None:
    """Raise `CommandError` if the port of the loopback address is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no port has that number"
            raise CommandError(
                f"{owner} cannot use port {port} ({reason}). Free it, or set {variable} to another number."
            ) from error


def environment(folder: Path) -> dict[str, str]:
    """The environment of the processes."""
    return {
        **os.environ,
        "CTC_LOCAL": str(folder),
        # Show lines as they are written.
        "PYTHONUNBUFFERED": "1",
        # A demonstration may run as root; the worker need not warn about it.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }


def commands(folder: Path) -> dict[str, str]:
    """The commands that run, by the name that is printed before their lines."""
    python, queues = shlex.quote(sys.executable), ",".join(QUEUES)
    schedule, mailbox = shlex.quote(str(folder / "beat-schedule")), shlex.quote(str(folder / "mailbox"))
    celery = f"{python} -m celery --quiet -A ctcompliance"
    return {
        "web": f"{python} -m gunicorn ctcompliance.wsgi --bind 127.0.0.1:{settings.WEB_PORT}"
        " --worker-class gthread --workers 2 --threads 4 --graceful-timeout 3"
        " --no-control-socket --log-level warning --logger-class ctcompliance.web_log.WebLogger",
        "worker": f"{celery} worker -P threads -c 8 -Q {queues} -l INFO --without-gossip --without-mingle",
        "pulse": f"{python} manage.py pulse",
        "beat": f"{celery} beat -s {schedule} -l INFO",
        "flower": f"{celery} flower --address=127.0.0.1 --port={settings.FLOWER_PORT} --logging=warning",
        "mail": f"{python} -m aiosmtpd -n -l 127.0.0.1:{settings.SMTP_PORT}"
        f" -c aiosmtpd.handlers.Mailbox {mailbox}",
    }
