"""`make up` from start to end: everything runs, and no process is left, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ctcompliance import demo

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
#: What the tests themselves may have been given.
NAMED_SERVERS = {"DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "CTC_BASE_URL"}


class Up:
    """One `up` with its own folder and ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "local"
        self.output = folder / "output"
        ports = [free_port() for _ in range(3)]
        self.web, self.flower = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[2]}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in NAMED_SERVERS},
            "CTC_LOCAL": str(self.folder),
            **dict(zip(("CTC_WEB_PORT", "CTC_SMTP_PORT", "CTC_FLOWER_PORT"), map(str, ports), strict=True)),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it in its own session, as in a terminal."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.process

    def down(self) -> str:
        """Run `down` and return its output."""
        return subprocess.run(
            [sys.executable, "manage.py", "down"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=240,
        ).stdout

    def processes(self) -> list[int]:
        """Ids of processes with the folder in their environment or command, without zombies."""
        return [
            process.pid
            for process in psutil.process_iter()
            if process.pid != os.getpid() and str(self.folder) in carried(process)
        ]

    def is_up(self) -> bool:
        """True if web and Flower answer and Flower knows a worker. Fails if `up` has ended."""
        assert self.process
        assert self.process.poll() is None, self.output.read_text()
        try:
            return b"status" in read(f"{self.web}/healthz") and b"celery@" in read(
                f"{self.flower}/workers?json=1"
            )
        except OSError:
            return False


def carried(process: psutil.Process) -> str:
    """The command and CTC_LOCAL of a process; empty if it has ended."""
    try:
        return " ".join([*process.cmdline(), process.environ().get("CTC_LOCAL", "")])
    except psutil.Error:
        return ""


def read(url: str) -> bytes:
    """The content of a page."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


def free_port() -> int:
    """A port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Wait until `holds` is true. Return False after `seconds`."""
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all tests, empty for the first. The next ones find its data, so they need not migrate."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture
def up(folder: Path) -> Iterator[Up]:
    """An `up` that is stopped after the test."""
    made = Up(folder)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    made.down()


def test_everything_runs_and_is_gone_after_ctrl_c(up: Up) -> None:
    process = up.start()

    assert within(300, up.is_up), up.output.read_text()
    said = up.output.read_text()
    for role, email, password in demo.SIGN_INS:
        assert f"{email}   {password}" in said, role
    assert f"{up.web}/mailbox/" in said
    # One deadline of the demonstration has passed already, and its email came over SMTP.
    assert within(60, lambda: b"<time" in read(f"{up.web}/mailbox/")), up.output.read_text()
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0, up.output.read_text()
    assert "Traceback" not in up.output.read_text()
    assert up.processes() == []


@pytest.mark.long
def test_down_ends_what_a_hard_kill_left(up: Up) -> None:
    process = up.start()
    assert within(300, up.is_up), up.output.read_text()

    process.kill()
    process.wait()
    assert read(f"{up.web}/healthz")
    up.down()

    assert up.processes() == []


@pytest.mark.long
def test_everything_ends_when_one_process_does(up: Up) -> None:
    process = up.start()
    assert within(300, up.is_up), up.output.read_text()

    (beat,) = [found for pid in up.processes() if " beat " in carried(found := psutil.Process(pid))]
    beat.kill()

    assert process.wait(60) == 1
    assert "A process ended by itself" in up.output.read_text()
    assert up.processes() == []
