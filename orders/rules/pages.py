"""Render the rulebook as pages: one for each rule, one for each state's entries, the table of coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from orders.rules.dossier import Dossier, carrying, covering, pinning
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import (
    Binding,
    CheckpointRule,
    Entry,
    MetBy,
    Offset,
    Rule,
    Value,
)
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.vocabulary import LONG_AGO, Certainty, EntryType, SourceStatus, Unit
from orders.rules.words import LANGUAGE, words

GENERATED = (
    "<!-- `manage.py rules pages` writes this page from the rule files. Change those, not this page. -->"
)


def pages(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> dict[str, str]:
    """Return every generated page by its path below the documentation folder."""
    found = {
        "law-coverage.md": law_coverage(rulebook, scenarios, dossier),
        "rulebook/README.md": index(rulebook),
    }
    for rule in rulebook.rules:
        found[f"rulebook/{rule.id}.md"] = rule_page(rule, rulebook, scenarios)
    for jurisdiction in rulebook.jurisdictions.values():
        found[f"rulebook/{jurisdiction.id}.md"] = entries_page(jurisdiction, rulebook, dossier)
    return found


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the pages below `folder` that differ from `wanted` or are not in it."""
    existing = {file.relative_to(folder).as_posix() for file in folder.glob("rulebook/*.md")}
    return sorted(
        {name for name, text in wanted.items() if _text(folder / name) != text} | (existing - wanted.keys())
    )


