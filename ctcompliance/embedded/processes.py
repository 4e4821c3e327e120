"""The processes of one folder, and how those are ended that a hard kill left behind.

Whoever has a file open that only users of the folder open is a user of it, whatever became of its parent. The
kernel keeps that list (`/proc`), so it is right after any accident. Where there is no `/proc` it is empty.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ctcompliance.embedded.errors import Unavailable, not_writable

#: Open in `up` and in everything that `up` starts; locked by `up`.
UP = "up.lock"
USERS = ("postgres.users", "redis.users")
#: Seconds that a process has to end by itself.
PATIENCE = 10.0


def hold(folder: Path) -> int:
    """This process is the only `up` of the folder while it lives. What a killed one left is ended first."""
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = os.open(folder / UP, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise not_writable(folder, error) from error
    before = _former(lock)
    left = [pid for pid in having_open(folder, [UP]) if pid != os.getpid()]
    if before in left:
        raise Unavailable(
            f"It already runs below {folder} (process {before}). End it with Ctrl-C or `make down`."
        )
    end(left)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Unavailable(f"Something else starts below {folder} at this moment.") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def end_all(folder: Path) -> int:
    """No process uses the folder; how many did. `up` goes first, and takes its own along."""
    with suppress(OSError):
        lock = os.open(folder / UP, os.O_RDONLY)
        up = _former(lock)
        os.close(lock)
        if up in having_open(folder, [UP]):
            total = len(having_open(folder, [UP, *USERS]))
            end([up])
            end(having_open(folder, [UP, *USERS]))
            return total
    users = having_open(folder, [UP, *USERS])
    end(users)
    return len(users)


def having_open(folder: Path, names: Iterable[str]) -> list[int]:
    """The processes that have one of these files of `folder` open, but for this one and the keepers."""
    wanted = {identity for name in names if (identity := _identity(folder / name))}
    others = {os.getpid(), *_keepers(folder)}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        opened = {_identity(file) for file in _files(process)}
        if opened & wanted and int(process.name) not in others:
            found.append(int(process.name))
    return found


def end(processes: list[int]) -> None:
    """These processes are gone: asked first, killed when they do not listen."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        limit = time.monotonic() + PATIENCE
        while (processes := [pid for pid in processes if _is_alive(pid)]) and time.monotonic() < limit:
            time.sleep(0.05)


def _keepers(folder: Path) -> list[int]:
    """The parents of the servers: they look at the same files."""
    return [json.loads(state.read_text())["keeper"] for state in folder.glob("*.json")]


def _former(lock: int) -> int:
    """The process that held the lock last, 0 for none."""
    text = os.pread(lock, 20, 0)
    return int(text) if text.isdigit() else 0


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file this is, whatever its name."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _files(process: Path) -> list[Path]:
    """What the process has open; nothing if it has ended or is another user's."""
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    """Whether the process runs. One that only waits for its parent to notice does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}
