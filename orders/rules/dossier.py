"""The dossier: the list of researched law that the rulebook must carry, and the gaps.

A rule or entry carries an id of the Connecticut tables, or covers a cell of a state's record. A scenario pins
a rule if it expects a deadline of that rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orders.rules.loading import DATA
from orders.rules.model import Entry, Rule
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.tables import Table, TableError

#: The least scenarios a rule: a typical case, an edge, and one on the other side of a change of value.
SCENARIOS_PER_RULE = 3


class DossierError(TableError):
    """A dossier file with an error."""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """The ids of the Connecticut tables; for each jurisdiction the cells with a rule and the silent ones."""

    ids: tuple[str, ...]
    cells: dict[str, tuple[str, ...]]
    silent: dict[str, tuple[str, ...]]


def load(file: Path = DATA / "dossier.toml") -> Dossier:
    """Load the dossier. Raises `DossierError`."""
    top = Table.read(file, Path(file.name), DossierError)
    dossier = Dossier(ids=top.texts("ids"), cells=top.lists("cells"), silent=top.lists("silent"))
    top.reject_unread()
    return dossier


def carriers(rulebook: Rulebook) -> Iterator[Rule | Entry]:
    """Yield the rules, then the entries."""
    yield from rulebook.rules
    yield from rulebook.entries


def carrying(rulebook: Rulebook, id_: str) -> list[Rule | Entry]:
    """Return the rule or entry with an id of the Connecticut tables, and the rules that are its parts."""
    return [
        one for one in carriers(rulebook) if one.id == id_ or (isinstance(one, Rule) and one.part_of == id_)
    ]


def covering(rulebook: Rulebook, jurisdiction: str, cell: str) -> list[Rule | Entry]:
    """Return the rules and entries that cover a cell of a state's record."""
    return [one for one in carriers(rulebook) if one.jurisdiction == jurisdiction and cell in one.covers]


def pinning(rule: Rule, scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Return the scenarios that expect a deadline of the rule."""
    return [
        scenario
        for scenario in scenarios
        if any(rule.id == expected.get("deadline") for expected in scenario.expectations)
    ]


def gaps(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> list[str]:
    """Return a sentence for each gap: ids and cells without a rule, rules with too few scenarios."""
    found = [f"{id_}: no rule or entry carries it" for id_ in dossier.ids if not carrying(rulebook, id_)]
    for jurisdiction, cells in dossier.cells.items():
        found.extend(
            f"{jurisdiction}, {cell}: no rule or entry covers it"
            for cell in cells
            if not covering(rulebook, jurisdiction, cell)
        )
    for one in carriers(rulebook):
        known = dossier.cells.get(one.jurisdiction, ())
        found.extend(
            f"{one.id}: covers “{cell}”, which is not in the dossier"
            for cell in one.covers
            if cell not in known
        )
    counts = {rule.id: len(pinning(rule, scenarios)) for rule in rulebook.rules}
    found.extend(
        f"{id_}: {count} scenarios pin it; write at least {SCENARIOS_PER_RULE}"
        for id_, count in counts.items()
        if count < SCENARIOS_PER_RULE
    )
    return found
