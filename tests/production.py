"""The environment of production, for tests that load the settings in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctcompliance import settings

ROOT = Path(settings.BASE_DIR)
#: What the settings need beside a `DATABASE_URL`, and no more.
NEEDED = {
    "DATABASE_URL": "postgresql://u:p@h/n",
    "DJANGO_SECRET_KEY": "k",
    "CTC_BASE_URL": "https://a",
    "EMAIL_URL": "smtp://h",
}
_PRINT = (
    "import json; from ctcompliance import settings; "
    "print(json.dumps({n: getattr(settings, n) for n in dir(settings) if n.isupper()}, default=str))"
)


def run_in(environment: Mapping[str, str], code: str) -> subprocess.CompletedProcess[str]:
    """Run the code in the project's folder, with these variables alone."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def settings_under(environment: Mapping[str, str]) -> Any:
    """Every setting, under these variables."""
    done = run_in(environment, _PRINT)
    done.check_returncode()
    return json.loads(done.stdout)
