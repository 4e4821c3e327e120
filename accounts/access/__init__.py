"""Who may see and do what, from one file: role by object by act by field. What it does not name is refused.

Which rows a role sees follows from the capacities in which an order concerns the person's agency; the gates
(`visible_to`) ask here which those are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("matrix.toml")


class MatrixError(ValueError):
    """The matrix names a role or a group that there is not."""


@dataclass(frozen=True)
class Thing:
    """One object of the matrix: who does what to it, and who sees which of its fields.

    `scope` opens the name of what a token needs: `orders` for `orders:read` and `orders:write`.
    """

    name: str
    model: str
    scope: str
    acts: dict[str, frozenset[str]]
    fields: dict[str, frozenset[str]]

    def fields_for(self, roles: Collection[str]) -> frozenset[str]:
        """The fields that at least one of `roles` sees."""
        return frozenset(name for name, seers in self.fields.items() if not seers.isdisjoint(roles))


@dataclass(frozen=True)
class Capacity:
    """In which roles an agency's people see an order that concerns the agency so, and which role is told."""

    seen_by: frozenset[str]
    told: str


@dataclass(frozen=True)
class Matrix:
    """The whole file. `internal` are the models that nobody looks at, with the reason."""

    roles: frozenset[str]
    capacities: dict[str, Capacity]
    things: dict[str, Thing]
    internal: dict[str, str]

    def may(self, roles: Collection[str], act: str, thing: str) -> bool:
        """True when one of `roles` may do `act` to such an object."""
        return not self.things[thing].acts.get(act, frozenset()).isdisjoint(roles)

    def sees(self, roles: Collection[str], things: Collection[str]) -> frozenset[str]:
        """What at least one of `roles` sees of these objects, as `object.field`."""
        return frozenset(f"{name}.{one}" for name in things for one in self.things[name].fields_for(roles))

    @cached_property
    def of_model(self) -> dict[str, Thing]:
        """The objects by their model, written as Django does in small letters: `orders.order`."""
        return {thing.model.lower(): thing for thing in self.things.values() if thing.model}

    @cached_property
    def concerned_as(self) -> dict[str, tuple[str, ...]]:
        """For each role that sees orders by its agency: the capacities in which they concern the agency."""
        roles = sorted({role for one in self.capacities.values() for role in one.seen_by})
        return {
            role: tuple(name for name, one in self.capacities.items() if role in one.seen_by)
            for role in roles
        }

    @cached_property
    def told_as(self) -> dict[str, str]:
        """For each capacity the role in the agency that is told."""
        return {name: one.told for name, one in self.capacities.items()}


def read(file: Path = FILE) -> Matrix:
    """The matrix of a file. Raises `MatrixError`."""
    given = tomllib.loads(file.read_text())
    roles = frozenset(given.pop("roles"))
    groups = given.pop("group")

    def meant(names: list[str], where: str) -> Iterator[str]:
        for name in names:
            if name in roles:
                yield name
            elif name in groups:
                yield from meant(groups[name], where)
            else:
                known = ", ".join(sorted(roles | groups.keys()))
                raise MatrixError(f"{file.name}: {where}: “{name}” is no role and no group; use {known}.")

    def table(name: str, lines: dict[str, list[str]]) -> dict[str, frozenset[str]]:
        return {line: frozenset(meant(who, f"{name}.{line}")) for line, who in lines.items()}

    def thing(name: str, lines: dict[str, Any]) -> Thing:
        return Thing(
            name=name,
            model=lines.get("model", ""),
            scope=lines["scope"],
            acts=table(f"{name}.acts", lines["acts"]),
            fields=table(f"{name}.fields", lines.get("fields", {})),
        )

    capacities = {
        name: Capacity(frozenset(meant(one["seen_by"], name)), *meant([one["told"]], name))
        for name, one in given.pop("capacity").items()
    }
    internal = given.pop("internal")
    return Matrix(roles, capacities, {name: thing(name, lines) for name, lines in given.items()}, internal)


MATRIX = read()
