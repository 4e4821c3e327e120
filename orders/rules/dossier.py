"""What the dossier of law holds, and what of it the rulebook and its scenarios do not carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orders.rules.rulebook import DATA, Entry, Rule, Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.tables import Table, TableError

#: A typical case, an edge, and one on the other side of a change of value.
SCENARIOS_A_RULE = 3


class DossierError(TableError):
    """A list of the dossier that is not of its form."""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """The ids of the Connecticut tables, and by jurisdiction the cells that speak and those that do not."""

    ids: tuple[str, ...]
    cells: dict[str, tuple[str, ...]]
    silent: dict[str, tuple[str, ...]]


def load(file: Path = DATA / "dossier.toml") -> Dossier:
    """The dossier's own list. Raises `DossierError`."""
    top = Table.read(file, Path(file.name), DossierError)
    dossier = Dossier(ids=top.texts("ids"), cells=top.lists("cells"), silent=top.lists("silent"))
    top.nothing_else()
    return dossier


def carriers(rulebook: Rulebook) -> Iterator[Rule | Entry]:
    """All that carries something of the dossier: rules, then entries."""
    yield from rulebook.rules
    yield from rulebook.entries


def carrying(rulebook: Rulebook, id_: str) -> list[Rule | Entry]:
    """What carries one id of the Connecticut tables: the rule or entry of that id, and its parts."""
    return [
        one for one in carriers(rulebook) if one.id == id_ or (isinstance(one, Rule) and one.part_of == id_)
    ]


def covering(rulebook: Rulebook, jurisdiction: str, cell: str) -> list[Rule | Entry]:
    """What carries one cell of a state's record."""
    return [one for one in carriers(rulebook) if one.jurisdiction == jurisdiction and cell in one.covers]


def pinning(rule: Rule, scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios that expect something of a rule."""
    return [
        scenario
        for scenario in scenarios
        if any(rule.id == expected.get("deadline") for expected in scenario.expectations)
    ]


def gaps(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> list[str]:
    """What is missing, in sentences: ids and cells that nothing carries, rules too few scenarios pin."""
    found = [f"{id_}: nothing carries it" for id_ in dossier.ids if not carrying(rulebook, id_)]
    for jurisdiction, cells in dossier.cells.items():
        found.extend(
            f"{jurisdiction}, {cell}: nothing carries it"
            for cell in cells
            if not covering(rulebook, jurisdiction, cell)
        )
    for one in carriers(rulebook):
        known = dossier.cells.get(one.jurisdiction, ())
        found.extend(
            f"{one.id}: covers “{cell}”, which the dossier does not have"
            for cell in one.covers
            if cell not in known
        )
    counts = {rule.id: len(pinning(rule, scenarios)) for rule in rulebook.rules}
    found.extend(
        f"{id_}: {count} scenarios pin it; write {SCENARIOS_A_RULE}"
        for id_, count in counts.items()
        if count < SCENARIOS_A_RULE
    )
    return found
