"""The project's settings, for tests: the embedded servers of the tests are not those of `make up`."""

from __future__ import annotations

import os
from pathlib import Path

# Before the settings read it. Processes that tests start inherit it.
os.environ.setdefault("CTC_LOCAL", str(Path(__file__).resolve().parent.parent / ".local" / "test"))

from ctcompliance.settings import *  # noqa: F403 - as Django documents it
from ctcompliance.settings import PASSWORD_HASHERS as SLOW_HASHERS

#: A password that no attacker will ever see need not take a tenth of a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *SLOW_HASHERS]
