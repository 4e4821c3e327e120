"""List and show rules, who hears what, the effect of a changed rule file; apply the rules to all orders."""

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

from accounts.access import MATRIX
from orders.rules import audience, dossier, in_force, pages, scenarios
from orders.rules.loading import RulebookError
from orders.rules.model import CheckpointRule, Entry, Offset, Rule, Value
from orders.rules.vocabulary import Unit
from orders.services.planning import replan_stale
from orders.services.planning.rule_impact import CHANGES, Effect, changed_rulebook, effect_of
from orders.services.planning.rulebooks import bundled, current_rulebook

#: Seconds before orders that were locked are tried again.
PAUSE = 1.0


class Command(BaseCommand):
    """All actions only read, but `apply`, which plans orders again, and `pages`, which writes documents."""

    help = "List the rules, show one, show the effect of a changed rule file, or apply the current rules."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the six actions."""
        actions = parser.add_subparsers(
            dest="action",
            metavar="list | show ID | diff FILE | apply | audience [ROLE] | pages",
            required=True,
        )
        actions.add_parser("list", help="List every rule by id.")
        show = actions.add_parser("show", help="Show a rule with its dated values and their sources.")
        show.add_argument("id", metavar="ID")
        diff = actions.add_parser("diff", help="Show what a changed rule file would do to stored orders.")
        diff.add_argument("file", metavar="FILE", type=Path)
        diff.add_argument("--json", action="store_true", help="Print one JSON document.")
        apply = actions.add_parser(
            "apply", help="Plan every order again whose plan is from another rulebook."
        )
        apply.add_argument("--json", action="store_true", help="Print one JSON document.")
        heard = actions.add_parser("audience", help="Print who hears what, of everyone or of one role.")
        heard.add_argument("role", metavar="ROLE", nargs="?", default="")
        actions.add_parser(
            "pages", help="Write docs/rulebook/, law-coverage.md, law-in-force.md and who-hears-what.md."
        )

    def handle(self, **options: Any) -> None:
        """Print the result of the action."""
        if options["action"] == "list":
            self._write(_listed())
        elif options["action"] == "show":
            self._write(_shown(options["id"]))
        elif options["action"] == "apply":
            self._write(_applied(as_json=options["json"]))
        elif options["action"] == "audience":
            self._write(_audience(options["role"]))
        elif options["action"] == "pages":
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
    """Write the pages that differ from the rule files."""
    own = scenarios.load(settings.BASE_DIR / "tests" / "scenarios")
    wanted = pages.pages(bundled(), own, dossier.load())
    wanted["law-in-force.md"] = in_force.in_force_page(bundled(), own, in_force.load())
    wanted["who-hears-what.md"] = audience.audience_page(
        bundled(), audience.load_audiences(), MATRIX.alert_role
    )
    written = pages.write(settings.BASE_DIR / "docs", wanted)
    yield f"{len(wanted)} pages, {len(written)} of them updated."


def _audience(role: str) -> Iterator[str]:
    """Yield what a role or an audience hears of; everything without one."""
    found, roles = audience.lines(bundled(), audience.load_audiences()), MATRIX.alert_role
    wanted = role.strip().casefold().replace(" ", "_")
    own = [one for one in found if wanted in ("", one.word, roles.get(one.word))]
    if reason := audience.load_audiences().silent.get(wanted):
        yield reason
    elif not own:
        known = ", ".join(sorted({one.word for one in found} | set(roles.values())))
        raise CommandError(f"“{role}” is not a role or an audience. Choose one of: {known}.")
    yield from audience.printed(own)


def _applied(*, as_json: bool) -> Iterator[str]:
    """Yield how many orders were planned again, and how many were locked all the time."""
    done = _apply()
    left = replan_stale.stale_orders().count()
    if as_json:
        yield json.dumps({"rulebook": current_rulebook().version, "orders": done, "left": left})
        return
    yield f"{done:,} orders were planned again."
    if left:
        yield (
            f"{left:,} orders are left because they were being changed. The hourly task plans them, or run "
            "`manage.py rules apply` again."
        )


def _apply() -> int:
    """Plan the orders in batches, each in its own transaction, and return their number.

    A batch that is done stays done if the command is stopped. Orders that are locked are tried twice.
    """
    done, retried = 0, False
    # Django's own stream adds a line break after each update of the bar.
    interactive = sys.stderr.isatty()
    total = replan_stale.stale_orders().count() if interactive else None
    with tqdm(total=total, unit=" orders", disable=not interactive) as bar:
        while True:
            planned = replan_stale.replan_stale(now=timezone.now())
            done += planned
            bar.update(planned)
            if not planned:
                if retried or not replan_stale.stale_orders().exists():
                    return done
                time.sleep(PAUSE)
            retried = not planned


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
        raise CommandError(f"“{id_}” is not a rule. `manage.py rules list` lists them.")
    yield f"{one.id}, {bundled().jurisdictions[one.jurisdiction].name}, {one.certainty}"
    yield one.title
    if one.doubt:
        yield f"Doubt: {one.doubt}"
    if isinstance(one, Rule):
        yield from _rule(one)
    else:
        yield f"Type: {pages.entry_type(one)}, effective {one.effective} ({_source(one)})"
        yield from pages.conditions(one)
        yield from _note(one)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"Binds: {', '.join(dict.fromkeys(bind.kind.value for bind in rule.binds))}"
    yield f"Starts: {rule.starts}; actor: {rule.actor}"
    met_by = ", ".join(dict.fromkeys(one.event for one in rule.met_by))
    yield f"Met by: {met_by or 'no recorded event'}"
    for value in rule.values:
        yield f"From {value.effective}: {_value(value)} ({_source(value)})"
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


def _checkpoint(one: CheckpointRule) -> str:
    moment = f"{_offset(one.offset)} from {one.anchor}" if one.offset.amount else f"at {one.anchor}"
    return f"{one.purpose}, {moment}, notifies {', '.join(one.audience)}"


def _source(one: Value | Entry) -> str:
    return f"{one.source_status.replace('_', '-')}: {'; '.join(one.sources)}"


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
