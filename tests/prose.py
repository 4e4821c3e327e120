"""Check the words of the product against `prose.toml`: `python -m tests.prose`, a part of `make check`.

The text checked is what people read: docstrings, comments, string literals, templates, documentation, the
prose of data files, and the names of functions and classes. `prose.toml` holds a ceiling for each word and
area; a word above its ceiling fails.

    python -m tests.prose            fail where a word is above its ceiling, with file and line
    python -m tests.prose WORD ...   list every place of these words, and change nothing
    python -m tests.prose --counts   print the counts of today
    python -m tests.prose --lower    lower each ceiling to the count of today; never raises one
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CEILINGS = ROOT / "tests" / "prose.toml"
#: The areas that are counted apart, and where their files are. Names are those of functions and classes.
AREAS = {
    "product": ("accounts", "ctcompliance", "docs", "guidance", "notifications", "orders", ".ci", ".github"),
    "tests": ("tests",),
    "names": ("accounts", "ctcompliance", "guidance", "notifications", "orders", "tests"),
}
#: Files of the top folder that belong to the product area.
TOP = ("*.md", "*.py", "*.yml", "*.toml", "Makefile", "Dockerfile", ".env.example", ".pre-commit-config.yaml")
SUFFIXES = {".py", ".html", ".txt", ".md", ".toml", ".js", ".css", ".yaml", ".yml", ".sql"}
#: Written by a command from texts that are counted where they are written, or lists of the words themselves.
LEFT_OUT = (
    "/migrations/",
    "docs/rulebook/",
    "docs/law-coverage.md",
    "docs/openapi.yaml",
    # For the public, in two languages; tests/guidance/test_guides.py holds them to a reading grade.
    "guidance/data/guides/",
    "tests/prose.py",
    "tests/test_prose.py",
    "tests/prose.toml",
)
#: Turns that plain American English does without. The key is how `prose.toml` names one.
TURNS = {
    "whoever": r"whoever",
    "whomever": r"whomever",
    "whom": r"whom",
    "nobody": r"nobody",
    "none": r"(?-i:none)|None (?:of|that|is|are|may|has|was)",
    "thereof": r"there(?:of|in|by|to|upon)",
    "such": r"such(?! as\b)",
    "said": r"said",
    "say": r"say|says|saying",
    "told": r"told",
    "tell": r"tell|tells|telling",
    "stands": r"stands?|standing|stood",
    "lies": r"lie|lies|lay",
    "upon": r"upon",
    "amid": r"amid",
    "amiss": r"amiss",
    "anew": r"anew|afresh",
    "meanwhile": r"meanwhile",
    "of which": r"of which",
    "as ever": r"as ever|for ever",
    "takes it that": r"takes? it that",
}
WORDS = re.compile(
    "|".join(f"(?P<w{number}>\\b(?:{turn})\\b)" for number, turn in enumerate(TURNS.values())), re.IGNORECASE
)
#: Comments and string literals, by the ending of the file's name.
PROSE = {
    ".py": re.compile(
        r"#(?P<comment>[^\n]*)"
        r"|(?P<prefix>\b[rbfu]{1,2}(?=[\"'])|)"
        r'(?:"""(?P<long>(?:\\.|[^\\])*?)"""'
        r"|'''(?P<raw>(?:\\.|[^\\])*?)'''"
        r'|"(?P<double>(?:\\.|[^"\\\n])*)"'
        r"|'(?P<single>(?:\\.|[^'\\\n])*)')",
        re.DOTALL | re.IGNORECASE,
    ),
    ".css": re.compile(r"(?P<prefix>)/\*(?P<comment>.*?)\*/", re.DOTALL),
}
#: Names that Python source defines.
NAMES = re.compile(r"^[ \t]*(?:async )?(?:def|class) (?P<prefix>)(?P<name>\w+)", re.MULTILINE)
#: What an f-string takes from code.
FIELD = re.compile(r"\{[^{}\n]*\}")
#: The most places printed for one word above its ceiling.
SHOWN = 40


class Place(NamedTuple):
    """One use of a turn."""

    area: str
    turn: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.turn}: {self.text}"


def main(arguments: list[str]) -> int:
    """Return 1 if a turn is above its ceiling or `prose.toml` does not fit the list of turns."""
    found = [place for area in AREAS for place in places(area)]
    if wanted := [word for word in arguments if not word.startswith("--")]:
        _print(str(place) for place in found if place.turn in wanted)
        return 0
    counts = Counter((place.area, place.turn) for place in found)
    if "--counts" in arguments:
        _print(table(counts))
        return 0
    ceilings = read_ceilings()
    if "--lower" in arguments:
        lowered = {key: min(ceilings.get(key, counts[key]), counts[key]) for key in keys()}
        CEILINGS.write_text(written(lowered), encoding="utf-8")
        return 0
    wrong = [key for key in keys() if counts[key] > ceilings.get(key, 0)]
    for area, turn in wrong:
        matching = [place for place in found if (place.area, place.turn) == (area, turn)]
        _print(str(place) for place in matching[:SHOWN])
        allowed = ceilings.get((area, turn), 0)
        _print([f"{area}: {len(matching)} uses of “{turn}”; tests/prose.toml allows {allowed}."])
    if wrong:
        _print(["Write it in plain American English; CONTRIBUTING.md, “How we write”, says how."])
    return int(bool(wrong))


def keys() -> list[tuple[str, str]]:
    """Every area with every turn."""
    return [(area, turn) for area in AREAS for turn in TURNS]


def read_ceilings() -> dict[tuple[str, str], int]:
    """The ceilings of `prose.toml`. Raise `ValueError` for a turn or an area that this file does not know."""
    read = tomllib.loads(CEILINGS.read_text(encoding="utf-8"))
    ceilings = {(area, turn): int(most) for area, turns in read.items() for turn, most in turns.items()}
    if unknown := set(ceilings) - set(keys()):
        raise ValueError(f"tests/prose.toml names {sorted(unknown)}, which tests/prose.py does not check")
    return ceilings


def written(ceilings: dict[tuple[str, str], int]) -> str:
    """The text of `prose.toml`."""
    lines = ["# The most uses of each turn. `.venv/bin/python -m tests.prose --lower` lowers them."]
    for area in AREAS:
        lines += ["", f"[{area}]"]
        lines += [f"{json.dumps(turn)} = {ceilings[area, turn]}" for turn in TURNS]
    return "\n".join(lines) + "\n"


def table(counts: Counter[tuple[str, str]]) -> Iterator[str]:
    """One line for each turn, with a column for each area."""
    yield f"{'':<16}" + "".join(f"{area:>10}" for area in AREAS)
    for turn in TURNS:
        yield f"{turn:<16}" + "".join(f"{counts[area, turn]:>10}" for area in AREAS)
    yield f"{'all':<16}" + "".join(f"{sum(counts[area, turn] for turn in TURNS):>10}" for area in AREAS)


def places(area: str) -> Iterator[Place]:
    """Every use of a turn in the files of the area."""
    for path in files(area):
        name = path.relative_to(ROOT).as_posix()
        source = path.read_text(encoding="utf-8")
        text = parts(source, NAMES).replace("_", " ") if area == "names" else prose_of(source, path.suffix)
        for line, turn, shown in turns(text):
            yield Place(area, turn, name, line, shown)


def files(area: str) -> Iterator[Path]:
    """The files of the area that hold text for people."""
    found = {
        path
        for folder in AREAS[area]
        for path in (ROOT / folder).rglob("*")
        if (path.suffix == ".py" if area == "names" else path.suffix in SUFFIXES or folder == ".ci")
        and "node_modules" not in path.parts
    }
    if area == "product":
        found.update(path for pattern in TOP for path in ROOT.glob(pattern))
    for path in sorted(found):
        name = path.relative_to(ROOT).as_posix()
        if path.is_file() and not any(part in name for part in LEFT_OUT):
            yield path


def turns(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, turn and the line's text for each use of a turn."""
    names = list(TURNS)
    lines = text.split("\n")
    for found in WORDS.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield line, names[int(str(found.lastgroup)[1:])], lines[line - 1].strip()


def prose_of(source: str, suffix: str) -> str:
    """What people read of a source: comments and string literals of Python, all of a page."""
    pattern = PROSE.get(suffix)
    return source if pattern is None else parts(source, pattern)


def parts(source: str, pattern: re.Pattern[str]) -> str:
    """What the pattern's last group finds, on the lines where it is; the rest is blank."""
    kept, end = [], 0
    for found in pattern.finditer(source):
        group = str(found.lastgroup)
        text = FIELD.sub("{}", found[group]) if "f" in (found["prefix"] or "").lower() else found[group]
        kept += ["\n" * source.count("\n", end, found.start(group)), " ", text]
        end = found.end(group)
    return "".join(kept)


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
