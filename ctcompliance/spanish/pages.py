"""Show the pages of a court in Spanish to people of a court who chose it.

The words of these pages come from many floors: acts, rules, services, Django's admin. They are translated
where the page leaves the site, so that no floor has to know its reader's language. Only what is between
tags and in labels is translated; values, addresses and what a person typed into a field stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User
from ctcompliance.spanish.words import desk_words
from notifications.models import Language
from notifications.services.contacts.preferences import preference_of
from orders.services.desk.conditions import COURT_ROLES

Respond = Callable[[HttpRequest], HttpResponse]

#: Parts of a page: what is never translated as a whole, a tag, or text.
_PARTS = re.compile(
    r"<!--.*?-->|<(script|style|textarea|pre)\b.*?</\1\s*>|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE
)
#: Attributes that people read or hear.
_LABELS = re.compile(r'\b(aria-label|title|placeholder|alt|data-label)="([^"]*)"')
#: The words of a button are its value.
_BUTTON = re.compile(r'<input\b[^>]*type="submit"[^>]*>', re.IGNORECASE)
_VALUE = re.compile(r'\bvalue="([^"]*)"')


def desk_in_spanish(get_response: Respond) -> Respond:
    """Answer people of a court in the language of their preferences."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not _wants_spanish(request):
            return get_response(request)
        with translation.override("es"):
            response = get_response(request)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not response.streaming:
            response.content = in_spanish(response.content.decode(response.charset)).encode(response.charset)
        return response

    return respond


def _wants_spanish(request: HttpRequest) -> bool:
    """True for a person of a court alone: the pages of advocates have a language of their own."""
    user = request.user
    if request.path.startswith(("/api/", "/static/")) or not isinstance(user, User):
        return False
    if not user.roles or not user.roles <= COURT_ROLES:
        return False
    return bool(preference_of(user).language == Language.SPANISH)


def in_spanish(page: str) -> str:
    """Return a page with its words in Spanish."""
    words = desk_words()

    def text(found: str) -> str:
        return escape(words.translate(unescape(found)), quote=False)

    def label(found: re.Match[str]) -> str:
        return f'{found[1]}="{escape(words.translate(unescape(found[2])))}"'

    def value(found: re.Match[str]) -> str:
        return f'value="{escape(words.translate(unescape(found[1])))}"'

    def part(found: re.Match[str]) -> str:
        one = found[0]
        if not one.startswith("<"):
            return text(one) if not one.isspace() else one
        if found[1] or one.startswith("<!"):
            return one
        one = _LABELS.sub(label, one)
        return _VALUE.sub(value, one) if _BUTTON.fullmatch(one) else one

    return _PARTS.sub(part, page)
