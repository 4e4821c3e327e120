"""Compare the mutants that survived with the list in docs/mutants.md: `make mutants`.

A mutant is identified by its function and the lines that differ, because its number changes with every edit.
A failed test or the time limit kills a mutant; mutmut itself also counts a run that pytest refused.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

RULES = Path("orders/rules")
LIST = Path("docs/mutants.md")
#: The least share of mutants that must be killed, in percent.
WANTED = 95
#: pytest's exit code for a failed test, and the signal that a mutant gets at the time limit.
KILLS = {1, -24}

_NAME = re.compile(r"orders\.rules\.(\w+)\.x(?:_|ǁ(\w+)ǁ)(\w+)__mutmut_\d+")
_ROW = re.compile(r"\| `(.+?)` \| `(.*?)` \| `(.*?)` \| .*\w.* \|")


@dataclass(frozen=True, order=True)
class Mutant:
    """The function of a mutant, the lines that it changes, and the changed lines."""

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        """Return its row in the list, without the reason."""
        cells = (f"`{one}`".replace("|", "\\|") for one in (self.function, self.was, self.becomes))
        return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the score of each module and the differences from the list. Return 1 if there are any."""
    alive: set[Mutant] = set()
    total = killed = 0
    for file in sorted(RULES.glob("*.py")):
        codes = json.loads(Path("mutants", f"{file}.meta").read_text("utf-8"))["exit_code_by_key"]
        left = [name for name, code in codes.items() if code not in KILLS]
        alive.update(mutants(file, left))
        total, killed = total + len(codes), killed + len(codes) - len(left)
        _score(file.stem, len(codes), len(codes) - len(left))
    _score("all", total, killed)

    known = set(listed(LIST.read_text("utf-8")))
    _print(f"\nSurvived, with a reason in {LIST}:", alive & known)
    _print(f"\nSurvived and not in {LIST}; write a test, or a row with the reason:", alive - known)
    _print(f"\nIn {LIST} but killed; remove the row:", known - alive)
    return int(killed * 100 < total * WANTED or alive != known)


def mutants(file: Path, names: Iterable[str]) -> Iterator[Mutant]:
    """Yield the mutants of a file that have one of `names`."""
    for name in names:
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"“{name}” is not a mutant of {RULES}")
        # The first two lines are the file names.
        changes = get_diff_for_mutant(name, path=file).splitlines()[2:]
        was, becomes = (
            " ".join(line[1:].strip() for line in changes if line.startswith(sign)) for sign in "-+"
        )
        yield Mutant(".".join(part for part in found.groups() if part), was, becomes or "(gone)")


def listed(text: str) -> Iterator[Mutant]:
    """Yield the mutants of the list. A row without a reason does not count."""
    for row in _ROW.findall(text):
        yield Mutant(*(cell.replace("\\|", "|") for cell in row))


def _score(name: str, total: int, killed: int) -> None:
    if total:
        sys.stdout.write(f"{name:<16}{killed:>6} of {total:>5} killed, {killed / total:7.2%}\n")


def _print(title: str, mutants: set[Mutant]) -> None:
    if mutants:
        sys.stdout.write("\n".join([title, *map(str, sorted(mutants)), ""]))


if __name__ == "__main__":
    sys.exit(main())
