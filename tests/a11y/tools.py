"""The programs that look for barriers: axe and Equal Access in an open page, the Nu checker on its source."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import JavascriptException

FOLDER = Path(__file__).resolve().parent
MODULES = FOLDER / "node_modules"
EQUAL_ACCESS = MODULES / "accessibility-checker-engine" / "ace.js"
NU = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
#: Seconds for one program on one page, or for the Nu checker on all pages of a role.
PATIENCE = 300

_AXE = """
const done = arguments[arguments.length - 1], rules = arguments[0];
const options = {resultTypes: ["violations"], elementRef: false};
if (rules.length) options.runOnly = {type: "rule", values: rules};
axe.run(document, options).then(
  found => done(found.violations.flatMap(one => one.nodes.map(
    node => [one.id, node.target.flat(3).join(" "), node.html, node.failureSummary || ""]))),
  error => done([["axe failed", "", "", String(error)]]));
"""
_EQUAL_ACCESS = """
const done = arguments[arguments.length - 1];
new ace.Checker().check(document, ["WCAG_2_2"]).then(
  found => done(found.results.filter(one => one.value[0] === "VIOLATION" && one.value[1] === "FAIL").map(
    one => [one.ruleId, one.path.dom, one.snippet, one.message])),
  error => done([["Equal Access failed", "", "", String(error)]]));
"""


@dataclass(frozen=True)
class Finding:
    """One place in one page that a program does not accept."""

    tool: str
    rule: str
    page: str
    place: str = ""
    source: str = ""
    text: str = ""


@dataclass(frozen=True)
class Exemption:
    """A finding that is accepted, and why."""

    tool: str
    rule: re.Pattern[str]
    source: re.Pattern[str]
    page: re.Pattern[str]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """True if the finding is accepted."""
        return (
            self.tool == finding.tool
            and self.rule.search(finding.rule) is not None
            and self.source.search(finding.source) is not None
            and self.page.search(finding.page) is not None
        )


@cache
def exemptions() -> tuple[Exemption, ...]:
    """Return the lines of exemptions.toml."""
    rows = tomllib.loads((FOLDER / "exemptions.toml").read_text())["exemption"]
    return tuple(
        Exemption(
            row["tool"],
            re.compile(row["rule"]),
            re.compile(row.get("source", "")),
            re.compile(row.get("page", "")),
            row["reason"],
        )
        for row in rows
    )


def remaining(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that no exemption covers."""
    return [one for one in findings if not any(exemption.covers(one) for exemption in exemptions())]


def axe_file() -> Path:
    """Return axe: that of `make a11y` if it is installed, else the one that a Python package holds."""
    of_npm = MODULES / "axe-core" / "axe.min.js"
    if of_npm.exists() and os.environ.get("CTC_A11Y"):
        return of_npm
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "axe.min.js"


@cache
def _source(file: Path) -> str:
    return file.read_text()


def axe(driver: webdriver.Chrome, page: str, *rules: str) -> list[Finding]:
    """Run axe on the open page: all of its rules, or these."""
    return _found("axe", page, _run(driver, "axe", axe_file(), _AXE, list(rules)))


def equal_access(driver: webdriver.Chrome, page: str) -> list[Finding]:
    """Run IBM Equal Access on the open page."""
    return _found("Equal Access", page, _run(driver, "ace", EQUAL_ACCESS, _EQUAL_ACCESS))


def _run(driver: webdriver.Chrome, name: str, file: Path, script: str, *given: object) -> Any:
    """Load a program into the page and run it. A page that just loads itself again gets another try."""
    for left in reversed(range(3)):
        try:
            if not driver.execute_script(f"return !!window.{name}"):
                driver.execute_script(f"{_source(file)}\nif (!window.{name}) window.{name} = {name};")
            return driver.execute_async_script(script, *given)
        except JavascriptException:
            if not left:
                raise
    return None


def _found(tool: str, page: str, rows: list[list[str]]) -> list[Finding]:
    return [
        Finding(tool, rule, page, place, " ".join(source.split())[:400], " ".join(text.split())[:300])
        for rule, place, source, text in rows
    ]


def nu(pages: dict[str, str], folder: Path) -> list[Finding]:
    """Run the Nu checker on the sources of these pages, by their names. Raises if Java is missing."""
    java = shutil.which("java")
    if java is None:
        raise RuntimeError("The Nu checker needs Java: install openjdk-17-jre-headless or a later one.")
    if not pages:
        return []
    names = {}
    for number, (name, source) in enumerate(pages.items()):
        file = folder / f"{number}.html"
        file.write_text(source)
        names[file.as_uri()] = name
    command = [java, "-Xss8m", "-jar", str(NU), "--format", "json", "--stdout", "--exit-zero-always"]
    files = [str(folder / f"{number}.html") for number in range(len(pages))]
    answer = subprocess.run([*command, *files], capture_output=True, check=True, timeout=PATIENCE, text=True)
    messages: list[dict[str, Any]] = json.loads(answer.stdout)["messages"]
    return [
        Finding(
            "Nu",
            one["message"],
            names[one["url"].replace("file:/", "file:///").replace("file://///", "file:///")],
            f"line {one.get('lastLine', 0)}",
            " ".join(one.get("extract", "").split()),
        )
        for one in messages
    ]


def report(findings: Iterable[Finding], examples: int = 4) -> str:
    """Return the findings by program and rule, with some places of each."""
    by_rule: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        by_rule[one.tool, one.rule].append(one)
    lines = []
    for (tool, rule), found in sorted(by_rule.items(), key=lambda item: -len(item[1])):
        pages = {one.page for one in found}
        lines.append(f"{tool}: {rule} ({len(found)} in {len(pages)} pages)")
        seen = {(one.place, one.source) if one.source else one.page: one for one in found}
        for one in list(seen.values())[:examples]:
            lines += [f"    {one.page}", f"        {one.place}  {one.source}", f"        {one.text}"]
    return "\n".join(lines)
