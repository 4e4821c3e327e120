"""Renders the rulebook for people: one page a rule, one a state's entries, and the table of coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from orders.rules.dossier import Dossier, carrying, covering, pinning
from orders.rules.rulebook import (
    LONG_AGO,
    Becomes,
    Binding,
    Certainty,
    Checkpoint,
    Entry,
    Jurisdiction,
    Meeting,
    Offset,
    Rule,
    Rulebook,
    Unit,
    Value,
)
from orders.rules.scenarios import Scenario
from orders.rules.words import LANGUAGE, words

_GENERATED = "<!-- Written from the rule files by `manage.py rules pages`; change those, not this page. -->"


def pages(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> dict[str, str]:
    """Every generated page, by its path below the documentation folder."""
    found = {
        "law-coverage.md": law_coverage(rulebook, scenarios, dossier),
        "rulebook/README.md": index(rulebook),
    }
    for rule in rulebook.rules:
        found[f"rulebook/{rule.id}.md"] = rule_page(rule, rulebook, scenarios)
    for jurisdiction in rulebook.jurisdictions.values():
        found[f"rulebook/{jurisdiction.id}.md"] = entries_page(jurisdiction, rulebook)
    return found


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """The pages below `folder` that are not as they should be, or should not be there."""
    there = {file.relative_to(folder).as_posix() for file in folder.glob("rulebook/*.md")}
    return sorted(
        {name for name, text in wanted.items() if _text(folder / name) != text} | (there - wanted.keys())
    )


def write(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Writes what is stale and removes what should not be there; the names of both."""
    changed = stale(folder, wanted)
    for name in changed:
        file = folder / name
        if name in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[name], encoding="utf-8")
        else:
            file.unlink()
    return changed


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def law_coverage(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> str:
    """What each id and each cell of the dossier became, where it stands, and how many scenarios pin it."""
    lines = [
        "# What became of the law",
        "",
        _GENERATED,
        "",
        "Every id of the dossier's Connecticut tables, every cell of its state records that says something.",
        "A *deadline* has a page in the [rulebook](rulebook/README.md); the rest stands on its state's page.",
        "",
        "## Connecticut",
        "",
        "| Id | Became | Where | Scenarios |",
        "|---|---|---|---|",
    ]
    for id_ in dossier.ids:
        lines.extend(_row(id_, one, scenarios) for one in carrying(rulebook, id_))
    for jurisdiction, cells in dossier.cells.items():
        lines += ["", f"## {rulebook.jurisdictions[jurisdiction].name}: the record of seed 004", ""]
        lines += ["| Cell | Became | Where | Scenarios |", "|---|---|---|---|"]
        for cell in cells:
            named = cell.replace("_", " ")
            lines.extend(_row(named, one, scenarios) for one in covering(rulebook, jurisdiction, cell))
        if silent := dossier.silent.get(jurisdiction):
            lines += ["", f"Silent, and so without a deadline: {', '.join(silent).replace('_', ' ')}."]
    return "\n".join(lines) + "\n"


def _row(name: str, one: Rule | Entry, scenarios: list[Scenario]) -> str:
    if isinstance(one, Rule):
        page = f"[{one.id}](rulebook/{one.id}.md)"
        return f"| {name} | deadline {page} | `{one.file}` | {len(pinning(one, scenarios))} |"
    return f"| {name} | {became(one)} [{one.id}](rulebook/{one.jurisdiction}.md) | `{one.file}` | |"


def index(rulebook: Rulebook) -> str:
    """The list of all rules by state."""
    lines = [
        "# The rulebook",
        "",
        _GENERATED,
        "",
        "Deadlines that this system computes, one page each. It is not legal advice; every value names its "
        "source and how far it is known. How a rule is changed: [rules](../rules.md).",
    ]
    for jurisdiction in rulebook.jurisdictions.values():
        lines += ["", f"## {jurisdiction.name}", ""]
        lines += [
            f"- [{rule.id}]({rule.id}.md): {rule.title}"
            for rule in sorted(rulebook.rules, key=lambda rule: rule.id)
            if rule.jurisdiction == jurisdiction.id
        ]
        lines.append(f"- [What has no time of its own]({jurisdiction.id}.md)")
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule, rulebook: Rulebook, scenarios: list[Scenario]) -> str:
    """One rule: whom it binds, its values with their sources, its certainty, checkpoints and scenarios."""
    lines = [f"# {rule.id}", "", _GENERATED, "", rule.title, ""]
    lines += [f"- State: {rulebook.jurisdictions[rule.jurisdiction].name}"]
    lines += [f"- Who must act: {rule.actor}"]
    lines += [f"- Binds: {'; '.join(_binding(bind) for bind in rule.binds)}"]
    lines += [f"- {line}" for line in _start(rule)]
    if rule.part_of:
        page = rule.part_of if rule.part_of in rulebook.by_id else rule.jurisdiction
        lines += [f"- Is a part of [{rule.part_of}]({page}.md)"]
    if rule.met_by:
        lines += [f"- Met when {'; or '.join(_meeting(meeting) for meeting in rule.met_by)}"]
    lines += [f"- Stands in `{rule.file}`"]
    lines += ["", "## Values", "", "| From | Due | Opens | Other reading | Mark | Sources |"]
    lines += ["|---|---|---|---|---|---|", *(_value(value) for value in rule.values)]
    lines += [f"\n{_since(value)}: {value.note}" for value in rule.values if value.note]
    lines += ["", "## Certainty", "", _certainty(rule)]
    if rule.checkpoints:
        lines += ["", "## Checkpoints", "", "| Name | Purpose | When | Who is told |", "|---|---|---|---|"]
        lines += [_checkpoint(checkpoint) for checkpoint in rule.checkpoints]
        if rule.alarms_when_armed:
            lines += ["", "They stand only where something indicates firearms."]
    lines += ["", "## Scenarios", ""]
    lines += [f"- {one.id}: {one.name} {_expected(one, rule)}" for one in pinning(rule, scenarios)]
    return "\n".join(lines) + "\n"


