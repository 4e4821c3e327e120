"""The glossary and the code agree: one word, one meaning."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "orders", "guidance", "notifications", "ctcompliance")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

TERM = re.compile(r"^- \*\*(?P<term>[^*]+)\*\*(?: \(`(?P<name>\w+)`\))?: (?P<meaning>\S.*)$", re.MULTILINE)
SHARED = re.compile(r"^- `(?P<name>\w+)`: (?P<places>.+)$", re.MULTILINE)
#: Classes that each module of its kind has.
EVERYWHERE = {"Command", "Meta", "Migration"}


def classes() -> dict[str, set[str]]:
    """The files of the product that define each class name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in EVERYWHERE:
                found[node.name].add(path.relative_to(ROOT).as_posix())
    return found


CLASSES = classes()


def test_classes_that_share_a_name_are_in_the_glossary() -> None:
    shared = {name for name, files in CLASSES.items() if len(files) > 1}

    assert shared == {found["name"] for found in SHARED.finditer(GLOSSARY)}


@pytest.mark.parametrize("found", list(SHARED.finditer(GLOSSARY)), ids=lambda found: found["name"])
def test_the_glossary_names_the_files_of_a_shared_name(found: re.Match[str]) -> None:
    assert set(re.findall(r"`([\w/.]+\.py)`", found["places"])) == CLASSES[found["name"]]


def test_each_model_has_a_line() -> None:
    models = {
        model.__name__
        for app in APPS
        if apps.is_installed(app)
        for model in apps.get_app_config(app).get_models()
    }

    assert models <= {found["name"] for found in TERM.finditer(GLOSSARY)}


def test_each_class_named_is_in_the_code() -> None:
    named = {found["name"] for found in TERM.finditer(GLOSSARY) if found["name"]}

    assert named <= CLASSES.keys()


def test_each_term_has_one_line_in_the_order_of_its_section() -> None:
    sections = [
        [found["term"].lower() for found in TERM.finditer(section)] for section in GLOSSARY.split("\n## ")
    ]
    counts = Counter(term for section in sections for term in section)

    assert [term for term, count in counts.items() if count > 1] == []
    assert [section for section in sections if section != sorted(section)] == []
    lines = [line for line in GLOSSARY.splitlines() if line.startswith("- ")]
    assert len(lines) == len(list(TERM.finditer(GLOSSARY))) + len(list(SHARED.finditer(GLOSSARY)))
