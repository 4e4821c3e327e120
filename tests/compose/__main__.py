"""Run docker-compose.yml as it is, on substitutes of its images, and break its parts: `make compose-test`.

The whole set becomes healthy; orders come due; their alerts arrive in the mailbox, while one of two workers
is killed, the broker is restarted and the database is restarted. Nothing is lost, and no message comes twice
without a mark. It ends by itself within CTC_COMPOSE_MINUTES (30 if not set).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.compose.engine import PACKAGES, ROOT, Engine, build_all, missing
from tests.faults.stack import wait_for

#: Orders in each part of the test.
ORDERS = 20
#: Services that must report that they are healthy. `prepare` ends.
HEALTHY = ("database", "broker", "web", "worker", "pulse", "beat", "flower", "mail")
_HOST = "127.0.0.1"


def step(text: str) -> None:
    """Print what happens now, with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Composed:
    """The services of docker-compose.yml, with their settings in a file of variables."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.variables = folder / "variables"
        named = ("POSTGRES_PASSWORD", "CTC_APP_PASSWORD", "BROKER_PASSWORD")
        words = {name: secrets.token_hex(24) for name in named}
        self.variables.write_text(
            "\n".join(
                f"{name}={value}"
                for name, value in {
                    **words,
                    "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
                    "DJANGO_ALLOWED_HOSTS": "orders.example",
                    "CTC_BASE_URL": "https://orders.example",
                    "CTC_FROM_EMAIL": "notices@orders.example",
                    "EMAIL_URL": "smtp://mail:1025",
                    "FLOWER_BASIC_AUTH": f"flower:{secrets.token_hex(12)}",
                }.items()
            )
            + "\n"
        )

    def do(self, *words: str, seconds: float = 300) -> str:
        """Run docker-compose with the words."""
        options = ["--project-name", "ctctest", "--env-file", str(self.variables), "--profile", "trial"]
        return self.engine.run("docker-compose", *options, *words, seconds=seconds)

    def containers(self, service: str) -> list[str]:
        """The ids of the service's running containers."""
        return self.do("ps", "--quiet", service).split()

    def health(self) -> dict[str, list[str]]:
        """The state of health of each container, by service."""
        found = {}
        for service in HEALTHY:
            ids = self.containers(service)
            shown = (
                self.engine.run("docker", "inspect", "--format={{.State.Health.Status}}", *ids) if ids else ""
            )
            found[service] = shown.split()
        return found

    def is_green(self) -> bool:
        """True if every container is healthy, with two workers, and /healthz/deadlines answers 200."""
        found = self.health()
        return (
            all(states and set(states) == {"healthy"} for states in found.values())
            and len(found["worker"]) == 2
            and self.deadlines()[0] == 200
        )

    def deadlines(self) -> tuple[int, str]:
        """Status and body of the health page, through the published port."""
        asked = urllib.request.Request(
            f"http://{_HOST}:8000/healthz/deadlines", headers={"Host": "orders.example"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, type(error).__name__

    def play(self, scenario: str, *numbers: int) -> dict[str, Any]:
        """Play a scenario in a container of the image, which has the tests of this project mounted."""
        arguments = ", ".join([repr(scenario), *map(str, numbers)])
        code = f"from tests.compose import scenario; scenario.main({arguments})"
        options = ["--rm", "--no-deps", "-T", "--volume", f"{ROOT / 'tests'}:/srv/tests:ro"]
        printed = self.do("run", *options, "worker", "python", "manage.py", "shell", "-v0", "-c", code)
        answer: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
        return answer

    def mailbox(self) -> list[str]:
        """The keys of the messages in the mailbox, each as often as it arrived."""
        with urllib.request.urlopen(f"http://{_HOST}:8025/messages", timeout=10) as answer:
            return [one["key"].strip("<>").partition("@")[0] for one in json.load(answer)]


def check(composed: Composed, courts: Sequence[int]) -> None:
    """Wait until each check of the courts arrived once, or twice with a mark. Raises AssertionError."""
    for court in courts:
        found: dict[str, Any] = {}

        def is_done(court: int = court, found: dict[str, Any] = found) -> bool:
            found |= composed.play("outcome", court)
            return (
                bool(found["states"]) and set(found["states"]) == {"ACCEPTED"} and found["overdue"] == ORDERS
            )

        wait_for(f"the alerts of court {court}", is_done, 180, 5)
        arrived = Counter(composed.mailbox())
        lost = [key for key in found["keys"] if not arrived[key]]
        doubled = [key for key in found["keys"] if arrived[key] > 1 and key not in found["doubtful"]]
        assert len(found["keys"]) == ORDERS, found
        assert not lost, f"{len(lost)} alerts are accepted and not in the mailbox"
        assert not doubled, f"{len(doubled)} alerts came twice without a mark"
        step(
            f"  {len(found['keys'])} of {ORDERS} alerts arrived, "
            f"{len(found['doubtful'])} marked as possible doubles"
        )


def break_it(composed: Composed) -> None:
    """Let orders come due while one part after the other is killed or restarted."""
    engine = composed.engine
    step("An order is served and comes due; its alert is in the mailbox")
    check(composed, [composed.play("enter", ORDERS, 15)["court"]])

    step("One of two workers is killed while alerts are sent")
    court = composed.play("enter", ORDERS, 15)["court"]
    time.sleep(10)
    victim = composed.containers("worker")[0]
    engine.run("docker", "kill", "--signal=KILL", victim)
    check(composed, [court])
    engine.run("docker", "start", victim)

    step("The broker is restarted")
    court = composed.play("enter", ORDERS, 20)["court"]
    composed.do("restart", "broker")
    check(composed, [court])

    step("The database is restarted while alerts come due")
    court = composed.play("enter", ORDERS, 15)["court"]
    composed.do("restart", "database")
    check(composed, [court])

    wait_for("green health after all of it", composed.is_green, 240, 5)
    step(f"Everything is healthy again: {composed.deadlines()[1]}")


def main() -> int:
    """Return 0 if everything held, 2 if no engine runs here."""
    if absent := missing():
        sys.stdout.write(
            f"The compose test did not run: {', '.join(absent)} not installed. "
            f"As root on Debian: apt-get install {' '.join(PACKAGES)}\n"
        )
        return 2
    signal.alarm(60 * int(os.environ.get("CTC_COMPOSE_MINUTES", "30")))
    local = Path(os.environ.get("CTC_LOCAL") or ROOT / ".local")
    engine = Engine((local / "compose").resolve())
    began = time.monotonic()
    step("Starting the engine")
    engine.start()
    try:
        step("Building the images that are missing")
        build_all(engine)
        with tempfile.TemporaryDirectory() as folder:
            composed = Composed(engine, Path(folder))
            composed.do("down", "--volumes", "--remove-orphans")
            try:
                step(f"docker-compose up, {time.monotonic() - began:.0f} s after the start")
                composed.do("up", "--detach", "--no-build", "--scale", "worker=2", seconds=400)
                wait_for("green health", composed.is_green, 300, 5)
                step(f"Every service is healthy, {time.monotonic() - began:.0f} s after the start")
                break_it(composed)
            except BaseException:
                sys.stdout.write(composed.do("ps") + composed.do("logs", "--no-color", "--tail=15"))
                raise
            finally:
                composed.do("down", "--volumes", "--remove-orphans")
    finally:
        engine.stop()
    step(f"The compose test passed in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
