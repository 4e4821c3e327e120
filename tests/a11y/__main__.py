"""Print what the walk of `make a11y` opened and found: `python -m tests.a11y`. Fails if a page was missed."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

from tests.a11y import tools
from tests.a11y.names import PAGES, ROLES
from tests.a11y.tools import Finding


def main(folder: Path) -> int:
    """Print the figures of all roles. Return the exit status."""
    visited: set[str] = set()
    pages = checks = 0
    found: list[Finding] = []
    missing = []
    for role in ROLES:
        file = folder / f"{role}.json"
        if not file.exists():
            missing.append(role)
            continue
        row = json.loads(file.read_text())
        visited |= set(row["names"])
        pages += row["pages"]
        checks += row["checks"]
        found += [Finding(**one) for one in row["findings"]]
    write = sys.stdout.write
    write(f"{len(visited & PAGES)} kinds of pages, {pages} pages, {checks} checks.\n")
    for exemption in tools.exemptions():
        count = sum(exemption.covers(one) for one in found)
        write(f"accepted {count} times: {exemption.tool}: {exemption.rule.pattern}\n")
    rest = tools.remaining(found)
    for tool, count in sorted(Counter(one.tool for one in rest).items()):
        write(f"{tool}: {count} findings\n")
    write(tools.report(rest) + "\n" if rest else "No finding is left.\n")
    for what, these in (("Roles that did not walk", missing), ("Pages not reached", sorted(PAGES - visited))):
        if these:
            write(f"{what}: {', '.join(these)}\n")
    return int(bool(rest or missing or PAGES - visited))


if __name__ == "__main__":
    sys.exit(main(Path(os.environ["CTC_LOCAL"]) / "a11y"))
