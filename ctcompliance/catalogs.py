"""Catalogs of translated texts: read `.po` files, find the texts to translate, and write `.mo` files.

GNU gettext is not needed. `manage.py catalogs` compiles; both files are committed, and a test compares them.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
#: Texts that code passes on as values: titles of the navigation, the ways of a safe contact, and why a form
#: is shown again.
PASSED_ON = (
    "Home",
    "Your clients' orders",
    "Notifications",
    "Account security",
    "Mailbox",
    "Email",
    "Text message",
    "Through the advocate",
    "Your session ended before this was saved. Check it and save.",
    "This is not saved yet. Check it and save.",
    "This form was already saved before you changed it here. The marked fields show what was saved. Your "
    "changes are not saved: open what was saved and correct it there. Save this only if it is another one.",
    "The same was saved a few minutes ago. If this is another one, save it again; if it is the same one, "
    "leave this page.",
    # What the search shows of an order.
    "Vacated",
    "Ended",
    "In force, not served",
    "In force",
    "Name",
    "Similar name",
    "Date of birth",
    "Docket number",
    "Serial number",
    "Similar serial number",
    "Registry number",
    "Receipt number",
    "Permit number",
    "Former number",
    "Restraining order application",
    "Ex parte restraining order",
    "Restraining order after hearing",
    "Civil protection order",
    "Family violence protective order",
    "Risk protection order",
    "Order of another state",
    "Interim extreme-risk order",
    "Temporary extreme-risk order",
    "Final extreme-risk order",
)
_CALLS = frozenset({"gettext", "gettext_lazy", "gettext_noop", "ngettext", "_"})
#: A plural text has a second and, in the catalog, an entry for each form.
_TEXT = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?|)\s*"(.*)"$')


@dataclass(frozen=True)
class CatalogEntry:
    """One text, its plural if it has one, and its translations, one for each form."""

    text: str
    plural: str
    translations: tuple[str, ...]

    @property
    def key(self) -> str:
        """The text as a compiled catalog has it."""
        return f"{self.text}\0{self.plural}" if self.plural else self.text


def catalogs() -> list[Path]:
    """Return the `.po` files of the project's apps."""
    return sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po"))


def read(file: Path) -> list[CatalogEntry]:
    """Return the entries of a `.po` file, the header first."""
    return [_entry(block) for block in file.read_text().split("\n\n") if "msgid" in block]


def _entry(block: str) -> CatalogEntry:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if found := _TEXT.match(line):
            name = found[1] or name
            fields[name] = fields.get(name, "") + str(ast.literal_eval(f'"{found[2]}"'))
    plural = fields.get("msgid_plural", "")
    forms = [value for key, value in sorted(fields.items()) if key.startswith("msgstr")]
    return CatalogEntry(fields["msgid"], plural, tuple(forms))


def compiled(entries: list[CatalogEntry]) -> bytes:
    """Return the bytes of a `.mo` file."""
    rows = sorted((one.key.encode(), "\0".join(one.translations).encode()) for one in entries)
    head = 7 * 4
    at = head + 16 * len(rows)
    keys, values, texts = b"", b"", b""
    for number in (0, 1):
        for row in rows:
            place = struct.pack("<II", len(row[number]), at + len(texts))
            keys, values = (keys + place, values) if number == 0 else (keys, values + place)
            texts += row[number] + b"\0"
    start = struct.pack("<IIIIIII", 0x950412DE, 0, len(rows), head, head + 8 * len(rows), 0, at)
    return start + keys + values + texts


def wanted(app: Path) -> set[str]:
    """Return the texts to translate in the templates and modules of an app."""
    found: set[str] = set()
    for file in app.rglob("*.html"):
        source = file.read_text()
        if "i18n" in source:
            found.update(_called(_calls_of(templatize(source))))
    for file in app.rglob("*.py"):
        if "migrations" not in file.parts and "gettext" in (source := file.read_text()):
            found.update(_called(source))
    return found


def _calls_of(templatized: str) -> str:
    """Return one call a line. What Django makes of a template is for `xgettext`, and is no Python."""
    calls = re.findall(r" (?:gettext|ngettext|_)\(u?(?:'|\").*?(?:'|\")\)|ngettext\(.*?\) ", templatized)
    return "\n".join(calls)


def _called(source: str) -> Iterator[str]:
    for line in [source] if "\nimport " in source or "from __future__" in source else source.splitlines():
        for node in ast.walk(ast.parse(line.strip())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
