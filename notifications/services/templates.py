"""What messages say: which wording is in force, what it may hold, and its words with the fields filled in."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from notifications.models import Channel, Language, MessageTemplate
from notifications.services.links import answer_link, list_link

#: Name, channel and language of a message.
Which = tuple[str, str, str]

#: Letters of a subject and of a body, at the most.
SUBJECT = 100
BODY = 2000

#: What the fields take at the most: a link of ours, a code, a phrase.
LONGEST = {"link": "x" * 130, "code": "x" * 6, "phrase": "x" * 60}

#: A text message travels in two parts at the most; what they hold.
_PARTS = 2
_TWO_PARTS = 306

#: What a protected person might have chosen, for a preview.
_PHRASES = {
    Language.ENGLISH.value: "Your library books are ready.",
    Language.SPANISH.value: "Sus libros ya llegaron.",
}

#: Messages that have a line above the text.
_WITH_SUBJECT = (Channel.EMAIL, Channel.SERVICE)

#: What looks like the address of a page.
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)

#: The letters that a text message can be written in (GSM 03.38), and those of them that count twice.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
_TWICE = frozenset("^{}\\[~]|€")


class PoisonError(ValueError):
    """A wording that cannot be written out. The text names the wording and not what went into it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A message's words, and the wording that they are from."""

    label: str
    subject: str
    body: str


class Wordings:
    """The wordings in force, and those that given alerts were sent in: the same key takes the same words.

    Shipped ones need not be stored; of two with one number the stored one counts.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        newest = MessageTemplate.objects.order_by("name", "channel", "language", "-version").distinct(
            "name", "channel", "language"
        )
        self._by_label = _shipped_wordings() | {str(one): one for one in newest}
        self._in_force: dict[Which, MessageTemplate] = {
            _which(one): one for one in sorted(self._by_label.values(), key=lambda one: one.version)
        }
        for label in {*labels} - self._by_label.keys() - {""}:
            self._by_label[label] = _labelled(label)

    def in_force(self, which: Which) -> MessageTemplate:
        """The wording that a message is written in now. Raises `PoisonError` where there is none."""
        try:
            return self._in_force[which]
        except KeyError as error:
            raise PoisonError(f"no wording for {'.'.join(which)}") from error

    def write(self, which: Which, fields: Mapping[str, str], *, label: str = "") -> Rendered:
        """The words of the message. Raises `PoisonError` for a wording that cannot be filled in."""
        return filled_in(self._by_label.get(label) or self.in_force(which), fields)


def filled_in(template: MessageTemplate, fields: Mapping[str, str]) -> Rendered:
    """The wording's words. Raises `PoisonError` where they cannot be filled in, or the subject is no line."""
    try:
        subject, body = (text.format(**fields) for text in (template.subject, template.body))
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise PoisonError(f"wording {template} cannot be filled in: {type(error).__name__}") from error
    if subject.splitlines() not in ([], [subject]):
        raise PoisonError(f"wording {template} has a subject of several lines")
    return Rendered(label=str(template), subject=subject, body=body)


