"""What a changed rule file would do to the orders that are stored. Nothing is written."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orders.models import Deadline, DeadlineState, Order
from orders.rules import rulebook as rulebooks
from orders.rules.plan import Planned, plan
from orders.rules.rulebook import Rulebook, RulebookError
from orders.services.calendar import current_rulebook, rulebooks_of
from orders.services.known import facts_of

#: Orders planned at once.
BATCH = 1000
#: How many deadlines are named for each change of each rule.
_EXAMPLES = 5

#: What may become of a deadline, in the words of the events.
CHANGES = ("opened", "moved", "met", "reopened", "withdrawn")

_Key = tuple[str, str]


@dataclass
class Effect:
    """What the changed rules would do, by rule and change."""

    orders: int = 0
    orders_changed: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, order: Order, found: dict[_Key, tuple[str, dict[str, Any]]]) -> None:
        """Takes in one order."""
        self.orders += 1
        self.orders_changed += bool(found)
        for (rule_id, occurrence), (change, dates) in sorted(found.items()):
            counter = self.counts.setdefault(rule_id, Counter())
            counter[change] += 1
            if counter[change] <= _EXAMPLES:
                self.examples.append(
                    {
                        "order": str(order.public_id),
                        "rule": rule_id,
                        "occurrence": occurrence,
                        "change": change,
                        **dates,
                    }
                )


def changed_rulebook(file: Path) -> Rulebook:
    """The rulebook that stands, with `file` in place of the rule file it is a new version of.

    That is the file of its name in the folder of its jurisdiction, else the one that has its rules; a file
    with rules of which none is known yet is added. Raises `RulebookError`.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"{file}: cannot be read. Name a rule file (TOML, UTF-8).") from error
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{file}: not TOML: {error}.") from error
    jurisdiction = content.get("jurisdiction", content.get("id"))
    if not isinstance(jurisdiction, str) or not (rulebooks.DATA / jurisdiction).is_dir():
        known = ", ".join(sorted(folder.name for folder in rulebooks.DATA.glob("us_*")))
        raise RulebookError(f"{file}: jurisdiction: missing or not known; there are {known}.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / rulebooks.DATA.name
        shutil.copytree(rulebooks.DATA, folder)
        shutil.copyfile(file, folder / jurisdiction / _place(file, content, rulebooks.DATA / jurisdiction))
        changed = rulebooks.load(folder)
    standing = current_rulebook().jurisdictions
    return changed.with_closings({id_: dict(one.calendar.closings) for id_, one in standing.items()})


def _place(file: Path, content: dict[str, Any], folder: Path) -> str:
    """The name of the file that `file` is a new version of."""
    if "id" in content:
        return "jurisdiction.toml"
    if (folder / file.name).exists():
        return file.name
    mine = _ids(content)
    for other in sorted(folder.glob("*.toml")):
        if mine & _ids(tomllib.loads(other.read_text(encoding="utf-8"))):
            return other.name
    return f"{file.stem}.toml"


def _ids(content: dict[str, Any]) -> set[str]:
    return {one["id"] for kind in ("rule", "entry") for one in content.get(kind, []) if "id" in one}


def effect_of(rulebook: Rulebook) -> Effect:
    """Plans every order with `rulebook`, as its court would apply it, and compares with what stands."""
    effect = Effect()
    for orders in _batches():
        facts = facts_of(orders)
        rulebooks = rulebooks_of((order.case.court_id for order in orders), rulebook)
        stored: dict[int, dict[_Key, Deadline]] = {order.pk: {} for order in orders}
        for row in Deadline.objects.filter(order__in=stored):
            stored[row.order_id][row.rule_id, row.occurrence] = row
        for order in orders:
            deadlines = plan(facts[order.pk], rulebooks[order.case.court_id])
            planned = {(one.rule.id, one.occurrence): one for one in deadlines}
            effect.add(order, dict(_differences(planned, stored[order.pk])))
    return effect


def _batches() -> Iterator[Sequence[Order]]:
    last = 0
    while orders := list(Order.objects.filter(pk__gt=last).select_related("case").order_by("id")[:BATCH]):
        yield orders
        last = orders[-1].pk


def _differences(
    planned: dict[_Key, Planned], stored: dict[_Key, Deadline]
) -> Iterator[tuple[_Key, tuple[str, dict[str, Any]]]]:
    for key in planned.keys() | stored.keys():
        new, row = planned.get(key), stored.get(key)
        if change := _change(new, row):
            yield (
                key,
                (
                    change,
                    {
                        "from": row.due_at.isoformat() if row and row.due_at else None,
                        "to": new.due_at.isoformat() if new and new.due_at else None,
                    },
                ),
            )


def _change(new: Planned | None, row: Deadline | None) -> str:
    """The word for what becomes of a deadline; empty where nothing does."""
    if new is None:
        return "withdrawn" if row is not None and row.state != DeadlineState.WITHDRAWN else ""
    if row is None:
        return "opened"
    was_met, is_met = row.state == DeadlineState.MET, new.met is not None
    if row.state == DeadlineState.WITHDRAWN or (was_met and not is_met):
        return "reopened"
    if is_met and not was_met:
        return "met"
    return "moved" if row.due_at != new.due_at else ""
