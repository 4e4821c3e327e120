"""What `manage.py check --deploy` asks of the rulebook.

With `--deploy` only: it reads every rule and every worked example, which no other command should wait for.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from orders.rules import rulebook, scenarios


@register(deploy=True)
def rulebook_stands(**_options: Any) -> list[CheckMessage]:
    """Every rule file is of its form (sources, dates that rise, known events), and every rule has a scenario.

    Scenarios stand beside the tests; where those are not installed, they are not asked for.
    """
    try:
        book = rulebook.load()
    except rulebook.RulebookError as error:
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
            hint=f"Write at least three below tests/scenarios/{rule.jurisdiction}/.",
            id="orders.E002",
        )
        for rule in book.rules
        if not pinned & {rule.id, rule.part_of}
    ]
