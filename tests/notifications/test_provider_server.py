"""The test provider: it keeps its records after a kill, and follows its control file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings as project
from pytest_django import Settings

from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Message, SendStatus
from tests.ledger import free_port
from tests.provider import Provider, running

ONE = Message(key="1", address="officer@orders.example", subject="A notice", body="A notice is waiting.")
BODY = json.dumps({"to": ["officer@orders.example"]}).encode()


def answer() -> SendStatus:
    return next(ResendChannel().send([ONE])).status


def test_keys_outlive_the_provider_and_can_be_forgotten(provider: Provider, settings: Settings) -> None:
    assert answer() is SendStatus.ACCEPTED

    with running(provider.file) as again:
        settings.RESEND = settings.RESEND | {"URL": again.url}
        assert answer() is SendStatus.ACCEPTED
        assert len(again.effects()) == 1
        again.keeps_keys = False
        assert answer() is SendStatus.ACCEPTED
        assert len(again.effects()) == 2


@pytest.mark.usefixtures("provider")
def test_a_separate_process_is_controlled_by_a_file_and_records_before_it_responds(
    tmp_path: Path, settings: Settings
) -> None:
    port, ledger, control = free_port(), tmp_path / "calls.jsonl", tmp_path / "control.json"
    control.write_text(json.dumps({"next": [{"status": 429}], "always": {"hang": 60}}))
    settings.RESEND = settings.RESEND | {"URL": f"http://127.0.0.1:{port}"}
    words = ["-m", "tests.provider", "--port", str(port), "--ledger", str(ledger), "--control", str(control)]
    process = subprocess.Popen([sys.executable, *words], cwd=project.BASE_DIR)
    try:
        until = time.monotonic() + 20
        while answer() is SendStatus.UNREACHABLE and time.monotonic() < until:
            time.sleep(0.05)
        with pytest.raises(TimeoutError):
            urlopen(f"http://127.0.0.1:{port}/emails", BODY, timeout=0.5)
    finally:
        process.kill()
        process.wait()

    known = Provider(ledger)
    assert [one["key"] for one in known.calls()] == ["1", ""]
    assert [one["key"] for one in known.effects()] == [""]
