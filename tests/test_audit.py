"""The audit of dependencies fails on a known vulnerability, and prints it when it could not run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script, two lock files, and an environment."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("django==5.2\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def audit(clone: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run the audit with that pip-audit."""
    program = clone / ".venv" / "bin" / "pip-audit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return subprocess.run([clone / ".ci" / "audit"], capture_output=True, text=True, check=False, timeout=60)


def answer(*vulnerabilities: dict[str, object]) -> str:
    """What pip-audit prints about one package."""
    found = json.dumps({"dependencies": [{"name": "django", "version": "5.2", "vulns": vulnerabilities}]})
    return f"echo '{found}'; exit {int(bool(vulnerabilities))}"


def test_a_known_vulnerability_fails(clone: Path) -> None:
    done = audit(clone, answer({"id": "PYSEC-2026-1", "fix_versions": ["5.2.1"]}))

    assert done.returncode == 1
    assert "django 5.2 has PYSEC-2026-1; fixed in 5.2.1." in done.stdout


def test_without_one_it_passes(clone: Path) -> None:
    done = audit(clone, answer())

    assert done.returncode == 0
    assert done.stdout.count("1 packages have no known vulnerability") == 2


def test_a_listed_one_is_left_out_by_its_id(clone: Path) -> None:
    with (clone / ".ci" / "advisories.txt").open("a") as listed:
        listed.write("PYSEC-2026-1 only in a form that we do not use\n")

    done = audit(clone, 'echo "$@" >&2; printf "%s\\n" "$@" > words; ' + answer())

    assert done.returncode == 0, done.stderr
    words = (clone / "words").read_text().splitlines()
    assert words[-2:] == ["--ignore-vuln", "PYSEC-2026-1"]


#: What pip-audit prints where the index answers without advisories.
UNKNOWN = json.dumps({"dependencies": [{"name": "django", "skip_reason": "not found"}]})


@pytest.mark.parametrize(
    "script", ["echo no connection >&2; exit 1", "exit 127", "echo '{}'", f"echo '{UNKNOWN}'"]
)
def test_without_the_database_it_prints_that_it_did_not_run(clone: Path, script: str) -> None:
    done = audit(clone, script)

    assert done.returncode == 0
    assert done.stdout.count("DID NOT RUN") == 2


def test_a_missing_program_is_no_silent_pass(clone: Path) -> None:
    done = subprocess.run([clone / ".ci" / "audit"], capture_output=True, text=True, check=False, timeout=60)

    assert "DID NOT RUN" in done.stdout


def test_ci_runs_it() -> None:
    assert "\t@.ci/audit $(VENV)\n" in (ROOT / "Makefile").read_text()