def write(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Write the pages that differ and remove those that are not wanted. Return the names of both."""
    changed = stale(folder, wanted)
    for name in changed:
        file = folder / name
        if name in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wanted[name].encode())
        else:
            file.unlink()
    return changed


def _text(file: Path) -> str | None:
    return file.read_bytes().decode() if file.exists() else None


def law_coverage(rulebook: Rulebook, scenarios: list[Scenario], dossier: Dossier) -> str:
    """Return the table of the dossier: what carries each id and cell, its file, and its scenarios."""
    lines = [
        "# Law coverage",
        "",
        GENERATED,
        "",
        "Every id of the dossier's Connecticut tables, and every cell of its state records with a rule.",
        "A *deadline* has a page in the [rulebook](rulebook/README.md). For the others see the state's page.",
        "",
        "## Connecticut",
        "",
        "| Id | Carried by | File | Scenarios |",
        "|---|---|---|---|",
    ]
    for id_ in dossier.ids:
        lines.extend(_row(id_, one, scenarios) for one in carrying(rulebook, id_))
    for jurisdiction, cells in dossier.cells.items():
        lines += ["", f"## {rulebook.jurisdictions[jurisdiction].name}: the table of thirteen states", ""]
        lines += ["| Cell | Carried by | File | Scenarios |", "|---|---|---|---|"]
        for cell in cells:
            named = cell.replace("_", " ")
            lines.extend(_row(named, one, scenarios) for one in covering(rulebook, jurisdiction, cell))
        if silent := dossier.silent.get(jurisdiction):
            lines += ["", f"Silent, so without a deadline: {', '.join(silent).replace('_', ' ')}."]
    return "\n".join(lines) + "\n"


def _row(name: str, one: Rule | Entry, scenarios: list[Scenario]) -> str:
    if isinstance(one, Rule):
        page = f"[{one.id}](rulebook/{one.id}.md)"
        return f"| {name} | deadline {page} | `{one.file}` | {len(pinning(one, scenarios))} |"
    return f"| {name} | {entry_type(one)} [{one.id}](rulebook/{one.jurisdiction}.md) | `{one.file}` | |"


def index(rulebook: Rulebook) -> str:
    """Return the list of all rules by state."""
    lines = [
        "# The rulebook",
        "",
        GENERATED,
        "",
        "The deadlines that this system computes, one page each. This is not legal advice. Every value names "
        "its source and how well the source is known. To change a rule, see [rules](../rules.md).",
    ]
    for jurisdiction in rulebook.jurisdictions.values():
        lines += ["", f"## {jurisdiction.name}", ""]
        lines += [
            f"- [{rule.id}]({rule.id}.md): {rule.title}"
            for rule in sorted(rulebook.rules, key=lambda rule: rule.id)
            if rule.jurisdiction == jurisdiction.id
        ]
        lines.append(f"- [Rules without a time]({jurisdiction.id}.md)")
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule, rulebook: Rulebook, scenarios: list[Scenario]) -> str:
    """Return the page of a rule: the orders it binds, values, sources, certainty, checkpoints, scenarios."""
    lines = [f"# {rule.id}", "", GENERATED, "", rule.title, ""]
    lines += [f"- State: {rulebook.jurisdictions[rule.jurisdiction].name}"]
    lines += [f"- Who must act: {rule.actor}"]
    lines += [f"- Binds: {'; '.join(_binding(bind) for bind in rule.binds)}"]
    lines += [f"- For orders issued before {rule.until}"] if rule.until else []
    lines += [f"- {line}" for line in _start(rule)]
    if rule.part_of:
        page = rule.part_of if rule.part_of in rulebook.by_id else rule.jurisdiction
        lines += [f"- Part of [{rule.part_of}]({page}.md)"]
    if rule.met_by:
        lines += [f"- Met when {'; or '.join(_met_by(one) for one in rule.met_by)}"]
    lines += [f"- File: `{rule.file}`"]
    lines += ["", "## Values", "", "| From | Due | Opens | Other reading | Status | Sources |"]
    lines += ["|---|---|---|---|---|---|", *(_value(value) for value in rule.values)]
    lines += [f"\n{_since(value)}: {line}" for value in rule.values for line in _own(value)]
    lines += ["", "## Certainty", "", _certainty(rule)]
    if rule.checkpoints:
        lines += ["", "## Checkpoints", "", "| Name | Purpose | When | Notified |", "|---|---|---|---|"]
        lines += [_checkpoint(checkpoint) for checkpoint in rule.checkpoints]
        if rule.alarms_when_armed:
            lines += ["", "Only if something indicates firearms."]
    if rule.no_check:
        lines += ["", f"No check: {rule.no_check}"]
    lines += ["", "## Scenarios", ""]
    lines += [f"- {one.id}: {one.name} {_expected(one, rule)}" for one in pinning(rule, scenarios)]
    return "\n".join(lines) + "\n"


def entries_page(jurisdiction: Jurisdiction, rulebook: Rulebook, dossier: Dossier) -> str:
    """Return the page of a state's rules without a time: what each is in the product, and its sources."""
    lines = [f"# {jurisdiction.name}: rules without a time", "", GENERATED, ""]
    lines += [
        f"Source of the holidays: {_status(jurisdiction.source_status)}. {_one_line(jurisdiction.about)}"
    ]
    if _has_no_time_to_surrender(jurisdiction.id, rulebook, dossier):
        lines += [
            "",
            f"The dossier has no time within which firearms are surrendered under the law of "
            f"{jurisdiction.name}, so no deadline of surrender is planned.",
        ]
    for entry in rulebook.entries:
        if entry.jurisdiction == jurisdiction.id:
            lines += ["", f"## {entry.id}", "", entry.title, "", *_entry(entry)]
    return "\n".join(lines) + "\n"


def _has_no_time_to_surrender(jurisdiction: str, rulebook: Rulebook, dossier: Dossier) -> bool:
    """Return True if the state's record is silent about it and no rule of the state asks for a surrender."""
    asks = any(
        one.event == "surrendered"
        for rule in rulebook.rules
        if rule.jurisdiction == jurisdiction
        for one in rule.met_by
    )
    return not asks and "surrender_deadline" in dossier.silent.get(jurisdiction, ())


def _entry(entry: Entry) -> Iterator[str]:
    yield f"- Type: {entry_type(entry)}"
    if entry.recipient:
        yield f"- For: {entry.recipient}"
    if entry.sender:
        yield f"- From: {entry.sender}"
    if entry.kinds:
        yield f"- Orders: {', '.join(plain(kind) for kind in entry.kinds)}"
    yield from (f"- {line}" for line in conditions(entry))
    if entry.effective > LONG_AGO:
        yield f"- For orders issued on or after {entry.effective}"
    if entry.until:
        yield f"- For orders issued before {entry.until}"
    yield f"- Source: {'; '.join(entry.sources)} ({_status(entry.source_status)})"
    if entry.doubt:
        yield f"- Debatable: {entry.doubt}"
    if entry.note:
        yield f"- {entry.note}"


#: The types whose value is not the whole name.
_TYPES = {
    EntryType.RECIPIENTS: "lawful recipients of firearms",
    EntryType.FILERS: "who may file",
    EntryType.PROOF: "standard of proof",
    EntryType.RETURN: "requirements for a return",
}


def entry_type(entry: Entry) -> str:
    """Return the name of the entry's type."""
    return _TYPES.get(entry.type, plain(entry.type))


def conditions(entry: Entry) -> Iterator[str]:
    """Yield a sentence for each condition that is checked when facts are entered."""
    if entry.allows:
        what = "May file" if entry.type is EntryType.FILERS else "Firearms may go to"
        yield f"{what}: {_listed(entry.allows)}"
    if entry.from_custody:
        yield f"From police custody also to: {_listed(entry.from_custody)}"
    if entry.standard:
        when = f", if filed by {_listed(entry.filed_by)}" if entry.filed_by else ""
        yield f"Requires {plain(entry.standard)}{when}{', after a hearing' * entry.after_hearing}"
    if entry.requires:
        yield f"Before firearms are returned: {_listed(entry.requires)}"


def _listed(words_: Iterable[str]) -> str:
    return ", ".join(plain(one) for one in words_)


def plain(word: str) -> str:
    """Return a word of a rule file as people write it."""
    return word.replace("_", " ")


def _status(status: SourceStatus) -> str:
    return words(LANGUAGE).texts[f"source_status.{status}"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _binding(bind: Binding) -> str:
    questions = {
        "firearms or a permit are indicated": bind.firearms_indicated,
        "support was ordered": bind.financial_support,
    }
    answers = [
        words_ if answer else f"not {words_}" for words_, answer in questions.items() if answer is not None
    ]
    return plain(bind.kind) + (f", if {' and '.join(answers)}" if answers else "")


def _event(kind: str) -> str:
    return f"“{words(LANGUAGE).texts[f'event.{kind}']}”"


def _start(rule: Rule) -> Iterator[str]:
    """Yield a line for each key about the rule's start, due day and end."""
    purpose = f", for the purpose {rule.start_purpose}" if rule.start_purpose else ""
    yield f"Runs from {_event(rule.starts)}{purpose} ({rule.pick} one)"
    yield from _named(
        ("If that is not recorded, from {}", rule.else_starts),
        ("Not before {}, if that is recorded", rule.not_before),
        ("For a respondent in custody, from {}", rule.custody_starts),
        ("The due day counts from {} after it", rule.due_starts),
        ("The opening counts from {}, if that is later", rule.opens_after),
        ("Opens at once if {}", rule.opened_by),
        *(("Only if {} or another event of this list is recorded", kind) for kind in rule.only_after),
    )
    for one in rule.unless:
        by = f", at the latest {offset_words(one.by)} the start" if one.by else ""
        same = " of the same start" if one.same_key else ""
        unmet = ", and nothing met it" if one.unmet else ""
        yield f"Not if {_event(one.event)}{same} is recorded{by}{unmet}"
    lines = {
        "Not before the order's end, as printed or vacated": rule.after_end,
        "Gives the order's last day; a date printed on the order goes first": rule.ends_order,
        "The due day is an end, not a duty": rule.is_end,
        "A court may set another time for the opening": rule.court_sets_opening,
        "If the court is closed on the last day, the open day nearest to it is shown": rule.moves_to_nearest,
        f"If the court is closed on the last day, open day {rule.closed_day_moves} after it is shown": (
            rule.moves_off_closed_days and not rule.moves_to_nearest
        ),
        "Remains after the order was vacated": rule.outlives_order,
    }
    yield from (line for line, holds in lines.items() if holds)


def _named(*lines: tuple[str, str]) -> Iterator[str]:
    yield from (line.format(_event(kind)) for line, kind in lines if kind)


def _met_by(met_by: MetBy) -> str:
    conditions_ = [
        f"for the purpose {met_by.purpose}" if met_by.purpose else "",
        "for everything believed held" if met_by.complete else "",
        "if nothing indicates firearms" if met_by.unless_armed else "",
        "dated on or before the due day" if met_by.set_by_due else "",
        "not before the start" if met_by.at_start else "",
        "about the same condition" if met_by.same_key else "",
        f"at the earliest {offset_words(met_by.since)} the start" if met_by.since else "",
    ]
    return ", ".join([_event(met_by.event), *(one for one in conditions_ if one)])


_WITHOUT_AMOUNT = {
    Unit.NEXT_OPEN_DAY: "the next open day",
    Unit.INDEFINITE: "no end",
    Unit.AS_ORDERED: "as the court orders",
}


def offset_words(offset: Offset | None) -> str:
    """Return an offset in words, such as “3 calendar days before”."""
    if offset is None:
        return ""
    if offset.unit in _WITHOUT_AMOUNT:
        return _WITHOUT_AMOUNT[offset.unit]
    if offset.amount == 0:
        return "the day itself" if offset.unit is not Unit.ELAPSED_HOURS else "the moment itself"
    size = abs(offset.amount)
    unit = words(LANGUAGE).texts[f"unit.{offset.unit}" + ("_one" if size == 1 else "")]
    return f"{size} {unit} {'after' if offset.amount > 0 else 'before'}"


def _since(value: Value) -> str:
    return "always" if value.effective <= LONG_AGO else str(value.effective)


def _value(value: Value) -> str:
    offsets = (offset_words(one) for one in (value.due, value.opens, value.alternative))
    cells = [_since(value), *offsets, _status(value.source_status), "; ".join(value.sources)]
    return f"| {' | '.join(cells)} |"


def _own(value: Value) -> Iterator[str]:
    """Yield the note of a value, and what it replaces of its rule."""
    if value.starts:
        yield f"runs from {_event(value.starts)}."
    if value.actor:
        yield f"who must act: {value.actor}."
    if value.certainty is Certainty.CERTAIN:
        yield "this reading is considered certain."
    elif value.doubt:
        yield f"debatable. {value.doubt}"
    for one in value.by_way:
        known = f"debatable. {one.doubt}" if one.doubt else "this reading is considered certain."
        yield f"served {plain(one.way)}: {offset_words(one.due)}; {known}"
    if value.note:
        yield value.note


def _certainty(rule: Rule) -> str:
    if rule.certainty is Certainty.DEBATABLE:
        return f"Debatable. {rule.doubt}"
    if rule.closed_day_doubt:
        return f"Certain, but debatable if the court is closed on the last day. {rule.closed_day_doubt}"
    return "This reading is considered certain."


def _checkpoint(checkpoint: CheckpointRule) -> str:
    when = f"{offset_words(checkpoint.offset)} ({checkpoint.anchor})"
    if checkpoint.offset.unit is not Unit.ELAPSED_HOURS:
        when += f" at {checkpoint.clock:%H:%M}"
    notified = ", ".join(plain(one) for one in checkpoint.audience)
    return f"| {checkpoint.name} | {checkpoint.purpose} | {when} | {notified} |"


def _expected(scenario: Scenario, rule: Rule) -> str:
    wanted = [one for one in scenario.expectations if one.get("deadline") == rule.id]
    return f"({'; '.join(_expectation(one.items()) for one in wanted)})"


def _expectation(expected: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{plain(key)} {_formatted(value)}" for key, value in expected if key != "deadline")


def _formatted(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower()
