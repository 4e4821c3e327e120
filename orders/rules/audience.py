"""Who hears what: the lines of `docs/who-hears-what.md`, from rules, announcements and one data file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orders.rules.loading import DATA
from orders.rules.model import CheckpointRule, Rule
from orders.rules.pages import GENERATED, offset_words, plain
from orders.rules.rulebook import Rulebook
from orders.rules.tables import Table, read
from orders.rules.vocabulary import AUDIENCES, Anchor, Purpose

FILE = DATA / "audience.toml"

#: Words of an audience that are no capacity.
_PEOPLE = frozenset({"administrator", "assisting_police"})
#: The police, whose unanswered alerts climb the ladder.
_POLICE = frozenset({"respondent_police", "service_police", "assisting_police", "state_police"})
_LADDER = "The next contacts of the agency, then its supervisors, then the State Police are notified."


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that an audience hears of."""

    word: str
    id: str
    what: str
    orders: str
    purpose: str
    when: str
    ask: str
    unanswered: str


@dataclass(frozen=True, kw_only=True)
class Other:
    """An alert that neither a rule nor an announcement starts."""

    event: str
    audience: tuple[str, ...]
    when: str
    ask: str
    unanswered: str


@dataclass(frozen=True, kw_only=True)
class Audiences:
    """The data file: what each purpose asks and leads to, other alerts, and who hears of nothing."""

    purposes: Mapping[str, tuple[str, str]]
    others: tuple[Other, ...]
    silent: Mapping[str, str]


def load_audiences(file: Path = FILE) -> Audiences:
    """Load the data file. Raises `TableError`."""
    top = Table.read(file, Path(file.name))
    found = Audiences(
        purposes=dict(read(one, _purpose) for one in top.tables("purpose")),
        others=tuple(read(one, _other) for one in top.tables("other")),
        silent={one.text("word"): one.text("reason") for one in top.tables("silent")},
    )
    top.reject_unread()
    return found


def _purpose(table: Table) -> tuple[str, tuple[str, str]]:
    return table.one_of("name", Purpose), (table.text("ask"), table.text("unanswered"))


def _other(table: Table) -> Other:
    return Other(
        event=table.text("event"),
        audience=table.texts("audience", AUDIENCES | _PEOPLE),
        when=table.text("when"),
        ask=table.text("ask"),
        unanswered=table.text("unanswered"),
    )


def lines(rulebook: Rulebook, audiences: Audiences) -> list[Line]:
    """Return everything that anyone hears of: announcements, then rules by state, then other alerts."""
    return [*_announced(rulebook, audiences), *_of_rules(rulebook, audiences), *_others(audiences)]


def _announced(rulebook: Rulebook, audiences: Audiences) -> Iterator[Line]:
    for one in rulebook.announcements:
        states = ", ".join(rulebook.jurisdictions[id_].name for id_ in one.states) or "all states"
        if one.not_in:
            states += " but " + ", ".join(rulebook.jurisdictions[id_].name for id_ in one.not_in)
        orders = f"{', '.join(plain(kind) for kind in one.kinds) or 'every kind'}; {states}"
        for notified in one.rule.checkpoints:
            armed = ", if firearms are indicated" * (one.rule.alarms_when_armed or notified.when_armed)
            yield from _each(one.rule, notified, orders + armed, _when_announced(notified), audiences)


def _of_rules(rulebook: Rulebook, audiences: Audiences) -> Iterator[Line]:
    ranked = sorted(
        rulebook.rules, key=lambda rule: (rule.jurisdiction != "us_ct", rule.jurisdiction, rule.id)
    )
    for rule in ranked:
        kinds = ", ".join(dict.fromkeys(plain(bind.kind) for bind in rule.binds))
        orders = f"{kinds}; {rulebook.jurisdictions[rule.jurisdiction].name}"
        armed = ", if firearms are indicated" * rule.alarms_when_armed
        for notified in rule.checkpoints:
            yield from _each(rule, notified, orders + armed, _when_due(notified), audiences)


