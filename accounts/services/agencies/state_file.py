"""Load the courts, agencies and places of a state from a file that an administrator wrote.

The command reads the file from a disk, the admin from an upload. Both call `load_text`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import POLICE, Agency, AgencyKind, AuditAction, EntryPoint, State, Town
from accounts.models.agencies import place_name
from accounts.services.access.access_log import record as log
from accounts.services.access.access_log import record_for
from accounts.services.agencies import directory
from accounts.text import clean

#: The columns of each table: our field by the key of the file.
_AGENCY = {
    "name": "name",
    "kind": "kind",
    "ori": "ori",
    "email": "email",
    "telephone": "telephone",
    "serves_state": "answers_for_state",
}
_COURT = {
    "name": "name",
    "county": "area",
    "email": "email",
    "telephone": "telephone",
    "docket_prefixes": "docket_prefixes",
}
_PLACE = {"name": "name", "police": "police", "within": "within", "fips": "fips"}
_TABLES = {"agency": _AGENCY, "court": _COURT, "place": _PLACE}

#: A file with every key, as `load_state --example` prints it.
EXAMPLE = """\
# Courts, agencies and places of one state. Load it with `manage.py load_state FILE`; a second load changes
# nothing. What the file leaves out stays as it is. Names of agencies are unique across all states.
state = "us_vt"

[[agency]]
name = "Vermont State Police"
# One of police, state_police, other_police, marshal, prosecutor, advocacy, licensing, school:
kind = "state_police"
ori = "VTVSP0000"                # nine characters, or leave it out
email = "desk@state-police.example"
serves_state = true              # alerted about orders anywhere in the state; one agency of each kind

[[agency]]
name = "Hartford Police Department (Vermont)"
kind = "police"

[[court]]
name = "Vermont Superior Court, Windsor Unit"
county = ""                      # only one with another time zone than its state, such as Lake in Indiana
docket_prefixes = ["WR"]
telephone = "802-555-0100"       # of the clerk's office: officers call it

[[place]]                        # a town, or a county
name = "Hartford"                # stored as "Hartford, Vermont"
police = "Hartford Police Department (Vermont)"
fips = "5002732275"

[[place]]
name = "Wilder"
within = "Hartford"              # for a village: its town
police = "Hartford Police Department (Vermont)"
"""


class StateFileError(ValueError):
    """A file that cannot be loaded. `problems` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a load changed: a line for each new or changed row, and the number of those that were right."""

    state: State
    lines: tuple[str, ...]
    unchanged: int


def load_state(file: Path, *, dry_run: bool = False) -> Loaded:
    """Load the file, all or nothing; with `dry_run` only check it. Raises `StateFileError`."""
    try:
        text = text_of(file.read_bytes())
    except OSError as error:
        raise StateFileError([f"{file.name}: cannot be read: {error}"]) from error
    return load_text(text, dry_run=dry_run)


def text_of(content: bytes) -> str:
    """Return the text of a file. Raises `StateFileError` if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StateFileError(
            [f"Line {line}: not UTF-8. Save the file as UTF-8 and send it again."]
        ) from error


def load_text(text: str, *, dry_run: bool = False, request: HttpRequest | None = None) -> Loaded:
    """Load the text of a file, all or nothing; with `dry_run` only check it. Raises `StateFileError`.

    With a request the access log names the person; without one, the command.
    """
    state, rows = _read(text)
    lines: list[str] = []
    problems: list[str] = []
    unchanged = 0
    with transaction.atomic():
        for table, given in rows:
            try:
                line = _store(table, given, state)
            except ValidationError as refusal:
                problems += [f"{table} “{given['name']}”: {one}" for one in _sentences(refusal)]
                continue
            unchanged += not line
            lines += [line] if line else []
        if problems:
            raise StateFileError(problems)
        if lines and not dry_run:
            _log(request, {"kind": "state file", "name": state.label, "rows": len(lines)})
        transaction.set_rollback(dry_run)
    return Loaded(state=state, lines=tuple(lines), unchanged=unchanged)


def _log(request: HttpRequest | None, detail: dict[str, Any]) -> None:
    if request is None:
        log(AuditAction.DIRECTORY_CHANGED, EntryPoint.COMMAND, detail=detail)
    else:
        record_for(request, AuditAction.DIRECTORY_CHANGED, detail=detail)


