"""The effect of a changed rule file on the stored orders. Nothing is written."""

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
from orders.rules.loading import DATA, RulebookError, load
from orders.rules.plan import plan
from orders.rules.planned import PlannedDeadline
from orders.rules.rulebook import Rulebook
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import current_rulebook, rulebooks_of

#: Orders planned in one batch.
BATCH = 1000
#: The number of listed deadlines for each change of each rule.
_EXAMPLES = 5

#: What can become of a deadline, in the words of the history.
CHANGES = ("opened", "moved", "met", "reopened", "withdrawn")

_Key = tuple[str, str]


@dataclass
class Effect:
    """The effect of the changed rules, by rule and change."""

    orders: int = 0
    orders_changed: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, order: Order, found: dict[_Key, tuple[str, dict[str, Any]]]) -> None:
        """Add one order."""
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
    """The current rulebook with `file` in place of the rule file that it is a new version of.

    That is the file with its name in the folder of its jurisdiction, else the file that has its rules. A file
    with only new rules is added. Raises `RulebookError`.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"{file}: cannot be read. Give the path of a rule file (TOML, UTF-8).") from error
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{file}: not TOML: {error}.") from error
    jurisdiction = content.get("jurisdiction", content.get("id"))
    if not isinstance(jurisdiction, str) or not (DATA / jurisdiction).is_dir():
        known = ", ".join(sorted(folder.name for folder in DATA.glob("us_*")))
        raise RulebookError(f"{file}: jurisdiction: missing or not known. Use one of: {known}.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / DATA.name
        shutil.copytree(DATA, folder)
        shutil.copyfile(file, folder / jurisdiction / _place(file, content, DATA / jurisdiction))
        changed = load(folder)
    standing = current_rulebook().jurisdictions
    return changed.with_closings({id_: dict(one.calendar.closings) for id_, one in standing.items()})


def _place(file: Path, content: dict[str, Any], folder: Path) -> str:
    """The name of the rule file that `file` replaces."""
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
    """Plan every order with `rulebook` and its court's decisions, and compare with the stored deadlines."""
    effect = Effect()
    for orders in _batches():
        facts = load_facts(orders)
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
    planned: dict[_Key, PlannedDeadline], stored: dict[_Key, Deadline]
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


def _change(new: PlannedDeadline | None, row: Deadline | None) -> str:
    """What becomes of a deadline; empty if it does not change."""
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
