"""What production cannot start without: a mail server, and a broker that asks for a password."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from tests.production import NEEDED, run_in


def _loaded(**variables: str) -> subprocess.CompletedProcess[str]:
    without = {name: value for name, value in NEEDED.items() if name != "EMAIL_URL"}
    return run_in({"PATH": os.environ["PATH"], **without, **variables}, "from ctcompliance import settings")


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"EMAIL_URL": ""},
        {"EMAIL_URL": "smtp:"},
        {"EMAIL_URL": "smtp+tls://mail.example"},
        {"EMAIL_URL": "dummy:"},
        {"EMAIL_URL": "console:"},
        {"EMAIL_URL": "smtp://"},
    ],
)
def test_without_a_mail_server_nothing_starts(variables: dict[str, str]) -> None:
    done = _loaded(**variables)

    assert done.returncode == 1
    assert "EMAIL_URL: missing, or not a mail server" in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"EMAIL_URL": "submission://user:password@mail.example:587"},
        {"EMAIL_URL": "smtp://mail.example:465/?ssl=True"},
        {"EMAIL_URL": "smtp://user:password@[2001:db8::25]:25"},
        {
            "CTC_EMAIL_PROVIDERS": "resend",
            "CTC_RESEND_API_KEY": "re_key",
            "CTC_RESEND_SIGNING_SECRET": "whsec_0123456789abcdefghij",
        },
    ],
)
def test_with_one_way_to_send_mail_it_starts(variables: dict[str, str]) -> None:
    done = _loaded(**variables)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://broker:6379/0", ["ctcompliance.W001"]),
        ("redis://10.0.0.7/0", ["ctcompliance.W001"]),
        ("amqp://user@broker//", ["ctcompliance.W001"]),
        ("redis://:secret@broker:6379/0", []),
        ("amqp://user:secret@broker//", []),
        ("redis://127.0.0.1:6379/0", []),
        ("redis://[::1]:6379/0", []),
        ("redis://localhost/0", []),
        ("redis+socket:///run/valkey.sock", []),
    ],
)
def test_a_broker_on_the_network_asks_for_a_password(url: str, found: list[str], settings: Settings) -> None:
    settings.CELERY_BROKER_URL = url

    messages = run_checks(include_deployment_checks=True)

    assert [str(one.id) for one in messages if str(one.id).startswith("ctcompliance.")] == found


@pytest.mark.parametrize(
    ("broker", "arguments"),
    [
        ("amqp://u:p@rabbit.example//", {"x-queue-type": "quorum"}),
        ("amqps://u:p@rabbit.example//", {"x-queue-type": "quorum"}),
        ("redis://:p@broker.example:6379/0", None),
    ],
)
def test_queues_of_rabbitmq_have_a_copy_on_several_nodes(
    broker: str, arguments: dict[str, str] | None
) -> None:
    code = "from ctcompliance.celery import app; print([one.queue_arguments for one in app.conf.task_queues])"

    done = run_in({"PATH": os.environ["PATH"], **NEEDED, "CELERY_BROKER_URL": broker}, code)

    assert done.stdout.strip() == str([arguments] * 4), done.stderr
