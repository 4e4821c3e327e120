"""Who may see and do what: roles by resource, action and field, read from `matrix.toml`.

Whatever the file does not name is denied. A person's roles decide actions and fields. Rows depend on the
capacities that link an order to the person's agency; the `visible_to` methods of querysets ask this module
which capacities count.
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
    """The matrix names an unknown role or group."""


@dataclass(frozen=True)
class Resource:
    """One resource of the matrix: the roles that may do each action and see each field.

    `scope` is the first part of the token scopes: `orders` means `orders:read` and `orders:write`.
    """

    name: str
    model: str
    scope: str
    actions: dict[str, frozenset[str]]
    fields: dict[str, frozenset[str]]

    def fields_for(self, roles: Collection[str]) -> frozenset[str]:
        """Return the fields visible to at least one of `roles`."""
        return frozenset(name for name, viewers in self.fields.items() if not viewers.isdisjoint(roles))


@dataclass(frozen=True)
class CapacityAccess:
    """For one capacity: the roles that see the orders, and the role that receives their alerts."""

    seen_by: frozenset[str]
    alert_role: str


@dataclass(frozen=True)
class Matrix:
    """The parsed file. `internal` maps each model without a resource to the reason."""

    roles: frozenset[str]
    capacities: dict[str, CapacityAccess]
    resources: dict[str, Resource]
    internal: dict[str, str]

    def may(self, roles: Collection[str], action: str, resource: str) -> bool:
        """Return True if one of `roles` may do `action` to `resource`."""
        return not self.resources[resource].actions.get(action, frozenset()).isdisjoint(roles)

    def sees(self, roles: Collection[str], resources: Collection[str]) -> frozenset[str]:
        """Return the fields of `resources` visible to at least one of `roles`, as `resource.field`."""
        return frozenset(
            f"{name}.{field}" for name in resources for field in self.resources[name].fields_for(roles)
        )

    @cached_property
    def by_model(self) -> dict[str, Resource]:
        """Resources by model label in lower case, such as `orders.order`."""
        return {resource.model.lower(): resource for resource in self.resources.values() if resource.model}

    @cached_property
    def capacities_by_role(self) -> dict[str, tuple[str, ...]]:
        """For each role that sees orders through an agency, the capacities that count."""
        roles = sorted({role for one in self.capacities.values() for role in one.seen_by})
        return {
            role: tuple(name for name, one in self.capacities.items() if role in one.seen_by)
            for role in roles
        }

    @cached_property
    def alert_role(self) -> dict[str, str]:
        """For each capacity, the role in the agency that receives alerts."""
        return {name: one.alert_role for name, one in self.capacities.items()}


def read(file: Path = FILE) -> Matrix:
    """Parse a matrix file. Raises `MatrixError` for an unknown role or group."""
    data = tomllib.loads(file.read_text())
    roles = frozenset(data.pop("roles"))
    groups = data.pop("group")

    def expand(names: list[str], where: str) -> Iterator[str]:
        for name in names:
            if name in roles:
                yield name
            elif name in groups:
                yield from expand(groups[name], where)
            else:
                known = ", ".join(sorted(roles | groups.keys()))
                raise MatrixError(f"{file.name}: {where}: “{name}” is no role and no group; use {known}.")

    def table(name: str, lines: dict[str, list[str]]) -> dict[str, frozenset[str]]:
        return {line: frozenset(expand(names, f"{name}.{line}")) for line, names in lines.items()}

    def resource(name: str, lines: dict[str, Any]) -> Resource:
        return Resource(
            name=name,
            model=lines.get("model", ""),
            scope=lines["scope"],
            actions=table(f"{name}.actions", lines["actions"]),
            fields=table(f"{name}.fields", lines.get("fields", {})),
        )

    capacities = {
        name: CapacityAccess(frozenset(expand(one["seen_by"], name)), *expand([one["alert_role"]], name))
        for name, one in data.pop("capacity").items()
    }
    internal = data.pop("internal")
    return Matrix(roles, capacities, {name: resource(name, lines) for name, lines in data.items()}, internal)


MATRIX = read()
