"""What `make a11y` opens, uses and accepts, in lists that cannot fall behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.a11y import names, tools
from tests.a11y.tools import Finding

ROOT = Path(__file__).resolve().parents[2]
APPS = ("ctcompliance", "orders", "guidance")
_MOVES = re.compile(r"\b(?:transition|animation|scroll-behavior)\s*:")
#: What ends movement for people who ask for less of it.
_UNMOVED = re.compile(r"@media \(prefers-reduced-motion: reduce\) \{.*?\n\}", re.DOTALL)

#: Each exemption hides findings, so there are few.
MOST_EXEMPTIONS = 8


def test_every_url_is_visited_or_on_the_list_of_others() -> None:
    assert names.all_names() - names.NOT_VISITED.keys() - names.PAGES == set(), (
        "Give tests/a11y/world.py what the page needs and add its name to PAGES."
    )
    assert (names.NOT_VISITED.keys() | names.PAGES) - names.all_names() == set(), "These no longer exist."
    assert names.NOT_VISITED.keys() & names.PAGES == set()


def test_exemptions_are_few_and_have_reasons() -> None:
    assert len(tools.exemptions()) <= MOST_EXEMPTIONS
    for one in tools.exemptions():
        assert len(one.reason.split()) >= 3, one
        assert one.tool in ("axe", "Equal Access", "Nu", "focus"), one


def test_an_exemption_covers_its_own_rule_and_place_only() -> None:
    form = Finding("Equal Access", "aria_form_label_unique", "clerk", source='<form method="post">')
    named = Finding("Equal Access", "aria_form_label_unique", "clerk", source='<form aria-label="Search">')
    other = Finding("axe", "color-contrast", "clerk", source="<p>")

    assert tools.remaining([form, named, other]) == [named, other]


def test_the_programs_are_pinned_with_digests_and_without_a_host() -> None:
    text = (tools.FOLDER / "package-lock.json").read_text()
    wanted = json.loads((tools.FOLDER / "package.json").read_text())["dependencies"]
    packages = json.loads(text)["packages"]
    packages.pop("")

    assert "://" not in text
    assert {name.removeprefix("node_modules/"): row["version"] for name, row in packages.items()} == wanted
    assert all(row["integrity"].startswith("sha512-") for row in packages.values())


def test_nothing_of_ours_moves() -> None:
    sheets = [file for app in APPS for file in (ROOT / app / "static").rglob("*.css")]
    moving = {file.name for file in sheets if _MOVES.search(_UNMOVED.sub("", file.read_text()))}

    assert len(sheets) > 8
    assert moving == set()
    assert _UNMOVED.search((ROOT / "ctcompliance/static/ctcompliance/frame.css").read_text())
