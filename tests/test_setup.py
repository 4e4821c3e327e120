"""`make setup`: which Python it takes, and when it installs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
#: A fake Python 3.12: it makes environments of itself, and its pip installs nothing.
STAND_IN = f"""
case "$1 $2" in
    "-c "*) echo 3.12 ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip") ;;
    *) exec {sys.executable} "$@" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the two scripts, an empty lock, and a `bin` that comes first on the path."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "requirements-dev.lock").write_text("# Nothing\n")
    (tmp_path / "bin").mkdir()
    return tmp_path


def command(path: Path, script: str) -> Path:
    """A command with that shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def run(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts with the commands of `bin` and the system, without pyenv."""
    environment = {**os.environ, "PATH": f"{clone / 'bin'}:/usr/bin:/bin", "PYENV_ROOT": str(clone / "pyenv")}
    return subprocess.run(
        words, cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=200
    )


def without_the_systems(clone: Path) -> None:
    """No Python of the system answers."""
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"):
        command(clone / "bin" / name, "exit 127")


def test_ci_runs_the_command_that_the_readme_names() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))

    assert script[-1] == "make ci"
    assert "\nmake ci " in (ROOT / "README.md").read_text(encoding="utf-8")
    assert workflow["jobs"]["ci"]["steps"][-1] == {"run": "bash .ci/run"}


def test_help_has_a_sentence_for_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert phony
    assert re.findall(r"^make ([a-z0-9-]+) +[A-Z].*$", listed, re.MULTILINE) == phony[1].split()


def test_the_newest_python_that_runs_is_taken(clone: Path) -> None:
    without_the_systems(clone)
    command(clone / "bin" / "python3.13", "echo 3.13")
    command(clone / "bin" / "python3.12", "echo 3.12")

    assert run(clone, ".ci/python").stdout == f"{clone}/bin/python3.13\n"
    assert run(clone, ".ci/python", "3.13").stdout == f"{clone}/bin/python3.12\n"


def test_python3_is_taken_when_its_version_fits(clone: Path) -> None:
    without_the_systems(clone)
    command(clone / "bin" / "python3", "echo 3.12")

    assert run(clone, ".ci/python").stdout == f"{clone}/bin/python3\n"
    command(clone / "bin" / "python3", "echo 3.10")
    assert run(clone, ".ci/python").returncode == 1


def test_a_python_of_pyenv_that_is_not_on_the_path_is_found(clone: Path) -> None:
    without_the_systems(clone)
    found = command(clone / "pyenv" / "versions" / "3.12.4" / "bin" / "python3", "echo 3.12")

    assert run(clone, ".ci/python").stdout == f"{found}\n"


def test_one_sentence_is_printed_when_there_is_no_python(clone: Path) -> None:
    without_the_systems(clone)

    done = run(clone, ".ci/setup", ".venv")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("No Python from 3.11 to 3.14 ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 127", "PYTHON=bin/asked does not run. Name another Python from 3.11 to 3.14"),
        ("echo 3.10", "PYTHON=bin/asked is Python 3.10. Name one from 3.11 to 3.14"),
    ],
)
def test_a_python_that_does_not_fit_is_refused(clone: Path, script: str, sentence: str) -> None:
    command(clone / "bin" / "asked", script)

    done = run(clone, ".ci/setup", ".venv", "bin/asked")

    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (clone / ".venv").exists()


def test_it_installs_once_and_again_only_for_another_lock_or_place(clone: Path) -> None:
    command(clone / "bin" / "asked", STAND_IN)
    first = run(clone, ".ci/setup", ".venv", "bin/asked")
    assert "Making .venv with Python 3.12 (bin/asked)" in first.stdout, first.stderr
    assert "Installing what requirements-dev.lock names" in first.stdout

    # As after `git clone` or `git checkout`: the same text with a new time.
    os.utime(clone / "requirements-dev.lock")
    assert run(clone, ".ci/setup", ".venv").stdout == ""
    assert run(clone, ".ci/setup", ".venv", "bin/asked").stdout == ""

    (clone / "requirements-dev.lock").write_text("# Nothing else\n")
    again = run(clone, ".ci/setup", ".venv").stdout
    assert again.startswith("Installing what requirements-dev.lock names")
    assert "Making" not in again

    # The commands of a copied environment name the folder that it was made in.
    shutil.copytree(clone / ".venv", clone / "copied")
    assert "Installing" in run(clone, ".ci/setup", "copied").stdout


def test_an_installation_that_failed_is_begun_again(clone: Path) -> None:
    command(clone / "bin" / "asked", STAND_IN.replace('"-m pip")', '"-m pip") exit 1'))

    assert run(clone, ".ci/setup", ".venv", "bin/asked").returncode == 1
    command(clone / ".venv" / "bin" / "python", STAND_IN)
    assert "Installing" in run(clone, ".ci/setup", ".venv").stdout


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("echo 3.14", "Building .venv again: it has Python 3.14, and Python 3.12 is asked for."),
        ("exit 127", "Building .venv again: its Python does not run."),
    ],
)
def test_an_environment_of_another_python_is_built_again(clone: Path, before: str, sentence: str) -> None:
    command(clone / "bin" / "asked", STAND_IN)
    command(clone / ".venv" / "bin" / "python", before)
    (clone / ".venv" / "left").touch()

    assert sentence in run(clone, ".ci/setup", ".venv", "bin/asked").stdout
    assert not (clone / ".venv" / "left").exists()
