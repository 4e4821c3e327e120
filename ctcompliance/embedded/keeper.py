"""Keep one server running while a process uses it. This is a script that needs only the standard library.

    keeper.py FOLDER NAME SIGNAL PROGRAM [ARGUMENT ...]

Every user of a server holds a shared lock on `NAME.users` while it lives. The kernel drops the lock however
the user ends, SIGKILL included, so a user needs no cleanup. The keeper is the server's parent: it restarts
the server after a crash and stops it with SIGNAL soon after the last lock is gone, or on SIGTERM.
`NAME.control` serializes starting and stopping. The keeper locks `NAME.keeper` while it lives, and
`NAME.json` then holds the ids of both processes.

The command returns once the server process exists. The caller must find out whether the server answers.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

TICK = 0.25
#: Seconds to wait after the last user, so that several commands in a row share one start.
LINGER = 1.5
#: Seconds. A server that exits this soon after its first start is not started again.
START = 1.0
#: Give up after this many crashes in a row.
CRASHES = 10
#: Seconds of running after which the count of crashes starts over.
CALM = 20.0
#: Seconds to wait after each of: the server's own signal, SIGQUIT, SIGKILL.
PATIENCE = 20.0
LOG_LIMIT = 1_000_000


class Keeper:
    """Parent of one server."""

    def __init__(self, folder: Path, name: str, stop_signal: int, command: list[str]) -> None:
        self.folder, self.name, self.stop_signal, self.command = folder, name, stop_signal, command
        self.must_stop = False
        self.idle_since: float | None = None
        self.control = os.open(self.path("control"), os.O_RDWR | os.O_CREAT, 0o600)
        self.users = os.open(self.path("users"), os.O_RDWR | os.O_CREAT, 0o600)
        self.lock = os.open(self.path("keeper"), os.O_RDWR | os.O_CREAT, 0o600)

    def path(self, suffix: str) -> Path:
        """One of this server's files."""
        return self.folder / f"{self.name}.{suffix}"

    def run(self, started: int) -> None:
        """Run until the server is stopped for good. Write to `started` when the server first exists."""
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        signal.signal(signal.SIGTERM, self.stop_soon)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        crashes = 0
        has_run = False
        while crashes < CRASHES:
            server = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
            begun = time.monotonic()
            self.write_state(server.pid)
            if started >= 0:
                os.write(started, b"1")
                os.close(started)
                started = -1
            if self.watch(server):
                break
            has_run = has_run or time.monotonic() - begun > START or server.returncode < 0
            if not has_run:
                break
            crashes = 1 if time.monotonic() - begun > CALM else crashes + 1
            time.sleep(2 * TICK)
        with suppress(OSError):
            self.path("json").unlink()

    def watch(self, server: subprocess.Popen[bytes]) -> bool:
        """Wait for the end of the server. Return True if it was stopped on purpose, False after a crash."""
        while server.poll() is None:
            if self.must_stop or self.is_folder_gone() or self.is_unused():
                self.stop(server)
                return True
            time.sleep(TICK)
        return self.must_stop

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Stop the server: its own signal first, then SIGQUIT, then SIGKILL."""
        for number in (self.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            server.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(PATIENCE)
                return

    def is_unused(self) -> bool:
        """True if the server had no user for LINGER seconds. New users then wait for its end."""
        if not is_locked_by_me(self.control):
            self.idle_since = None
            return False
        if is_locked_by_me(self.users):
            self.idle_since = self.idle_since or time.monotonic()
            if time.monotonic() - self.idle_since >= LINGER:
                return True
            fcntl.flock(self.users, fcntl.LOCK_UN)
        else:
            self.idle_since = None
        fcntl.flock(self.control, fcntl.LOCK_UN)
        return False

    def is_folder_gone(self) -> bool:
        """True if the folder was removed, and with it the files that this keeper holds."""
        try:
            return self.path("users").stat().st_ino != os.fstat(self.users).st_ino
        except OSError:
            return True

    def stop_soon(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM."""
        self.must_stop = True

    def write_state(self, server: int) -> None:
        """Write `NAME.json`, which readers never see half written."""
        draft = self.path("json.new")
        draft.write_text(json.dumps({"keeper": os.getpid(), "server": server}))
        draft.replace(self.path("json"))


def is_locked_by_me(file: int) -> bool:
    """Try to take the exclusive lock without waiting. True if this process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def redirect(log: Path) -> None:
    """Append the output of this process and its server to `log`."""
    too_long = log.exists() and log.stat().st_size > LOG_LIMIT
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if too_long else 0), 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)


def main(folder: str, name: str, stop_signal: str, *command: str) -> int:
    """Start a keeper in the background. Return 0 once its server process exists."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) else 1
    os.close(reading)
    os.setsid()
    os.umask(0o077)
    redirect(Path(folder) / f"{name}.log")
    Keeper(Path(folder), name, int(stop_signal), list(command)).run(writing)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
