"""Show the pages of a court in Spanish to people of a court who chose it; to others, sign-in and errors.

The words of these pages come from many floors: acts, rules, services, Django's admin. They are translated
where the page leaves the site, so that no floor has to know its reader's language. Only what is between
tags and in labels is translated; values, addresses and what a person typed into a field stay, and so does
what the page read from the database of what people wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from html import escape, unescape
from http import HTTPStatus
from typing import Any

from allauth.account.utils import url_str_to_user_pk
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.models import User
from ctcompliance.open_pages import OPEN_PAGES
from ctcompliance.spanish.stored import collected
from ctcompliance.spanish.words import desk_words
from notifications.models import Language, Preference
from notifications.services.contacts.preferences import preference_of
from orders.services.desk.conditions import COURT_ROLES

Respond = Callable[[HttpRequest], HttpResponse]

#: Addresses of sign-in and account security, which people open before their language is known to a page.
_SIGN_IN = ("/sign-in/", "/sign-out/", "/account/", "/leave/")
#: The key under which allauth keeps a sign-in that waits for its next step.
_PENDING = "account_login"

#: Parts of a page: what is never translated as a whole, a tag, or text. The button to English stays English.
_PARTS = re.compile(
    r"<!--.*?-->|<(script|style|textarea|pre)\b.*?</\1\s*>"
    r'|(<button\b[^>]*\blang="en"[^>]*>.*?</button\s*>)|<[^>]*>|[^<]+',
    re.DOTALL | re.IGNORECASE,
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
            return _sign_in_or_error(request, get_response)
        with collected() as stored, translation.override("es"):
            response = get_response(request)
        # The account was read before.
        return _translated(response, {*stored, str(request.user)})

    return respond


def _sign_in_or_error(request: HttpRequest, get_response: Respond) -> HttpResponse:
    """Answer sign-in, account security and errors in the reader's language.

    The language never depends on the address: a page that is hidden looks like one that is missing.
    """
    path = request.path
    is_sign_in = path.startswith(_SIGN_IN) and not path.startswith("/api/")
    if is_sign_in and _reads_spanish(request):
        with translation.override("es"):
            response = _translated(get_response(request))
    else:
        response = get_response(request)
        if not path.startswith("/api/") and _is_page(response) and _reads_error_in_spanish(request, response):
            with translation.override("es"):
                response = _translated(response)
    if is_sign_in:
        patch_vary_headers(response, ["Accept-Language"])
    return response


def _reads_error_in_spanish(request: HttpRequest, response: HttpResponse) -> bool:
    """True for an error whose reader reads Spanish. After a fault the database may answer nothing."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return False
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _browser_reads_spanish(request)
    return _reads_spanish(request)


def _browser_reads_spanish(request: HttpRequest) -> bool:
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return bool(accepted) and accepted[0][0].startswith(Language.SPANISH)


def _reads_spanish(request: HttpRequest) -> bool:
    """True by the preferences of the person, also in the midst of sign-in; else by the browser's language."""
    if request.path.startswith(OPEN_PAGES):
        return "/es/" in request.path
    user, pending = request.user, request.session.get(_PENDING) or {}
    known: Any = user.pk if isinstance(user, User) else pending.get("user_pk")
    if known is None:
        return _browser_reads_spanish(request)
    read_key: Callable[[Any], Any] = url_str_to_user_pk
    key = known if isinstance(user, User) else read_key(known)
    return Preference.objects.filter(user=key, language=Language.SPANISH).exists()


def _is_page(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming


def _translated(response: HttpResponse, stored: Collection[str] = ()) -> HttpResponse:
    """Translate a page, except for what is `stored`; leave other answers as they are."""
    if _is_page(response):
        page = response.content.decode(response.charset).replace('<html lang="en">', '<html lang="es">', 1)
        response.content = in_spanish(page, stored).encode(response.charset)
    return response


def _wants_spanish(request: HttpRequest) -> bool:
    """True for a person of a court alone: the pages of advocates have a language of their own."""
    user = request.user
    if request.path.startswith(("/api/", "/static/")) or not isinstance(user, User):
        return False
    if not user.roles or not user.roles <= COURT_ROLES:
        return False
    return bool(preference_of(user).language == Language.SPANISH)


def in_spanish(page: str, stored: Collection[str] = ()) -> str:
    """Return a page with its words in Spanish; what is `stored` stays as people wrote it."""
    words = desk_words()

    def spanish(found: str) -> str:
        plain = unescape(found)
        translated = words.translate(plain, stored=stored)
        # The frame of a page about an error was written before the language was known.
        short = plain.strip()
        is_known = translated != plain or not short or short in stored
        return translated if is_known else plain.replace(short, translation.gettext(short))

    def text(found: str) -> str:
        return escape(spanish(found), quote=False)

    def label(found: re.Match[str]) -> str:
        return f'{found[1]}="{escape(spanish(found[2]))}"'

    def value(found: re.Match[str]) -> str:
        return f'value="{escape(spanish(found[1]))}"'

    def part(found: re.Match[str]) -> str:
        one = found[0]
        if not one.startswith("<"):
            return text(one) if not one.isspace() else one
        if found[1] or found[2] or one.startswith("<!"):
            return one
        one = _LABELS.sub(label, one)
        return _VALUE.sub(value, one) if _BUTTON.fullmatch(one) else one

    return _PARTS.sub(part, page)