def add_wording(which: Which, *, subject: str, body: str, by: User | None, now: datetime) -> MessageTemplate:
    """A new version of the message, in force from now on. Raises `ValidationError`, by field."""
    check_wording(which, subject=subject, body=body)
    name, channel, language = which
    template = MessageTemplate(
        name=name,
        channel=channel,
        language=language,
        version=Wordings().in_force(which).version + 1,
        subject=subject,
        body=body,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            template.save(force_insert=True)
    except IntegrityError:
        raise ValidationError("Somebody wrote another version just now. Read it, then write yours.") from None
    return template


def check_wording(which: Which, *, subject: str, body: str) -> None:
    """Refuses a wording that says too much, or does not do what its message is for."""
    found = {"subject": _wrong_with_subject(which, subject), "body": _wrong_with_body(which, body)}
    if problems := {field: problem for field, problem in found.items() if problem}:
        raise ValidationError(problems)


def history_of(which: Which) -> list[MessageTemplate]:
    """Every wording that the message ever had, the newest first. Shipped ones have no writer and no time."""
    name, channel, language = which
    stored = MessageTemplate.objects.filter(name=name, channel=channel, language=language)
    found = {one.version: one for one in _shipped_wordings().values() if _which(one) == which}
    found |= {one.version: one for one in stored.select_related("created_by")}
    return [found[version] for version in sorted(found, reverse=True)]


def preview(which: Which, *, subject: str, body: str) -> Rendered:
    """The message as it would be, of invented things. Raises `PoisonError` where it cannot be written."""
    name, channel, language = which
    template = MessageTemplate(name=name, channel=channel, language=language, subject=subject, body=body)
    # A link of the right length that leads to nothing.
    link = answer_link(UUID(int=0)) if name == "notice" else list_link()
    return filled_in(template, {"link": link, "code": "K7MPQ2", "phrase": _PHRASES[language]})


def shipped_text(label: str) -> str:
    """The words of a wording that is shipped; empty for any other label."""
    found = _shipped_wordings().get(label)
    return found.body if found else ""


def messages() -> list[tuple[str, str]]:
    """Every message that there is, by name and channel."""
    return [(name, channel) for name, channels in _messages().items() for channel in channels]


def fields_of(name: str, channel: str) -> tuple[str, ...]:
    """All that a message of that name may hold on that channel."""
    return tuple(_messages()[name][channel]["fields"])


def forbidden_words() -> list[str]:
    """The words that tell what this is about, as parts of words, in small letters."""
    return list(_shipped()["forbidden"])


def forbidden_in(text: str) -> str:
    """The first word in `text` that tells what this is about; empty where there is none."""
    folded = text.casefold()
    return next((word for word in forbidden_words() if word in folded), "")


def not_in_gsm(text: str) -> str:
    """The first letter in `text` that a text message cannot be written in; empty where there is none."""
    return min(set(text) - _GSM, default="")


def _wrong_with_subject(which: Which, subject: str) -> str:
    """What is wrong with a subject; empty where nothing is."""
    if problem := _problem(which, subject):
        return problem
    has_one = which[1] in _WITH_SUBJECT
    if has_one != bool(subject.strip()):
        return "It needs a subject." if has_one else "A text message has no subject. Leave it empty."
    if len(subject) > SUBJECT or subject.splitlines() not in ([], [subject]):
        return f"A subject is one line of at most {SUBJECT} letters."
    return ""


def _wrong_with_body(which: Which, body: str) -> str:
    """What is wrong with a body; empty where nothing is."""
    if problem := _problem(which, body):
        return problem
    name, channel, _ = which
    if not body.strip():
        return "Say something."
    if (needs := _messages()[name][channel]["needs"]) and f"{{{needs}}}" not in body:
        return f"Say where to go: put {{{needs}}} where the address belongs."
    if len(body) > BODY:
        return f"It has {len(body)} letters; {BODY} is the most."
    return _does_not_fit(body) if channel == Channel.SMS else ""


def _problem(which: Which, text: str) -> str:
    """What is wrong with any of a wording's texts; empty where nothing is."""
    allowed = fields_of(*which[:2])
    known = ", ".join(f"{{{one}}}" for one in allowed)
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return f"A brace is not closed, or one too many. Braces stand around fields only: {known}."
    if any("{" in plain or "}" in plain for plain, *_ in parts):
        return f"Braces stand around fields only: {known}."
    found = [(field, form, turned) for _, field, form, turned in parts if field is not None]
    if strange := [field for field, form, turned in found if field not in allowed or form or turned]:
        return f"“{{{strange[0]}}}” cannot stand here so. Use {known}."
    if word := forbidden_in(text):
        return f"“{word}” tells what this is about to whoever looks on. Leave it out."
    if _ADDRESS.search(text):
        return "A message leads nowhere but to our own pages. Leave the address out."
    return ""


def parts_of(text: str) -> int:
    """In how many parts a text message travels: one holds 160 letters, each of several 153; with a letter
    outside the alphabet of text messages 70 and 67. A few letters count twice."""
    if not not_in_gsm(text):
        length, one, of_several = len(text) + sum(letter in _TWICE for letter in text), 160, 153
    else:
        length, one, of_several = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // of_several)


def _does_not_fit(body: str) -> str:
    if strange := not_in_gsm(body):
        return f"“{strange}” makes a text message three times as long. Write it without."
    written = body.format(**LONGEST)
    if parts_of(written) > _PARTS:
        return (
            f"With its fields it has {len(written)} letters; "
            f"a text message holds {_TWO_PARTS} in two parts. Shorten it."
        )
    return ""


def _which(template: MessageTemplate) -> Which:
    return template.name, template.channel, template.language


def _labelled(label: str) -> MessageTemplate:
    which, _, version = label.rpartition("/")
    name, channel, language = which.split(".")
    return MessageTemplate.objects.get(name=name, channel=channel, language=language, version=int(version))


def _messages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = _shipped()["message"]
    return found


@cache
def _shipped_wordings() -> dict[str, MessageTemplate]:
    found = [MessageTemplate(**{"subject": "", **one}) for one in _shipped()["wording"]]
    return {str(one): one for one in found}


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files("notifications.data").joinpath("templates.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    for one in found["wording"]:
        one["body"] = one["body"].strip("\n")
    return found
