"""The system as real processes on their own database, to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.ledger import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

#: `make faults` runs nothing beside a test.
PATIENCE = 1 if os.environ.get("CTC_FAULTS") == "full" else 4

#: Threads of each worker; its pulse sends too.
THREADS = 4
QUEUES = "pulse,drain.email,drain.webhook,bulk"
WORKER = ["celery", "-A", "ctcompliance", "worker", "-P", "threads", "-c", str(THREADS)]


@dataclass(frozen=True)
class Forked:
    """A forked process, and the file in which it writes that it is at its point."""

    process: psutil.Process
    mouth: Path

    def word(self) -> str:
        """`here` or `done`, once it has written that."""
        wait_for("the forked process", self.mouth.exists, 60)
        return self.mouth.read_text(encoding="utf-8")

    def killed(self) -> None:
        """Kill the process at its point."""
        assert self.word() == "here"
        kill(self.process)


class Stack:
    """Web, workers and beat below one folder. What they send goes to ledgers.

    `root`: the folder of the code; tests of upgrades run that of an earlier version.
    """

    def __init__(self, folder: Path, more: Mapping[str, str], root: Path = ROOT) -> None:
        self.folder = folder
        self.root = root
        self.web_port = free_port()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
        } | {
            "CTC_LOCAL": str(folder / "local"),
            "CTC_BASE_URL": f"http://127.0.0.1:{self.web_port}",
        }
        self.environment |= more
        #: The email provider of the processes that are started from now on.
        self.email = "resend"
        self._running: list[psutil.Process] = []
        self._director: subprocess.Popen[str] | None = None
        self._logs: list[Path] = []

    def run(self, *arguments: str) -> str:
        """Run a Python command, which must succeed; return its output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def scenario(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Play a scenario and return its result. One process plays all, because starting one takes long."""
        if self._director is None:
            self._director = self._direct()
        stdin, stdout = self._director.stdin, self._director.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([name, *arguments]) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"no answer to {name}: {(self.folder / 'scenarios.log').read_text()[-3000:]}"
        answer: dict[str, Any] = json.loads(line)
        assert "failed" not in answer, f"{name}: {answer['failed']}"
        return answer

    def sender(self, point: str = "", *, worker: str = "stopped", channel: str = "email") -> Forked:
        """Fork a process that drains once, up to the point if given."""
        return self._forked("sender", point, worker, channel, self.email)

    def clerk(self, point: str, *, court: int, town: int) -> Forked:
        """Fork a process that enters an order, up to just before or after its COMMIT."""
        return self._forked("clerk", point, court, town)

    def _forked(self, name: str, *arguments: Any) -> Forked:
        mouth = self.folder / f"{name}-{time.monotonic_ns()}"
        process = psutil.Process(self.scenario(name, str(mouth), *arguments)["pid"])
        self._running.append(process)
        return Forked(process, mouth)

    def _direct(self) -> subprocess.Popen[str]:
        with (self.folder / "scenarios.log").open("wb") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "manage.py",
                    "shell",
                    "-v0",
                    "-c",
                    "from tests.faults import scenarios; scenarios.main()",
                ],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def start(self, *command: str) -> psutil.Popen:
        """Start a process of the system with its own log."""
        self._logs.append(self.folder / f"{time.monotonic_ns()}-{command[0]}.log")
        with self._logs[-1].open("wb") as log:
            process = psutil.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=self.root,
                env=self.environment | {"CTC_EMAIL_PROVIDERS": self.email},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._running.append(process)
        return process

    def worker(self, queues: str = QUEUES) -> psutil.Popen:
        """Start a worker of the thread pool, which runs pulses."""
        return self.start(*WORKER, "-Q", queues, "-n", f"w{time.monotonic_ns()}@localhost")

    def beat(self) -> psutil.Popen:
        """Start beat with its own schedule file."""
        return self.start(
            "celery", "-A", "ctcompliance", "beat", "-s", str(self.folder / f"beat{time.monotonic_ns()}")
        )

    def web(self) -> psutil.Popen:
        """Start a web server."""
        return self.start(
            "gunicorn", "ctcompliance.wsgi", "-b", f"127.0.0.1:{self.web_port}", "--threads", "2"
        )

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of the health page of deadlines; status 0 if no server answers."""
        url = f"http://127.0.0.1:{self.web_port}/healthz/deadlines"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def end(self) -> None:
        """End all processes, first by SIGTERM; the data stays."""
        running = [process for process in self._running if process.is_running()]
        for process in running:
            # A stopped process handles no other signal.
            process.send_signal(signal.SIGCONT)
            process.terminate()
        _, left = psutil.wait_procs(running, timeout=20)
        for process in left:
            kill(process)
        self._running.clear()
        self._logs.clear()

    def stop(self) -> None:
        """End all processes and the servers."""
        self.leave()
        self.run("manage.py", "down")

    def leave(self) -> None:
        """End all processes, also the one that plays scenarios. The servers go on."""
        self.end()
        if self._director is not None:
            self._director.communicate("", timeout=20)
            self._director = None

    def logs(self) -> str:
        """The ends of the logs of this test, shown if it fails."""
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in self._logs)


def kill(process: psutil.Process) -> None:
    """Send SIGKILL to a process and its children: no handler runs and no connection is closed properly."""
    victims = [*process.children(recursive=True), process]
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    psutil.wait_procs(victims, timeout=10)


def wait_for(what: str, ready: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    """Wait until `ready` is true, asked `every` that many seconds; fail with `what` after `seconds`.

    Where other tests run beside it, a test waits `PATIENCE` times as long before it fails.
    """
    end = time.monotonic() + PATIENCE * seconds
    while not ready():
        assert time.monotonic() < end, f"waited {PATIENCE * seconds} s for {what}"
        time.sleep(every)
