"""The system as real processes on a database of its own, to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

QUEUES = "tick,drain.email,drain.webhook,bulk"
WORKER = ["celery", "-A", "ctcompliance", "worker", "-P", "threads", "-c", "4", "-Q", QUEUES]


class Stack:
    """Web, workers and beats below one folder, with their mail going to one ledger."""

    def __init__(self, folder: Path, smtp_port: int, web_port: int, broker_url: str = "") -> None:
        self.folder = folder
        self.web_port = web_port
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
        } | {
            "CTC_LOCAL": str(folder / "local"),
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
            "CTC_BASE_URL": f"http://127.0.0.1:{web_port}",
        }
        if broker_url:
            self.environment["CELERY_BROKER_URL"] = broker_url
        self._running: list[psutil.Popen] = []
        self._logs = 0

    def run(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def scene(self, name: str, *arguments: int) -> dict[str, Any]:
        """What a scene answers."""
        call = f"import json; from tests.processes import scenes; print(json.dumps(scenes.{name}{arguments}))"
        found = self.run("manage.py", "shell", "-v0", "-c", call)
        answer: dict[str, Any] = json.loads(found)
        return answer

    def start(self, *command: str) -> psutil.Popen:
        """A process of the system, with a log of its own."""
        self._logs += 1
        log = (self.folder / f"{self._logs}-{command[0]}.log").open("wb")
        process = psutil.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        self._running.append(process)
        return process

    def worker(self) -> psutil.Popen:
        """A worker of the thread pool, with its own pulse."""
        return self.start(*WORKER, "-n", f"w{self._logs}@localhost")

    def beat(self) -> psutil.Popen:
        """A beat with a schedule file of its own."""
        return self.start(
            "celery", "-A", "ctcompliance", "beat", "-s", str(self.folder / f"beat{self._logs}")
        )

    def web(self) -> psutil.Popen:
        """A web server."""
        return self.start(
            "gunicorn", "ctcompliance.wsgi", "-b", f"127.0.0.1:{self.web_port}", "--threads", "2"
        )

    def health(self) -> tuple[int, dict[str, Any]]:
        """What the deadlines' health page says; 0 where nobody answers."""
        url = f"http://127.0.0.1:{self.web_port}/healthz/deadlines"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def stop(self) -> None:
        """Ends what runs, the gentle way first."""
        for process in self._running:
            if process.is_running():
                process.terminate()
        psutil.wait_procs(self._running, timeout=20)
        for process in self._running:
            if process.is_running():
                kill(process)
        self.run("manage.py", "down")

    def logs(self) -> str:
        """The ends of all logs, for a failed test to show."""
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}"
            for log in sorted(self.folder.glob("*.log"))
        )


def kill(process: psutil.Popen) -> None:
    """SIGKILL for a process and its children: no handler runs, no connection is closed with a word."""
    victims = [*process.children(recursive=True), process]
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    psutil.wait_procs(victims, timeout=10)


def wait_for(what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Returns once `ready` is true; fails with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.2)
