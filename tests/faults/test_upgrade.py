"""A rolling upgrade: processes of an earlier version go on beside a database that was upgraded.

The earlier version is the commit that CTC_UPGRADE_FROM names, else the newest tag, else the commit before the
first migration that an installation can meet with rows in its tables. Its code runs with today's packages.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import Broker, Outside, full_only
from tests.faults.stack import ROOT, Stack, wait_for
from tests.test_migrations import BEFORE_FIRST_INSTALLATION

#: Orders that come due in each part.
DUE = 20


def git(*words: str) -> str:
    """The output of a git command; empty if it fails."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def new_migrations(names: str) -> list[str]:
    """Those of the paths that an installation can meet with rows in its tables."""
    found = re.findall(r"^((accounts|notifications|orders)/migrations/(\d{4})_\w+\.py)$", names, re.MULTILINE)
    return sorted(path for path, app, number in found if number > BEFORE_FIRST_INSTALLATION[app])


def earlier_commit() -> str:
    """The commit to upgrade from. Without tags and new migrations it is the one of today."""
    if named := os.environ.get("CTC_UPGRADE_FROM") or git("describe", "--tags", "--abbrev=0"):
        return git("rev-parse", "--verify", f"{named}^{{commit}}")
    first = ""
    if added := new_migrations(git("ls-files")):
        first = git("log", "--diff-filter=A", "--format=%H", "--reverse", "--", *added).partition("\n")[0]
    return git("rev-parse", f"{first}^") if first else git("rev-parse", "HEAD")


@dataclass
class Versions:
    """The same servers and data with the code of an earlier version, and with that of today."""

    commit: str
    earlier: Stack
    today: Stack


@pytest.fixture
def versions(
    tmp_path: Path, provider: tuple[Outside, int], broker: Broker, outside: Outside
) -> Iterator[Versions]:
    commit = earlier_commit()
    names = git("ls-tree", "-r", "--name-only", commit)
    for app, number in BEFORE_FIRST_INSTALLATION.items():
        if not re.search(rf"^{app}/migrations/{number}_", names, re.MULTILINE):
            pytest.skip(f"{commit[:9]} is older than the first version from which an upgrade is promised")
    root = tmp_path / "earlier"
    root.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract"], cwd=root, input=archive, check=True)
    outside.behave()
    broker.start()
    more = outside.environment() | {
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
        "EMAIL_URL": f"smtp://127.0.0.1:{provider[1]}",
    }
    folders = [tmp_path / "stack-earlier", tmp_path / "stack-today"]
    for folder in folders:
        folder.mkdir()
    # The servers and the data of both are the same.
    more["CTC_LOCAL"] = str(tmp_path / "local")
    found = Versions(commit, Stack(folders[0], more, root), Stack(folders[1], more))
    yield found
    sys.stdout.write(found.earlier.logs() + found.today.logs())
    found.earlier.leave()
    found.today.stop()


def arrive(stack: Stack, court: int) -> None:
    """Wait until each check of the court was sent."""
    wait_for("all alerts", lambda: stack.scenario("states", court) == {"ACCEPTED": DUE}, 120)


def due(stack: Stack) -> int:
    """Let that version enter orders that come due in some seconds; return their court."""
    return int(stack.scenario("due", DUE, 5)["court"])


@pytest.mark.processes
@pytest.mark.timeout(900)
@full_only
def test_old_processes_go_on_beside_new_ones(versions: Versions, outside: Outside) -> None:
    earlier, today = versions.earlier, versions.today
    earlier.run("manage.py", "prepare")
    earlier.web()
    worker = earlier.worker()
    wait_for("the pulse of the earlier version", lambda: earlier.health()[0] == 200, 90)
    arrive(earlier, due(earlier))

    # Step 3 of docs/upgrade.md, while the earlier version runs.
    waiting = int(earlier.scenario("due", DUE, 45)["court"])
    today.run("manage.py", "prepare")

    # The old web process answers, and the old worker alone fires what was entered before and is entered now.
    assert earlier.health()[0] == 200
    arrive(earlier, due(earlier))
    arrive(earlier, waiting)
    assert earlier.scenario("findings") == {"codes": []}

    # Both versions run: whichever fires, all is sent once.
    today.worker()
    today.web()
    courts = [due(earlier), due(today)]
    arrive(earlier, courts[1])
    arrive(today, courts[0])
    wait_for("the health page of today's version", lambda: today.health()[0] == 200, 90)

    # Step back: today's processes end, and the earlier ones go on with the newer schema.
    today.end()
    arrive(earlier, due(earlier))
    worker.terminate()

    keys = [key for key, _ in outside.runs()]
    assert len(keys) == len(set(keys)), "each message once"


def test_the_earlier_version_has_fewer_migrations_or_is_of_today() -> None:
    if not git("rev-parse", "HEAD"):
        pytest.skip("the history of the project is not here")
    commit = earlier_commit()

    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    before, now = (
        set(re.findall(r"\w+/migrations/\d{4}_\w+\.py", git("ls-tree", "-r", "--name-only", one)))
        for one in (commit, "HEAD")
    )
    assert before <= now, "a released migration is never removed"
