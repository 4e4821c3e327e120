"""Search the files that git knows for secrets: `python -m tests.secret_scan`, a part of `make check`.

Files of the product are searched for every kind of secret, also for what only looks like a password. Tests
are full of invented passwords, so there only the forms of real keys count: private keys, and tokens of known
services. What is found and is no secret is in `secret_scan.toml`, each with its reason.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from detect_secrets.core.plugins import initialize
from detect_secrets.core.scan import scan_file
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "tests" / "secret_scan.toml"
#: Files that hold digests or pictures, or that a command writes from other files.
LEFT_OUT = (
    ".lock",
    ".mo",
    ".png",
    ".svg",
    ".ico",
    ".woff2",
    "docs/openapi.yaml",
    "docs/law-coverage.md",
    "secret_scan.toml",
)
LEFT_OUT_FOLDERS = ("docs/rulebook/", "tests/scenarios/")
#: Kinds that have a form of their own.
FORMS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
#: Kinds that only look like one.
LOOKS = ("BasicAuthDetector", "KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString")
_LIMITS = {"Base64HighEntropyString": 4.5, "HexHighEntropyString": 3.0}
#: What the library leaves out by itself: placeholders, names of variables, sequences.
_FILTERS = (
    "is_sequential_string",
    "is_potential_uuid",
    "is_templated_secret",
    "is_indirect_reference",
    "is_not_alphanumeric_string",
)


class Hit(NamedTuple):
    """What may be a secret: its place and its kind. The text itself is not printed."""

    file: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}"


def main() -> int:
    """Return 1 if something is found that is not listed, or if something is listed that is not found."""
    hits = list(search(files()))
    allowed = read_allowed()
    unknown = [hit for hit in hits if (hit.file, hit.text) not in allowed]
    stale = set(allowed) - {(hit.file, hit.text) for hit in hits}
    for hit in unknown:
        sys.stdout.write(f"{hit}\n")
    for file, _ in sorted(stale):
        sys.stdout.write(f"{file}: tests/secret_scan.toml lists a text that is not found there.\n")
    if unknown:
        sys.stdout.write(
            "If it is a secret, revoke it: git keeps it forever. If not, list it with its reason in "
            "tests/secret_scan.toml.\n"
        )
    return int(bool(unknown or stale))


def files() -> list[str]:
    """The files that git knows, without those left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if not name.endswith(LEFT_OUT) and not name.startswith(LEFT_OUT_FOLDERS) and (ROOT / name).is_file()
    ]


def search(names: Sequence[str], root: Path = ROOT) -> Iterator[Hit]:
    """Yield what may be a secret in the files."""
    product = [name for name in names if not name.startswith("tests/")]
    for kinds, some in ((FORMS, names), (LOOKS, product)):
        plugins = [{"name": kind} | ({"limit": _LIMITS[kind]} if kind in _LIMITS else {}) for kind in kinds]
        filters = [{"path": f"detect_secrets.filters.heuristic.{name}"} for name in _FILTERS]
        with transient_settings({"plugins_used": plugins, "filters_used": filters}):
            shaped: list[BasePlugin] = []
            if kinds is FORMS:
                shaped = [initialize.from_plugin_classname(kind) for kind in kinds]
            for name in some:
                # Line by line takes long, so a file is first searched as a whole for real keys.
                if shaped and not _has_one((root / name).read_text(encoding="utf-8"), shaped):
                    continue
                for found in scan_file(str(root / name)):
                    yield Hit(name, found.line_number, found.type, found.secret_value or "")


def _has_one(text: str, shaped: Sequence[BasePlugin]) -> bool:
    return any(True for plugin in shaped for _ in plugin.analyze_string(text))


def read_allowed() -> dict[tuple[str, str], str]:
    """The listed texts by file, with the reason. Raises `ValueError` for one without a reason."""
    rows = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))["allowed"]
    if bare := [row["file"] for row in rows if not row.get("why")]:
        raise ValueError(f"tests/secret_scan.toml: {bare} have no reason")
    return {(row["file"], row["text"]): row["why"] for row in rows}


if __name__ == "__main__":
    sys.exit(main())
