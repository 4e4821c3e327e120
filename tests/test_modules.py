"""Every module can be imported on this version of Python."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import accounts
import ctcompliance
import guidance
import notifications
import orders

MODULES = sorted(
    module.name
    for package in (accounts, ctcompliance, guidance, notifications, orders)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_module_is_imported(name: str) -> None:
    assert import_module(name).__name__ == name


def test_all_modules_are_found() -> None:
    assert {"accounts.models", "ctcompliance.wsgi", "notifications.services", "orders.rules.plan"} <= set(
        MODULES
    )
