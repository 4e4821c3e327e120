"""Find the processes that use one folder, and end those that a hard kill left behind.

A process that has one of the folder's lock files open uses the folder, even if its parent is gone. The kernel
keeps that list (`/proc`), so it is right after any accident. Without `/proc` the list is empty.
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

#: Open in `up` and in every process that `up` starts; locked by `up`.
UP = "up.lock"
USERS = ("postgres.users", "valkey.users")
#: Seconds for a process to end by itself.
PATIENCE = 10.0


def hold(folder: Path) -> int:
    """Make this process the only `up` of the folder while it lives. End first what a killed `up` left.

    Returns the open lock file. Raises `Unavailable` if another `up` runs or the folder is not writable.
    """
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
    """End every process that uses the folder, `up` first. Return how many there were."""
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
    """The ids of processes that have one of these files of `folder` open, except this one and the keepers."""
    wanted = {identity for name in names if (identity := _identity(folder / name))}
    others = {os.getpid(), *_keepers(folder)}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        opened = {_identity(file) for file in _files(process)}
        if opened & wanted and int(process.name) not in others:
            found.append(int(process.name))
    return found


def end(processes: list[int]) -> None:
    """End these processes: SIGTERM first, SIGKILL after PATIENCE seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        limit = time.monotonic() + PATIENCE
        while (processes := [pid for pid in processes if _is_alive(pid)]) and time.monotonic() < limit:
            time.sleep(0.05)


def _keepers(folder: Path) -> list[int]:
    """The ids of the keepers, which have the same files open."""
    return [json.loads(state.read_text())["keeper"] for state in folder.glob("*.json")]


def _former(lock: int) -> int:
    """The id of the process that held the lock last; 0 if there was no process."""
    text = os.pread(lock, 20, 0)
    return int(text) if text.isdigit() else 0


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _files(process: Path) -> list[Path]:
    """The files that the process has open; empty if it has ended or belongs to another user."""
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    """True if the process runs. A zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}
