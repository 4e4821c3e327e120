"""What a person reads when the machine refuses: one sentence that names the remedy, and no password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "letters4nd5digits"

#: Without the servers that the tests themselves may have been given.
BARE = {
    name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
}
#: Nothing listens on port 1.
UNREACHABLE = {
    "DATABASE_URL": f"postgresql://somebody:{PASSWORD}@127.0.0.1:1/orders",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "DJANGO_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "CTC_BASE_URL": "https://orders.example",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}


def refusal(*command: str, **environment: str) -> str:
    """The only line that the command writes on standard error before it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode not in {0, -9}
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.cut(4)
@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["prepare"],
        ["showmigrations"],
        ["check", "--database", "default"],
        ["fire", "--json"],
        ["compliance_report", "--as-of", "2026-01-01T00:00:00Z", "--json"],
        ["import_por", "tests", "--json"],
        ["explain", "1"],
        ["who_saw", "1", "--json"],
        ["verify_audit", "--json"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_reports_an_unreachable_database(command: list[str]) -> None:
    printed = refusal(*command, **UNREACHABLE)

    assert "127.0.0.1:1" in printed
    assert "refused" in printed
    assert "DATABASE_URL" in printed


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("mysql://somebody:{}@host/orders", "not a PostgreSQL URL"),
        ("postgresql://somebody:{}@host:port/orders", "DATABASE_URL"),
        ("{}", "DATABASE_URL"),
    ],
)
def test_address_of_a_wrong_form_is_refused(url: str, printed: str) -> None:
    assert printed in refusal("migrate", **{**UNREACHABLE, "DATABASE_URL": url.format(PASSWORD)})


def test_missing_secret_is_named() -> None:
    assert "DJANGO_SECRET_KEY" in refusal("migrate", **{**UNREACHABLE, "DJANGO_SECRET_KEY": ""})


@pytest.mark.cut(2)
@pytest.mark.parametrize("command", ["migrate", "up"])
def test_folder_that_cannot_be_written_is_named(command: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    printed = refusal(command, CTC_LOCAL=str(file / "local"))

    assert f"{file}/local is not writable" in printed
    assert "CTC_LOCAL" in printed


@pytest.mark.cut(3)
@pytest.mark.parametrize("variable", ["CTC_WEB_PORT", "CTC_SMTP_PORT", "CTC_FLOWER_PORT"])
def test_taken_port_is_named_with_what_moves_it(variable: str, tmp_path: Path, taken: int) -> None:
    free = {"CTC_WEB_PORT": "0", "CTC_SMTP_PORT": "0", "CTC_FLOWER_PORT": "0"}

    printed = refusal("up", CTC_LOCAL=str(tmp_path / "local"), **{**free, variable: str(taken)})

    assert f"port {taken}" in printed
    assert variable in printed


@pytest.mark.cut(2)
@pytest.mark.parametrize("number", ["none", "99999"])
def test_invalid_port_is_named(number: str, tmp_path: Path) -> None:
    assert "CTC_WEB_PORT" in refusal("up", CTC_LOCAL=str(tmp_path / "local"), CTC_WEB_PORT=number)


def test_demonstration_is_refused_when_a_database_is_named() -> None:
    assert "DATABASE_URL" in refusal("up", **UNREACHABLE)
