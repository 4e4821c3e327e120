"""Message wordings: which version is in force, what it may contain, and how it is rendered."""

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

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from notifications.models import Channel, Language, MessageTemplate
from notifications.services.delivery.links import answer_link, list_link, person_link

#: A message in one language: its name, channel and language.
WordingKey = tuple[str, str, str]

#: The longest subject and body, in characters.
SUBJECT = 100
BODY = 2000

#: The longest value of each field.
LONGEST = {
    "link": "x" * 130,
    "code": "x" * 6,
    "phrase": "x" * 60,
    "stop": "x" * 80,
    **dict.fromkeys(("open_week", "open_month", "open_longer", "unanswered", "absent"), "x" * 7),
}

#: The most parts of a text message, and the characters in two parts.
_PARTS = 2
_TWO_PARTS = 306

#: How a protected person ends the messages, where someone reads replies.
_STOP = {
    Language.ENGLISH.value: "If you want no more of these notes, reply to this one.",
    Language.SPANISH.value: "Si ya no quiere recibir estas notas, responda a esta.",
}

#: Sample phrases for previews.
_PHRASES = {
    Language.ENGLISH.value: "Your library books are ready.",
    Language.SPANISH.value: "Sus libros ya llegaron.",
}

#: Sample figures for previews.
_FIGURES = {"open_week": "4", "open_month": "2", "open_longer": "1", "unanswered": "3", "absent": "1"}

#: Channels with a subject line.
_WITH_SUBJECT = (Channel.EMAIL, Channel.SERVICE)

#: Anything that looks like a URL.
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)

#: The alphabet of text messages (GSM 03.38), and the characters that count twice.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
_TWICE = frozenset("^{}\\[~]|€")


class RenderError(ValueError):
    """A wording that cannot be rendered. The message names the wording, not the field values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """The text of a message, and the label of its wording."""

    label: str
    subject: str
    body: str


class Wordings:
    """The wordings in force, and those named by `labels`: a retry under the same key needs the same text.

    Shipped wordings are not stored in the database. If a stored one has the same version, it replaces the
    shipped one.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        newest = MessageTemplate.objects.order_by("name", "channel", "language", "-version").distinct(
            "name", "channel", "language"
        )
        self._by_label = _shipped_wordings() | {str(one): one for one in newest}
        self._in_force: dict[WordingKey, MessageTemplate] = {
            _which(one): one for one in sorted(self._by_label.values(), key=lambda one: one.version)
        }
        for label in {*labels} - self._by_label.keys() - {""}:
            self._by_label[label] = _labelled(label)

    def in_force(self, which: WordingKey) -> MessageTemplate:
        """Return the wording in force. Raises `RenderError` if there is none."""
        try:
            return self._in_force[which]
        except KeyError as error:
            raise RenderError(f"no wording for {'.'.join(which)}") from error

    def render(self, which: WordingKey, fields: Mapping[str, str], *, label: str = "") -> Rendered:
        """Return the text of the message, in the wording `label` if given. Raises `RenderError`."""
        return filled_in(self._by_label.get(label) or self.in_force(which), fields)


def filled_in(template: MessageTemplate, fields: Mapping[str, str]) -> Rendered:
    """Return the wording's text with the fields filled in.

    Raises `RenderError`, also for a multi-line subject.
    """
    try:
        subject, body = (text.format(**fields) for text in (template.subject, template.body))
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise RenderError(f"wording {template} cannot be filled in: {type(error).__name__}") from error
    # A field at the end may be empty.
    body = body.rstrip()
    if subject.splitlines() not in ([], [subject]):
        raise RenderError(f"wording {template} has a subject of several lines")
    return Rendered(label=str(template), subject=subject, body=body)


def add_wording(
    which: WordingKey, *, subject: str, body: str, by: User | None, now: datetime
) -> MessageTemplate:
    """Add a new version of the message, in force at once. Raises `ValidationError`, by field."""
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
        raise ValidationError(
            "Another administrator just added a version. Read it, then add yours."
        ) from None
    return template


def check_wording(which: WordingKey, *, subject: str, body: str) -> None:
    """Raise `ValidationError`, by field, for a wording that reveals the subject or lacks a required field."""
    found = {"subject": _subject_error(which, subject), "body": _body_error(which, body)}
    if problems := {field: problem for field, problem in found.items() if problem}:
        raise ValidationError(problems)


def history_of(which: WordingKey) -> list[MessageTemplate]:
    """Return every version of a message, newest first. Shipped versions have no author and no time."""
    name, channel, language = which
    stored = MessageTemplate.objects.filter(name=name, channel=channel, language=language)
    found = {one.version: one for one in _shipped_wordings().values() if _which(one) == which}
    found |= {one.version: one for one in stored.select_related("created_by")}
    return [found[version] for version in sorted(found, reverse=True)]


