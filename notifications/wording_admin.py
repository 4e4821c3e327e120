"""What messages say, at the admin site: read with every wording before it, and written anew.

Nothing is changed and nothing deleted, for alerts name the wording that they were sent in. What is shown is
written of invented things: an administrator sees no case.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from accounts.models import Act, User
from accounts.services.audit import record_for
from notifications.models import Channel, Language, MessageTemplate
from notifications.services.templates import (
    BODY,
    SUBJECT,
    PoisonError,
    Rendered,
    Which,
    Wordings,
    add_wording,
    check_wording,
    fields_of,
    history_of,
    messages,
    parts_of,
    preview,
)

#: What a message is for, in words.
_NAMES = {
    "notice": "One notice",
    "notices": "Several notices at once",
    "news": "News to a protected person",
    "system": "About the system itself",
}


@dataclass(frozen=True)
class Side:
    """One language of a message as the page shows it."""

    template: MessageTemplate
    rendered: Rendered | None

    @property
    def language(self) -> str:
        """In the language's own word."""
        return Language(self.template.language).label

    @property
    def size(self) -> str:
        """How long the message is, and in how many parts a text message travels."""
        if self.rendered is None:
            return ""
        letters = f"{len(self.rendered.body)} letters"
        if self.template.channel != Channel.SMS:
            return letters
        parts = parts_of(self.rendered.body)
        return f"{letters}, sent in {parts} part{'' if parts == 1 else 's'}"


class WordingForm(forms.Form):
    """A new wording. It is stored once it was looked at as it will be."""

    subject = forms.CharField(required=False, strip=True, widget=forms.TextInput(attrs={"size": 80}))
    body = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80}),
        error_messages={"required": "Say something."},
    )
    looked_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, which: Which) -> None:
        """With the wording in force to begin from."""
        now = Wordings().in_force(which)
        super().__init__(data, initial={"subject": now.subject, "body": now.body})
        self.which = which
        known = ", ".join(f"{{{one}}}" for one in fields_of(*which[:2]))
        self.fields["body"].help_text = f"It may hold {known}, and at most {BODY} letters."
        if which[1] == Channel.SMS:
            del self.fields["subject"]
        else:
            self.fields["subject"].help_text = f"One line of at most {SUBJECT} letters."

    def clean(self) -> dict[str, Any]:
        """Refuses what the service refuses, at its field."""
        given = self.cleaned_data
        given["body"] = given.get("body", "").replace("\r\n", "\n").strip("\n")
        try:
            check_wording(self.which, subject=given.get("subject", ""), body=given["body"])
        except ValidationError as refusal:
            self.add_error(None, refusal)
        return given

    @property
    def texts(self) -> dict[str, str]:
        """Subject and body as they were typed."""
        return {"subject": self.cleaned_data.get("subject", ""), "body": self.cleaned_data["body"]}

    @property
    def digest(self) -> str:
        """Known again when the same text comes back."""
        return hashlib.sha256("\0".join(self.texts.values()).encode()).hexdigest()

    @property
    def was_looked_at(self) -> bool:
        """True when this very text was shown as it will be."""
        return bool(self.cleaned_data["looked_at"] == self.digest)

    def laid_out(self) -> AdminForm:
        """In the admin site's own look."""
        form: Any = self
        return AdminForm(form, [(None, {"fields": [one for one in self.fields if one != "looked_at"]})], {})


@admin.register(MessageTemplate)
class MessageTemplateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list of messages, a page for each, and a form for a new wording."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """These three alone."""
        view, name = self.admin_site.admin_view, "notifications_messagetemplate"
        message = "<slug:name>/<slug:channel>/"
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path(message, view(self.message), name=f"{name}_message"),
            path(f"{message}<slug:language>/", view(self.write), name=f"{name}_write"),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every message, with the wordings in force."""
        self._check(request, may=self.has_view_permission(request))
        wordings = Wordings()
        rows = [
            {
                "name": name,
                "channel": channel,
                "title": _NAMES[name],
                "way": Channel(channel).label,
                "in_force": [wordings.in_force((name, channel, code)) for code in Language.values],
            }
            for name, channel in messages()
        ]
        return self._page(request, "list", "Messages", {"rows": rows, "languages": Language.labels})

    def message(self, request: HttpRequest, name: str, channel: str) -> HttpResponse:
        """The message in both languages, side by side, and every wording that it had."""
        self._check(request, may=self.has_view_permission(request))
        kinds = [_known(name, channel, code) for code in Language.values]
        wordings = Wordings()
        context = {
            "name": name,
            "channel": channel,
            "sides": [_side(wordings.in_force(which)) for which in kinds],
            "history": [one for which in kinds for one in history_of(which)],
            "may_write": self.has_add_permission(request),
        }
        return self._page(request, "message", _title(name, channel), context)

    def write(self, request: HttpRequest, name: str, channel: str, language: str) -> HttpResponse:
        """A form for a new wording, which shows it as it will be before it is stored."""
        self._check(request, may=self.has_add_permission(request))
        which = _known(name, channel, language)
        form = WordingForm(request.POST if request.method == "POST" else None, which=which)
        shown: list[Side] = []
        if request.method == "POST" and form.is_valid():
            if form.was_looked_at and "store" in request.POST and self._stored(request, form):
                return redirect("admin:notifications_messagetemplate_message", name, channel)
            if form.is_valid():
                shown = _beside(which, form.texts)
        context = {
            "name": name,
            "channel": channel,
            "form": form,
            "adminform": form.laid_out(),
            "sides": shown,
            "looked_at": form.digest if shown else "",
        }
        title = f"{_title(name, channel)}, {Language(language).label}"
        return self._page(request, "write", f"{title}: a new wording", context)

    def _stored(self, request: HttpRequest, form: WordingForm) -> bool:
        """True once the wording is in force and that is on record; False where the form says why not."""
        by = request.user if isinstance(request.user, User) else None
        try:
            with transaction.atomic():
                template = add_wording(form.which, **form.texts, by=by, now=timezone.now())
                record_for(request, Act.DIRECTORY_CHANGED, detail={"kind": "wording", "name": str(template)})
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        self.message_user(request, f"In force now: {template}. What was sent before keeps its own wording.")
        return True

    def _check(self, request: HttpRequest, *, may: bool) -> None:
        if not may:
            raise PermissionDenied

    def _page(self, request: HttpRequest, page: str, title: str, context: dict[str, Any]) -> HttpResponse:
        given = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "is_nav_sidebar_enabled": False,
            **context,
        }
        return TemplateResponse(request, f"admin/notifications/messagetemplate/{page}.html", given)


def _known(name: str, channel: str, language: str) -> Which:
    if (name, channel) not in messages() or language not in Language.values:
        raise Http404
    return name, channel, language


def _title(name: str, channel: str) -> str:
    return f"{_NAMES[name]}, {Channel(channel).label.lower()}"


def _side(template: MessageTemplate) -> Side:
    which = (template.name, template.channel, template.language)
    try:
        return Side(template, preview(which, subject=template.subject, body=template.body))
    except PoisonError:
        return Side(template, None)


def _beside(which: Which, texts: dict[str, str]) -> list[Side]:
    """The new wording in its language, beside the other as it is in force."""
    name, channel, language = which
    wordings = Wordings()
    typed = MessageTemplate(name=name, channel=channel, language=language, **texts)
    return [
        _side(typed if code == language else wordings.in_force((name, channel, code)))
        for code in Language.values
    ]
