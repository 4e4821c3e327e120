"""What every page without sign-in shows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.dates import court_date
from guidance.services.words import words

#: The title of each page and the name of its address.
PAGES = (("help", "help"), ("guides", "guides"), ("statistics", "statistics"))


def page(
    request: HttpRequest, template: str, language: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Return the page in a language.

    Nothing here knows of a person: there is no user, no session and no CSRF token in the context.
    """
    name = request.resolver_match.url_name if request.resolver_match else ""
    here = str(name).removesuffix("-es")
    found = words(language)
    given = {
        "language": language,
        "other": "es" if language == "en" else "en",
        "words": found,
        "pages": [(one, found[title]) for one, title in PAGES],
        "here": {"guide": "guides", "statistics-quarter": "statistics"}.get(here, here),
        "exit_url": settings.EXIT_URL,
        **context,
    }
    return HttpResponse(render_to_string(f"guidance/{template}.html", given), status=status)


def today() -> date:
    """Return the day on the clock of Connecticut's courts."""
    return court_date(timezone.now())
