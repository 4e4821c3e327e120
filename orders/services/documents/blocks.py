"""The parts of a document. They hold text only: a part never holds markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Block:
    """One part of a document. `type` is its name in `document.typ`."""

    type: ClassVar[str]

    def as_data(self) -> dict[str, Any]:
        """Return the part as the template reads it."""
        return {"type": self.type, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Heading(Block):
    """The heading of a section."""

    type = "heading"
    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph(Block):
    """A paragraph."""

    type = "paragraph"
    text: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Note(Block):
    """A paragraph in small print."""

    type = "note"
    text: str


@dataclass(frozen=True, kw_only=True)
class Boxed(Block):
    """What the reader must not miss, in a frame."""

    type = "boxed"
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FactGrid(Block):
    """Names of facts with their values, in one or two columns."""

    type = "facts"
    pairs: Sequence[tuple[str, str]]
    columns: int = 2


@dataclass(frozen=True, kw_only=True)
class DataTable(Block):
    """A table with a header. `widths` are the shares of the columns."""

    type = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Items(Block):
    """A list."""

    type = "items"
    lines: Sequence[str]
    numbered: bool = True


@dataclass(frozen=True, kw_only=True)
class Choices(Block):
    """Boxes to tick on paper."""

    type = "choices"
    lines: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Write(Block):
    """Lines to fill in by hand."""

    type = "write"
    labels: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Signer:
    """One signature: its drawing as SVG, or the words that are there instead."""

    caption: str
    drawing: str = ""
    instead: str = ""
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Signatures(Block):
    """Signatures beside each other."""

    type = "signatures"
    signers: Sequence[Signer]


@dataclass(frozen=True, kw_only=True)
class Code(Block):
    """A code to scan at the foot of the page, with what it holds."""

    type = "code"
    drawing: str
    alt: str
    lines: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class NewPage(Block):
    """What follows begins on a new page."""

    type = "page"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document: its title, the office that issues it, its number, and its parts.

    `name` is the name of its file without the ending; it never holds a person's name.
    """

    name: str
    title: str
    office: str
    blocks: Sequence[Block]
    language: str = "en"
    office_lines: Sequence[str] = ()
    number: str = ""
    foot: Sequence[str] = ()
    wide: bool = False
    dense: bool = False
    #: The words around the page numbers.
    page_words: tuple[str, str] = field(default=("Page", "of"))

    def as_data(self) -> dict[str, Any]:
        """Return the document as the template reads it."""
        return {
            "title": self.title,
            "language": self.language,
            "office": self.office,
            "office_lines": list(self.office_lines),
            "number": self.number,
            "foot": list(self.foot),
            "wide": self.wide,
            "dense": self.dense,
            "page_word": self.page_words[0],
            "of_word": self.page_words[1],
            "blocks": [one.as_data() for one in self.blocks],
        }