def preview(which: WordingKey, *, subject: str, body: str) -> Rendered:
    """Return the message with sample values. Raises `RenderError`."""
    name, channel, language = which
    template = MessageTemplate(name=name, channel=channel, language=language, subject=subject, body=body)
    # A link of the right length to an alert that does not exist.
    link = answer_link(UUID(int=0)) if name in ("notice", "correction") else list_link()
    if name == "news_pin":
        link = person_link(UUID(int=0))
    shown = {"link": link, "code": "K7MPQ2", "phrase": _PHRASES[language], "stop": _STOP[language]}
    return filled_in(template, {**_FIGURES, **shown})


def stop_words(language: str) -> str:
    """Return how to end the messages by a reply; empty where no one reads replies."""
    return _STOP[language] if settings.REPLY_ADDRESS else ""


def shipped_text(label: str) -> str:
    """Return the body of a shipped wording; empty for any other label."""
    found = _shipped_wordings().get(label)
    return found.body if found else ""


def messages() -> list[tuple[str, str]]:
    """Return every message by name and channel."""
    return [(name, channel) for name, channels in _messages().items() for channel in channels]


def fields_of(name: str, channel: str) -> tuple[str, ...]:
    """Return the fields that a message may contain on a channel."""
    return tuple(_messages()[name][channel]["fields"])


def forbidden_words() -> list[str]:
    """Return the words that would reveal the subject, as lowercase parts of words."""
    return list(_shipped()["forbidden"])


def find_forbidden(text: str) -> str:
    """Return the first word in `text` that would reveal the subject; empty if there is none."""
    folded = text.casefold()
    return next((word for word in forbidden_words() if word in folded), "")


def find_non_gsm(text: str) -> str:
    """Return a character in `text` outside the alphabet of text messages; empty if there is none."""
    return min(set(text) - _GSM, default="")


def _subject_error(which: WordingKey, subject: str) -> str:
    """Return the problem with a subject; empty if there is none."""
    if problem := _text_error(which, subject):
        return problem
    has_one = which[1] in _WITH_SUBJECT
    if has_one != bool(subject.strip()):
        return "Enter a subject." if has_one else "Text messages have no subject. Leave it empty."
    if len(subject) > SUBJECT or subject.splitlines() not in ([], [subject]):
        return f"Use one line of at most {SUBJECT} characters for the subject."
    return ""


def _body_error(which: WordingKey, body: str) -> str:
    """Return the problem with a body; empty if there is none."""
    if problem := _text_error(which, body):
        return problem
    name, channel, _ = which
    if not body.strip():
        return "Enter a text."
    if (needs := _messages()[name][channel]["needs"]) and f"{{{needs}}}" not in body:
        return f"Put {{{needs}}} in the text, where the link belongs."
    if len(body) > BODY:
        return f"The text has {len(body)} characters. Use at most {BODY}."
    return _length_error(body) if channel == Channel.SMS else ""


def _text_error(which: WordingKey, text: str) -> str:
    """Return a problem that may occur in a subject or a body; empty if there is none."""
    allowed = fields_of(*which[:2])
    known = ", ".join(f"{{{one}}}" for one in allowed)
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return f"A brace is missing or extra. Use braces for fields only: {known}."
    if any("{" in plain or "}" in plain for plain, *_ in parts):
        return f"Use braces for fields only: {known}."
    found = [(field, form, turned) for _, field, form, turned in parts if field is not None]
    if strange := [field for field, form, turned in found if field not in allowed or form or turned]:
        return f"“{{{strange[0]}}}” is not a field of this message. Use {known}."
    if word := find_forbidden(text):
        return f"“{word}” would reveal the subject to a bystander. Leave it out."
    if _ADDRESS.search(text):
        return "Messages may link to our own pages only. Leave the URL out."
    return ""


def parts_of(text: str) -> int:
    """Return the number of parts of a text message.

    A single part holds 160 characters, each of several parts 153; with a character outside the GSM alphabet
    70 and 67. A few characters count twice.
    """
    if not find_non_gsm(text):
        length, one, of_several = len(text) + sum(letter in _TWICE for letter in text), 160, 153
    else:
        length, one, of_several = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // of_several)


def _length_error(body: str) -> str:
    if strange := find_non_gsm(body):
        return f"“{strange}” makes a text message more than twice as long. Leave it out."
    written = body.format(**LONGEST)
    if parts_of(written) > _PARTS:
        return (
            f"With its fields the message has {len(written)} characters; "
            f"two parts of a text message hold {_TWO_PARTS}. Shorten it."
        )
    return ""


def _which(template: MessageTemplate) -> WordingKey:
    return template.name, template.channel, template.language


def named_by(label: str) -> tuple[WordingKey, int]:
    """Return which wording a label names, and its version. Raises `ValueError` for another text."""
    which, _, version = label.rpartition("/")
    name, channel, language = which.split(".")
    return (name, channel, language), int(version)


def _labelled(label: str) -> MessageTemplate:
    (name, channel, language), version = named_by(label)
    return MessageTemplate.objects.get(name=name, channel=channel, language=language, version=version)


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
