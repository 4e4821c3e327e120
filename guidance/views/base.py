"""What every page without sign-in shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from guidance.services.words import words

#: The title of each page and the name of its address.
PAGES = (("help", "help"),)


def page(
    request: HttpRequest, template: str, language: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Return the page in a language.

    Nothing here knows of a person: there is no user, no session and no CSRF token in the context.
    """
    name = request.resolver_match.url_name if request.resolver_match else ""
    found = words(language)
    given = {
        "language": language,
        "other": "es" if language == "en" else "en",
        "words": found,
        "pages": [(one, found[title]) for one, title in PAGES],
        "here": str(name).removesuffix("-es"),
        "exit_url": settings.EXIT_URL,
        **context,
    }
    return HttpResponse(render_to_string(f"guidance/{template}.html", given), status=status)
