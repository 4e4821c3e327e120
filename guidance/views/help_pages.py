"""The help directory by town, without sign-in and without a trace of the reader."""

from __future__ import annotations

from itertools import groupby
from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.form_base import SiteForm
from accounts.text import clean
from guidance.models import HelpKind
from guidance.services import directory, guides, hsds
from guidance.services.words import words
from guidance.views.base import page, today
from orders.forms.fields import NameListInput


class TownForm(SiteForm):
    """Which town. It is sent in the body, because addresses are kept by logs and histories.

    A town or village is typed in any usual form of its name, and a list helps where the browser has lists.
    """

    town = forms.CharField(widget=NameListInput)

    def __init__(self, data: Any = None, *, towns: list[str], language: str) -> None:
        """Offer the towns, in the words of the language."""
        super().__init__(data)
        self._said, self._towns = words(language), towns
        field = self.fields["town"]
        field.label = self._said["your_town"]
        field.error_messages["required"] = self._said["no_town"]
        cast("NameListInput", field.widget).names = towns
        # The browser of someone who looked for help keeps nothing of it.
        field.widget.attrs["autocomplete"] = "off"

    def clean_town(self) -> str:
        """Return the name of the town, of a village the town that it is part of."""
        typed = clean(self.cleaned_data["town"])
        town, near = directory.town_named(typed, self._towns)
        if town:
            return town
        offered = self._said["did_you_mean"].format(towns=self._said["or"].join(near))
        raise forms.ValidationError(f"{self._said['unknown_town']} {offered if near else ''}".strip())


@csrf_exempt  # It changes nothing, and a token would need a cookie.
@login_not_required
def by_town(request: HttpRequest, language: str) -> HttpResponse:
    """Show help for all towns, and after a town was sent, help near it."""
    now = today()
    found = directory.entries()
    is_sent = request.method == "POST"
    form = TownForm(request.POST if is_sent else None, towns=directory.town_names(), language=language)
    town = form.cleaned_data["town"] if is_sent and form.is_valid() else ""
    near = directory.for_town(found, town) if town else []
    everywhere = [one for one in found if one.kind in directory.EVERYWHERE]
    return page(
        request,
        "help",
        language,
        status=400 if form.errors else 200,
        form=form,
        town=town,
        in_town=words(language)["in_town"].format(town=town),
        everywhere=[(one, one.is_overdue(now)) for one in everywhere],
        near=[
            (HelpKind(kind).value, [(one, one.is_overdue(now)) for one in group])
            for kind, group in groupby(near, key=lambda one: one.kind)
        ],
        has_own_court=any(one.kind == HelpKind.COURTHOUSE and one.towns for one in near),
        guides=guides.guides(language, now),
        footer=words(language)["footer"].format(days=directory.CHECKED_EVERY.days),
    )


@require_safe
@login_not_required
def export(request: HttpRequest) -> HttpResponse:
    """Return the directory as a page of services in the Human Services Data Specification, version 3."""
    return JsonResponse(hsds.export(directory.entries()), json_dumps_params={"ensure_ascii": False})
