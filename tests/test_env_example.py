""".env.example names every setting, and its defaults are those of the code."""

from __future__ import annotations

import re

from ctcompliance import settings
from tests.production import NEEDED, ROOT, settings_under

TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
LINES = re.findall(r'^(#?)([A-Z][A-Z_]+)="?(.*?)"?$', TEXT, re.MULTILINE)
#: Variables of docker-compose.yml that the settings do not read.
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "BROKER_PASSWORD", "FLOWER_BASIC_AUTH"}


def test_every_setting_is_named_once() -> None:
    names = [name for _, name, _ in LINES]

    assert len(names) == len(set(names))
    assert set(names) - COMPOSE_ONLY == set(settings.env.dump())


def test_the_defaults_are_those_of_the_settings() -> None:
    defaults = {name: value for mark, name, value in LINES if mark and name != "CTC_LOCAL"}

    assert len(defaults) > 25
    assert settings_under(NEEDED) == settings_under(NEEDED | defaults)


def test_a_copy_is_not_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert ".env" in ignored