def entries_page(jurisdiction: Jurisdiction, rulebook: Rulebook) -> str:
    """What a state's law says without a time, what each thing is in the product, and its sources."""
    lines = [f"# {jurisdiction.name}: what has no time of its own", "", _GENERATED, ""]
    lines += [
        f"Holidays: {words(LANGUAGE).said[f'mark.{jurisdiction.mark}']}. {_one_line(jurisdiction.about)}"
    ]
    for entry in rulebook.entries:
        if entry.jurisdiction == jurisdiction.id:
            lines += ["", f"## {entry.id}", "", entry.title, "", *_entry(entry)]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield f"- Is a {became(entry)}"
    if entry.recipient:
        yield f"- Concerns {entry.recipient}"
    if entry.kinds:
        yield f"- Orders: {', '.join(_plain(kind) for kind in entry.kinds)}"
    yield from (f"- {line}" for line in asked(entry))
    if entry.effective > LONG_AGO:
        yield f"- From {entry.effective}"
    if entry.until:
        yield f"- Until the day before {entry.until}"
    yield f"- Source: {'; '.join(entry.sources)} ({words(LANGUAGE).said[f'mark.{entry.mark}']})"
    if entry.doubt:
        yield f"- Debatable: {entry.doubt}"
    if entry.note:
        yield f"- {entry.note}"


#: What an entry of a sort that is named for what it holds is.
_BECAME = {
    Becomes.RECIPIENTS: "list of lawful recipients",
    Becomes.FILERS: "list of who may file",
    Becomes.PROOF: "standard of proof",
    Becomes.RETURN: "list of what comes before a return",
}


def became(entry: Entry) -> str:
    """What the entry is in the product."""
    return _BECAME.get(entry.becomes, _plain(entry.becomes))


def asked(entry: Entry) -> Iterator[str]:
    """What the entry asks for, as it is checked where facts are entered."""
    if entry.allows:
        what = "May file" if entry.becomes is Becomes.FILERS else "Firearms may go to"
        yield f"{what}: {_listed(entry.allows)}"
    if entry.standard:
        when = f", where filed by {_listed(entry.filed_by)}" if entry.filed_by else ""
        yield f"Asks for: {_plain(entry.standard)}{when}{', after a hearing' * entry.after_hearing}"
    if entry.before:
        yield f"Before firearms are returned: {_listed(entry.before)}"


def _listed(words_: Iterable[str]) -> str:
    return ", ".join(_plain(one) for one in words_)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _binding(bind: Binding) -> str:
    asked = {
        "firearms are indicated": bind.firearms_indicated,
        "support was ordered": bind.financial_support,
    }
    answers = [
        words_ if answer else f"not {words_}" for words_, answer in asked.items() if answer is not None
    ]
    return _plain(bind.kind) + (f", where {' and '.join(answers)}" if answers else "")


