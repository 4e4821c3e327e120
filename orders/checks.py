"""System check of the rulebook.

It runs with `manage.py check --deploy` only, because it reads every rule and every scenario.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from orders.rules import loading, scenarios


def check_rulebook(**_options: Any) -> list[CheckMessage]:
    """Check the form of every rule file (sources, rising dates, known events), and that rules have scenarios.

    Scenarios are a part of the tests. Without installed tests they are not required.
    """
    try:
        book = loading.load()
    except loading.RulebookError as error:
        return [Error(str(error), id="orders.E001")]
    folder = settings.BASE_DIR / "tests" / "scenarios"
    if not folder.is_dir():
        return []
    pinned = {
        expected["deadline"]
        for scenario in scenarios.load(folder)
        for expected in scenario.expectations
        if "deadline" in expected
    }
    return [
        Error(
            f"{rule.id} has no scenario.",
            hint=f"Write at least three in tests/scenarios/{rule.jurisdiction}/.",
            id="orders.E002",
        )
        for rule in book.rules
        if not pinned & {rule.id, rule.part_of}
    ]
