"""The rulebook: listed, shown, what a change of it would do, and its use for every order."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from orders.rules import dossier, pages, scenarios
from orders.rules.rulebook import Checkpoint, Entry, Offset, Rule, RulebookError, Unit, Value
from orders.services import upkeep
from orders.services.calendar import bundled, current_rulebook
from orders.services.rule_change import CHANGES, Effect, changed_rulebook, effect_of

#: Seconds until orders that somebody was changing are tried once more.
PAUSE = 1.0


class Command(BaseCommand):
    """Three acts read only; `apply` plans orders anew and `pages` writes the documents."""

    help = "Lists the rules, shows one, tells what a changed rule file would do, or applies those that stand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of five acts."""
        acts = parser.add_subparsers(
            dest="act", metavar="list | show ID | diff FILE | apply | pages", required=True
        )
        acts.add_parser("list", help="Every rule by id.")
        show = acts.add_parser("show", help="One rule, with its dated values and their sources.")
        show.add_argument("id", metavar="ID")
        diff = acts.add_parser("diff", help="What a changed rule file would do to stored orders.")
        diff.add_argument("file", metavar="FILE", type=Path)
        diff.add_argument("--json", action="store_true", help="Print one JSON document.")
        apply = acts.add_parser("apply", help="Plans anew every order whose plan is of another rulebook.")
        apply.add_argument("--json", action="store_true", help="Print one JSON document.")
        acts.add_parser("pages", help="Writes docs/rulebook/ and docs/law-coverage.md from the rule files.")

    def handle(self, **options: Any) -> None:
        """Prints what was asked."""
        if options["act"] == "list":
            self._write(_listed())
        elif options["act"] == "show":
            self._write(_shown(options["id"]))
        elif options["act"] == "apply":
            self._write(_applied(as_json=options["json"]))
        elif options["act"] == "pages":
            self._write(_rendered())
        else:
            try:
                effect = effect_of(changed_rulebook(options["file"]))
            except RulebookError as error:
                raise CommandError(str(error)) from error
            self._write([json.dumps(_document(effect), indent=1)] if options["json"] else _table(effect))

    def _write(self, lines: Iterator[str] | list[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _rendered() -> Iterator[str]:
    """The pages that a lawyer reads, written where they are stale."""
    wanted = pages.pages(bundled(), scenarios.load(settings.BASE_DIR / "tests" / "scenarios"), dossier.load())
    written = pages.write(settings.BASE_DIR / "docs", wanted)
    yield f"{len(wanted)} pages, {len(written)} of them written anew."


def _applied(*, as_json: bool) -> Iterator[str]:
    """What was planned anew, and what is left because somebody was changing it all the while."""
    done = _apply()
    left = upkeep.stale_orders().count()
    if as_json:
        yield json.dumps({"rulebook": current_rulebook().version, "orders": done, "left": left})
        return
    yield f"{done:,} orders were planned anew."
    if left:
        yield (
            f"{left:,} are left, because somebody was changing them. The hourly sweep plans them; or apply "
            "the rules again."
        )


def _apply() -> int:
    """Plans batch after batch, each in a transaction of its own: what is done stays done when it is stopped.

    Orders that are locked are tried twice.
    """
    done, in_vain = 0, False
    # Django's own stream would end every state of the bar with a line break.
    is_shown = sys.stderr.isatty()
    total = upkeep.stale_orders().count() if is_shown else None
    with tqdm(total=total, unit=" orders", disable=not is_shown) as bar:
        while True:
            planned = upkeep.replan_stale(now=timezone.now())
            done += planned
            bar.update(planned)
            if not planned:
                if in_vain or not upkeep.stale_orders().exists():
                    return done
                time.sleep(PAUSE)
            in_vain = not planned


def _all() -> list[Rule | Entry]:
    rulebook = bundled()
    return sorted([*rulebook.rules, *rulebook.entries], key=lambda one: (one.jurisdiction, one.id))


def _listed() -> Iterator[str]:
    found = _all()
    width = max(len(one.id) for one in found)
    for one in found:
        yield f"{one.id:<{width}}  {one.title}"


def _shown(id_: str) -> Iterator[str]:
    one = next((one for one in _all() if one.id.casefold() == id_.strip().casefold()), None)
    if one is None:
        raise CommandError(f"“{id_}” is no rule. `rules list` names them all.")
    yield f"{one.id}, {bundled().jurisdictions[one.jurisdiction].name}, {one.certainty}"
    yield one.title
    if one.doubt:
        yield f"Doubt: {one.doubt}"
    if isinstance(one, Rule):
        yield from _rule(one)
    else:
        yield f"Is a {pages.became(one)}, effective {one.effective} ({_mark(one)})"
        yield from pages.asked(one)
        yield from _note(one)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"Binds: {', '.join(dict.fromkeys(bind.kind.value for bind in rule.binds))}"
    yield f"Starts: {rule.starts}; actor: {rule.actor}"
    met_by = ", ".join(dict.fromkeys(one.happening for one in rule.met_by))
    yield f"Met by: {met_by or 'nothing that is recorded'}"
    for value in rule.values:
        yield f"From {value.effective}: {_value(value)} ({_mark(value)})"
        yield from _note(value)
    for checkpoint in rule.checkpoints:
        yield f"Checkpoint {checkpoint.name}: {_checkpoint(checkpoint)}"


def _value(value: Value) -> str:
    parts = [f"due {_offset(value.due)}"]
    if value.opens:
        parts.append(f"opens {_offset(value.opens)}")
    if value.alternative:
        parts.append(f"or {_offset(value.alternative)}")
    return ", ".join(parts)


def _checkpoint(one: Checkpoint) -> str:
    moment = f"{_offset(one.offset)} from {one.anchor}" if one.offset.amount else f"at {one.anchor}"
    return f"{one.purpose}, {moment}, tells {', '.join(one.audience)}"


def _mark(one: Value | Entry) -> str:
    return f"{one.mark.replace('_', '-')}: {'; '.join(one.sources)}"


def _note(one: Value | Entry) -> Iterator[str]:
    if one.note:
        yield f"  {one.note}"


def _offset(offset: Offset) -> str:
    unit = offset.unit.replace("_", " ")
    if offset.amount:
        return f"{offset.amount:+} {unit}"
    return unit if offset.unit in (Unit.NEXT_OPEN_DAY, Unit.INDEFINITE) else "the same day"


def _table(effect: Effect) -> Iterator[str]:
    if effect.counts:
        width = max(len(rule_id) for rule_id in effect.counts)
        yield f"{'':<{width}}" + "".join(f"{change:>11}" for change in CHANGES)
        for rule_id, counts in sorted(effect.counts.items()):
            yield f"{rule_id:<{width}}" + "".join(f"{counts[change]:>11,}" for change in CHANGES)
    yield f"{effect.orders_changed:,} of {effect.orders:,} orders would change. Nothing was written."


def _document(effect: Effect) -> dict[str, Any]:
    return {
        "orders": effect.orders,
        "orders_changed": effect.orders_changed,
        "rules": {
            rule_id: {change: counts[change] for change in CHANGES}
            for rule_id, counts in sorted(effect.counts.items())
        },
        "examples": effect.examples,
    }
