"""What messages say: which wording is in force, what it may hold, and its words with the fields filled in."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from notifications.models import MessageTemplate

#: Name, channel and language of a message.
Which = tuple[str, str, str]

#: What a text message can hold in two parts, and the letters that it can be written in (GSM 03.38).
_TWO_PARTS = 306
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


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
            (one.name, one.channel, one.language): one
            for one in sorted(self._by_label.values(), key=lambda one: one.version)
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
        template = self._by_label.get(label) or self.in_force(which)
        try:
            subject, body = (text.format(**fields) for text in (template.subject, template.body))
        except (LookupError, ValueError, AttributeError) as error:
            raise PoisonError(f"wording {template} cannot be filled in: {type(error).__name__}") from error
        return Rendered(label=str(template), subject=subject, body=body)


def add_wording(which: Which, *, subject: str, body: str, by: User | None, now: datetime) -> MessageTemplate:
    """A new version of the message, in force from now on. Raises `ValidationError` by field."""
    check_wording(which, subject=subject, body=body)
    name, channel, language = which
    return MessageTemplate.objects.create(
        name=name,
        channel=channel,
        language=language,
        version=Wordings().in_force(which).version + 1,
        subject=subject,
        body=body,
        created_at=now,
        created_by=by,
    )


def check_wording(which: Which, *, subject: str, body: str) -> None:
    """Refuses a wording that says too much, or does not do what its message is for."""
    problems: dict[str, str] = {}
    for field, text in (("subject", subject), ("body", body)):
        if problem := _problem(which, text):
            problems[field] = problem
    name, channel, _ = which
    if (needs := _messages()[name][channel]["needs"]) and f"{{{needs}}}" not in body:
        problems.setdefault("body", f"Say where to go: put {{{needs}}} where the address belongs.")
    if channel == "email" and not subject:
        problems.setdefault("subject", "An email needs a subject.")
    if channel == "sms" and "body" not in problems and (problem := _does_not_fit(body)):
        problems["body"] = problem
    if problems:
        raise ValidationError(problems)


def messages() -> list[tuple[str, str]]:
    """Every message that there is, by name and channel."""
    return [(name, channel) for name, channels in _messages().items() for channel in channels]


def fields_of(name: str, channel: str) -> tuple[str, ...]:
    """All that a message of that name may hold on that channel."""
    return tuple(_messages()[name][channel]["fields"])


def forbidden_in(text: str) -> str:
    """The first word in `text` that tells what this is about; empty where there is none."""
    folded = text.casefold()
    return next((word for word in _shipped()["forbidden"] if word in folded), "")


def _problem(which: Which, text: str) -> str:
    """What is wrong with one of a wording's texts; empty where nothing is."""
    allowed = fields_of(*which[:2])
    try:
        found = [(field, form) for _, field, form, _ in string.Formatter().parse(text) if field is not None]
    except ValueError:
        return "A brace is not closed. Write fields as {link}, and a brace itself twice."
    if strange := [field for field, form in found if field not in allowed or form]:
        known = ", ".join(f"{{{one}}}" for one in allowed)
        return f"“{{{strange[0]}}}” cannot stand here. Use {known}."
    if word := forbidden_in(text):
        return f"“{word}” tells what this is about to whoever looks on. Leave it out."
    return ""


def _does_not_fit(body: str) -> str:
    if strange := sorted(set(body) - _GSM):
        return f"“{strange[0]}” makes a text message three times as long. Write it without."
    # What the fields take: a link at the most as long as ours, a code, or a phrase.
    longest = {"link": "x" * 130, "code": "x" * 6, "phrase": "x" * 60}
    if (length := len(body.format(**longest))) > _TWO_PARTS:
        return f"With its fields it has {length} letters; a text message holds {_TWO_PARTS} in two parts."
    return ""


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