def _read(text: str) -> tuple[State, list[tuple[str, dict[str, Any]]]]:
    try:
        data = _cleaned(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise StateFileError([f"The file cannot be read: {error}. Correct that place."]) from error
    problems = list(_faults(data))
    if problems:
        raise StateFileError(problems)
    # Police before the places that they serve, towns before their villages.
    places = sorted(data.get("place", ()), key=lambda row: bool(row.get("within")))
    tables = {**data, "place": places}
    return State(data["state"]), [(table, row) for table in _TABLES for row in tables.get(table, ())]


def _cleaned(value: Any) -> Any:
    """Return what was read with every text cleaned, as text is at every other door."""
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    return clean(value) if isinstance(value, str) else value


def _faults(data: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the form of the file."""
    if data.get("state") not in State.values:
        yield f"state: missing or not known. Use one of: {', '.join(State.values)}."
    for table in data.keys() - _TABLES.keys() - {"state"}:
        yield f"“{table}” is not known. Use state, {', '.join(_TABLES)}."
    for table, keys in _TABLES.items():
        rows = data.get(table, [])
        if isinstance(rows, list):
            for place, row in enumerate(rows, start=1):
                yield from _faults_of(row, f"{table} {place}", table, keys)
        else:
            yield f"{table}: write [[{table}]] above the keys of each row."


def _faults_of(row: Any, which: str, table: str, keys: Collection[str]) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"{which}: write [[{table}]], then its keys."
    elif not isinstance(row.get("name"), str) or not row["name"].strip():
        yield f"{which}: name: missing. Every {table} has one."
    elif unknown := sorted(row.keys() - set(keys)):
        yield f"{table} “{row['name']}”: {', '.join(unknown)}: not known. Use {', '.join(keys)}."
    else:
        yield from (f"{table} “{row['name']}”: {fault}" for fault in _wrong_types(row))


def _wrong_types(row: dict[str, Any]) -> Iterator[str]:
    wanted = {"serves_state": (bool, "true or false"), "docket_prefixes": (list, "a list of texts")}
    for key, value in row.items():
        kind, words = wanted.get(key, (str, "a text in quotes"))
        if not isinstance(value, kind):
            yield f"{key}: write {words}."


def _store(table: str, given: dict[str, Any], state: State) -> str:
    """Store the row, and return a line about it; empty if it was right. Raises `ValidationError`."""
    row, facts = _place(given, state) if table == "place" else _agency(table, given, state)
    is_new = row.pk is None
    changed = [] if is_new else sorted(name for name, value in facts.items() if getattr(row, name) != value)
    if not is_new and not changed:
        return ""
    for name, value in facts.items():
        setattr(row, name, value)
    directory.record(row=row)
    return f"{table} “{row.name}”: " + ("added" if is_new else f"changed: {', '.join(changed)}")


def _agency(table: str, given: dict[str, Any], state: State) -> tuple[Agency, dict[str, Any]]:
    keys = _TABLES[table]
    facts = {keys[key]: value for key, value in given.items()}
    if table == "court":
        facts["kind"] = AgencyKind.COURT.value
        if "docket_prefixes" in facts:
            facts["docket_prefixes"] = " ".join(map(str, facts["docket_prefixes"]))
    elif given.get("kind") == AgencyKind.COURT:
        raise ValidationError({"kind": "Write a court under [[court]]."})
    row = Agency.objects.filter(name=given["name"]).first() or Agency(name=given["name"], jurisdiction=state)
    if row.jurisdiction != state:
        label = row.get_jurisdiction_display()
        message = f"An agency of {label} has this name. Add the state to it, such as “… ({state.label})”."
        raise ValidationError({"name": message})
    return row, facts


def _place(given: dict[str, Any], state: State) -> tuple[Town, dict[str, Any]]:
    facts = {_PLACE[key]: value for key, value in given.items()}
    facts["name"] = place_name(given["name"], state)
    if "police" in given:
        facts["police"] = Agency.objects.filter(name=given["police"], kind__in=POLICE).first()
        if facts["police"] is None:
            raise ValidationError(
                {"police": f"No police agency is called “{given['police']}”. Add it first."}
            )
    if given.get("within"):
        facts["within"] = Town.objects.filter(name=place_name(given["within"], state), within=None).first()
        if facts["within"] is None:
            raise ValidationError({"within": f"No town is called “{given['within']}”. Add it first."})
    elif "within" in facts:
        facts["within"] = None
    row = Town.objects.filter(name=facts["name"]).first() or Town(name=facts["name"], jurisdiction=state)
    if row.pk is None and "police" not in facts:
        raise ValidationError({"police": "Every place has a police agency. Name it."})
    return row, facts


def _sentences(refusal: ValidationError) -> Iterator[str]:
    for name, messages in refusal.message_dict.items():
        field = "" if name == "__all__" else f"{name}: "
        yield from (f"{field}{message}" for message in messages)
