"""Colors of the site's pages meet WCAG 2.2, success criteria 1.4.3 and 1.4.11."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ctcompliance

CSS = Path(ctcompliance.__file__).parent / "static" / "ctcompliance" / "frame.css"
_COLOR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
#: The colors by day and, twice, by night: as the machine asks, and as the person chose.
THEMES = [dict(_COLOR.findall(part)) for part in CSS.read_text(encoding="utf-8").split(":root")[1:]]


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "ground", 4.5),
        ("ink", "paper", 4.5),
        ("ink-soft", "ground", 4.5),
        ("ink-soft", "paper", 4.5),
        ("link", "ground", 4.5),
        ("link", "paper", 4.5),
        ("link", "info-ground", 4.5),
        ("civic-ink", "civic", 4.5),
        ("action-ink", "action", 4.5),
        ("action-ink", "action-hover", 4.5),
        ("late-ink", "late-ground", 4.5),
        ("ink", "calm-ground", 4.5),
        ("ink", "chosen", 4.5),
        ("link", "calm-ground", 4.5),
        ("link", "chosen", 4.5),
        ("link", "ended", 4.5),
        ("ink-soft", "ended", 4.5),
        ("ink-soft", "calm-ground", 4.5),
        ("good", "paper", 4.5),
        ("warn", "paper", 4.5),
        ("bar", "paper", 3.0),  # the bars of a chart
        ("bar-warn", "paper", 3.0),
        ("civic-soft", "civic", 4.5),
        ("civic", "civic-soft", 4.5),
        ("bad", "paper", 4.5),
        ("bad", "bad-ground", 4.5),
        ("warn", "warn-ground", 4.5),
        ("good", "good-ground", 4.5),
        ("calm", "calm-ground", 4.5),
        ("info", "info-ground", 4.5),
        ("line-strong", "paper", 3.0),  # the edge of a field
        ("focus", "focus-edge", 3.0),  # the ring of what has the keyboard
    ],
)
@pytest.mark.parametrize("theme", range(3))
def test_color_pairs_have_contrast(theme: int, text: str, ground: str, least: float) -> None:
    colors = THEMES[theme]
    lighter, darker = sorted((_luminance(colors[text]), _luminance(colors[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_every_color_is_named_by_day_and_by_night() -> None:
    day, machine, chosen = THEMES

    assert day.keys() == machine.keys()
    assert machine == chosen


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
