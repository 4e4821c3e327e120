"""One module imports from django-allauth's internal modules, and they work as the project expects."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from accounts import allauth_internals

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "ctcompliance", "guidance", "notifications", "orders")


def imported(path: Path) -> set[str]:
    """The modules of django-allauth that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        found |= {name for name in names if name.startswith("allauth.")}
    return found


def test_only_one_module_imports_internal_modules_of_allauth() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]

    assert len(files) > 100
    internal = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if any("internal" in name.split(".") for name in imported(path))
    }
    assert internal == {"accounts/allauth_internals.py"}


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (allauth_internals.record_authentication, ["request", "user", "method", "extra_data"]),
        (allauth_internals.compare_user_code, ["actual", "expected"]),
        (allauth_internals.hotp_value, ["secret", "counter"]),
        (allauth_internals.format_hotp_value, ["value"]),
        (allauth_internals.yield_hotp_counters_from_time, []),
        (allauth_internals.perform_passwordless_login, ["request", "authenticator", "login"]),
        (
            allauth_internals.jwtkit.verify_and_decode,
            ["credential", "keys_url", "issuer", "audience", "lookup_kid", "verify_signature"],
        ),
        (allauth_internals.jwtkit.lookup_kid_jwk, ["keys_data", "kid"]),
    ],
)
def test_an_internal_function_takes_what_the_project_passes(function: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


def test_codes_are_those_of_the_standard() -> None:
    """The test values of RFC 4226, appendix D, with six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    codes = [
        allauth_internals.format_hotp_value(allauth_internals.hotp_value(secret, step)) for step in range(3)
    ]
    assert codes == ["755224", "287082", "359152"]


def test_spaces_and_dashes_of_a_code_do_not_count() -> None:
    assert allauth_internals.compare_user_code(actual="755 224", expected="755224")
    assert not allauth_internals.compare_user_code(actual="755225", expected="755224")