def _others(audiences: Audiences) -> Iterator[Line]:
    for one in audiences.others:
        for word in one.audience:
            yield Line(
                word=word,
                id="",
                what=one.event,
                orders="",
                purpose="",
                when=one.when,
                ask=one.ask,
                unanswered=one.unanswered,
            )


def _each(
    rule: Rule, notified: CheckpointRule, orders: str, when: str, audiences: Audiences
) -> Iterator[Line]:
    ask, unanswered = audiences.purposes[notified.purpose]
    presses = notified.needs_answer or notified.purpose in (Purpose.CHECK, Purpose.ESCALATE)
    for word in notified.audience:
        yield Line(
            word=word,
            id=rule.id,
            what=rule.title,
            orders=orders,
            purpose=notified.purpose.value,
            when=when,
            ask=notified.ask or ask,
            unanswered=_unanswered(word, unanswered, presses=presses),
        )


def _unanswered(word: str, of_purpose: str, *, presses: bool) -> str:
    if word == "protected_person":
        return "No answer is expected."
    return _LADDER if presses and word in _POLICE else of_purpose


def _when_announced(notified: CheckpointRule) -> str:
    return "at once" if notified.is_first else f"{offset_words(notified.offset)} it"


def _when_due(notified: CheckpointRule) -> str:
    anchor = "it opens" if notified.anchor is Anchor.OPENS else "it is due"
    if notified.offset.amount == 0:
        return f"when {anchor}"
    return f"{offset_words(notified.offset)} {anchor}"


def missing(words: Collection[str], found: Collection[Line], silent: Mapping[str, str]) -> list[str]:
    """Return the words that no line has and that are not silent for a reason, and silent ones with a line."""
    heard = {one.word for one in found}
    return sorted({word for word in words if (word in heard) == (word in silent)})


def audience_page(rulebook: Rulebook, audiences: Audiences, roles: Mapping[str, str]) -> str:
    """Return the page. `roles` has the role that receives the alerts of each audience."""
    found = lines(rulebook, audiences)
    text = [
        "# Who hears what",
        "",
        GENERATED,
        "",
        *_INTRODUCTION,
        "",
        "| Audience | Role | Lines |",
        "|---|---|---|",
    ]
    words = sorted({one.word for one in found} | roles.keys())
    text += [
        f"| {plain(word)} | {plain(roles.get(word, word))} | {sum(one.word == word for one in found)} |"
        for word in words
    ]
    text += ["", "These hear of nothing:", ""]
    text += [f"- {plain(word)}: {reason}" for word, reason in sorted(audiences.silent.items())]
    for word in words:
        text += ["", f"## {plain(word).capitalize()}", ""]
        text += [
            "| What | Orders | Purpose | When | Asked to do | Without an answer |",
            "|---|---|---|---|---|---|",
        ]
        text += [_row(one) for one in found if one.word == word]
    return "\n".join(text) + "\n"


_INTRODUCTION = (
    "Each event and deadline that someone hears of, by audience. `manage.py rules audience ROLE` prints the "
    "lines of one role. Of an agency, the members in the role of the table below are notified; if no one of "
    "them can be, its backups, then its supervisors and its own address, then the administrators. Advocates "
    "and protected persons hear only while a release is in force, and the protected person only in the way "
    "and hours that he or she chose. Those who got an alert that a correction takes back or changes hear of "
    "that at once. News that a hearing was set, moved or canceled leaves within a minute, also in quiet "
    "hours, but for those of a protected person.",
)


def _row(one: Line) -> str:
    id_ = f" ([{one.id}](rulebook/{one.id}.md))" if one.id and not one.id.startswith("ANN-") else ""
    cells = (f"{one.what}{id_}", one.orders, one.purpose, one.when, one.ask, one.unanswered)
    return f"| {' | '.join(cells)} |"


def printed(found: Collection[Line]) -> Iterator[str]:
    """Yield the lines as the command prints them."""
    for one in found:
        yield f"{plain(one.word)}: {one.what}{f' ({one.id})' if one.id else ''}"
        details = (one.orders, one.purpose, one.when)
        yield f"    {'; '.join(part for part in details if part)}"
        yield f"    {one.ask} Without an answer: {one.unanswered}"