def _event(kind: str) -> str:
    said = words(LANGUAGE).said[f"event.{kind}"]
    return f"“{said}”"


def _start(rule: Rule) -> Iterator[str]:
    """How the rule finds its start, its due day and its end, a line for each thing that it asks."""
    purpose = f", for the purpose {rule.start_purpose}" if rule.start_purpose else ""
    yield f"Runs from {_event(rule.starts)}{purpose} ({rule.pick} one)"
    yield from _named(
        ("Where that is not recorded, from {}", rule.else_starts),
        ("Not before {}, where that is recorded", rule.not_before),
        ("For one in custody, from {}", rule.custody_starts),
        ("The due day counts from {} after it", rule.due_starts),
        *(("Only where {} is recorded, or another event named so", kind) for kind in rule.only_after),
    )
    said = {
        "Not before the order's end, as printed or as vacated": rule.after_end,
        "Gives the order's last day; a date printed on the order stands before it": rule.ends_order,
        f"Where the court is closed on the last day, open day {rule.closed_day_moves} after it is shown": (
            rule.moves_off_closed_days
        ),
        "Stands on after the order was vacated": rule.outlives_order,
    }
    yield from (line for line, holds in said.items() if holds)


def _named(*lines: tuple[str, str]) -> Iterator[str]:
    yield from (line.format(_event(kind)) for line, kind in lines if kind)


def _meeting(meeting: Meeting) -> str:
    said = words(LANGUAGE).said[f"event.{meeting.happening}"]
    asked = [
        f"for the purpose {meeting.purpose}" if meeting.purpose else "",
        "for everything believed held" if meeting.complete else "",
        "where nothing indicates firearms" if meeting.unless_armed else "",
        "dated at the due day or before" if meeting.set_by_due else "",
        "not before the start" if meeting.at_start else "",
        "about the same term" if meeting.same_key else "",
        f"at the earliest {_offset(meeting.since)} it counts from" if meeting.since else "",
    ]
    return ", ".join([f"“{said}”", *(one for one in asked if one)])


_WITHOUT_AMOUNT = {
    Unit.NEXT_OPEN_DAY: "the next open day",
    Unit.INDEFINITE: "no end",
    Unit.AS_ORDERED: "as the court orders",
}


def _offset(offset: Offset | None) -> str:
    if offset is None:
        return ""
    if offset.unit in _WITHOUT_AMOUNT:
        return _WITHOUT_AMOUNT[offset.unit]
    if offset.amount == 0:
        return "the day itself" if offset.unit is not Unit.ELAPSED_HOURS else "the moment itself"
    size = abs(offset.amount)
    unit = words(LANGUAGE).said[f"unit.{offset.unit}" + ("_one" if size == 1 else "")]
    return f"{size} {unit} {'after' if offset.amount > 0 else 'before'}"


def _since(value: Value) -> str:
    return "always" if value.effective <= LONG_AGO else str(value.effective)


def _value(value: Value) -> str:
    mark = words(LANGUAGE).said[f"mark.{value.mark}"]
    cells = [_since(value), _offset(value.due), _offset(value.opens), _offset(value.alternative), mark]
    return f"| {' | '.join([*cells, '; '.join(value.sources)])} |"


def _certainty(rule: Rule) -> str:
    if rule.certainty is Certainty.DEBATABLE:
        return f"Debatable. {rule.doubt}"
    return "The reading is held to be certain."


def _checkpoint(checkpoint: Checkpoint) -> str:
    when = f"{_offset(checkpoint.offset)} ({checkpoint.anchor})"
    if checkpoint.offset.unit is not Unit.ELAPSED_HOURS:
        when += f" at {checkpoint.clock:%H:%M}"
    told = ", ".join(_plain(one) for one in checkpoint.audience)
    return f"| {checkpoint.name} | {checkpoint.purpose} | {when} | {told} |"


def _expected(scenario: Scenario, rule: Rule) -> str:
    wanted = [one for one in scenario.expectations if one.get("deadline") == rule.id]
    return f"({'; '.join(_said(one.items()) for one in wanted)})"


def _said(expected: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{_plain(key)} {_shown(value)}" for key, value in expected if key != "deadline")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower()
