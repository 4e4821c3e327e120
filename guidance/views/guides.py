"""The guides in plain words, in English and Spanish."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from guidance.services import guides as service
from guidance.services.words import words
from guidance.views.base import page, today


@require_safe
@login_not_required
def contents(request: HttpRequest, language: str) -> HttpResponse:
    """List the guides: for people who need protection, then for people who got an order."""
    found = service.guides(language, today())
    said = words(language)
    return page(
        request,
        "guides",
        language,
        groups=[
            (said[audience], [one for one in found if one.audience == audience])
            for audience in ("protected", "respondent")
        ],
        footer=said["not_advice"],
    )


@require_safe
@login_not_required
def guide(request: HttpRequest, name: str, language: str) -> HttpResponse:
    """One guide, with its sources and who reviewed it."""
    found = service.guide(name, language, today())
    if found is None:
        raise Http404
    others = [one for one in service.guides(language, today()) if one.audience == found.audience]
    return page(
        request,
        "guide",
        language,
        guide=found,
        is_old=found.is_old(today()),
        others=[one for one in others if one.name != name],
        footer=words(language)["not_advice"],
    )
