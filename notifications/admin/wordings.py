"""Message wordings at the admin site: read all versions, add a new one.

Wordings are never changed or deleted, because alerts refer to the wording they were sent in. Previews use
sample values: an administrator sees no case.
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

from accounts.form_base import SiteForm
from accounts.models import AuditAction, User
from accounts.searching import OnlyFilters
from accounts.services.access.access_log import record_for
from notifications.models import Channel, Language, MessageTemplate
from notifications.services.delivery.templates import (
    BODY,
    SUBJECT,
    Rendered,
    RenderError,
    WordingKey,
    Wordings,
    add_wording,
    check_wording,
    fields_of,
    history_of,
    messages,
    named_by,
    parts_of,
    preview,
)

#: The titles of the messages.
_TITLES = {
    "notice": "One notice",
    "notices": "Several notices at once",
    "news": "News to a protected person",
    "news_pin": "News to a protected person, to be answered",
    "correction": "Correction of an earlier alert",
    "system": "Finding about the system",
    "week": "The week in figures, to supervisors",
    "stopped": "Question to a protected person who replied",
}


@dataclass(frozen=True)
class LanguagePreview:
    """A message in one language as the page shows it."""

    template: MessageTemplate
    rendered: Rendered | None

    @property
    def language(self) -> str:
        """The language's own name."""
        return Language(self.template.language).label

    @property
    def size(self) -> str:
        """The length of the message, and the number of parts of a text message."""
        if self.rendered is None:
            return ""
        length = f"{len(self.rendered.body)} characters"
        if self.template.channel != Channel.SMS:
            return length
        parts = parts_of(self.rendered.body)
        return f"{length}, sent in {parts} part{'' if parts == 1 else 's'}"


class WordingForm(SiteForm):
    """A new wording. It can be saved only after the preview of the same text."""

    subject = forms.CharField(required=False, strip=True, widget=forms.TextInput(attrs={"size": 80}))
    body = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80}),
        error_messages={"required": "Enter a text."},
    )
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, which: WordingKey) -> None:
        """Start with the text of the wording in force."""
        now = Wordings().in_force(which)
        super().__init__(data, initial={"subject": now.subject, "body": now.body})
        self.which = which
        known = ", ".join(f"{{{one}}}" for one in fields_of(*which[:2]))
        self.fields["body"].help_text = f"Fields: {known}. At most {BODY} characters."
        if which[1] == Channel.SMS:
            del self.fields["subject"]
        else:
            self.fields["subject"].help_text = f"One line of at most {SUBJECT} characters."

    def clean(self) -> dict[str, Any]:
        """Report what the service refuses, at its field."""
        given = self.cleaned_data
        given["body"] = given.get("body", "").replace("\r\n", "\n").strip("\n")
        try:
            check_wording(self.which, subject=given.get("subject", ""), body=given["body"])
        except ValidationError as refusal:
            self.add_error(None, refusal)
        return given

    @property
    def texts(self) -> dict[str, str]:
        """Subject and body as entered."""
        return {"subject": self.cleaned_data.get("subject", ""), "body": self.cleaned_data["body"]}

    @property
    def digest(self) -> str:
        """A digest by which the previewed text is recognized."""
        return hashlib.sha256("\0".join(self.texts.values()).encode()).hexdigest()

    @property
    def was_previewed(self) -> bool:
        """True if this exact text was previewed."""
        return bool(self.cleaned_data["previewed"] == self.digest)

    def as_admin_form(self) -> AdminForm:
        """The form in the admin site's layout."""
        form: Any = self
        return AdminForm(form, [(None, {"fields": [one for one in self.fields if one != "previewed"]})], {})


@admin.register(MessageTemplate)
class MessageTemplateAdmin(OnlyFilters[MessageTemplate]):
    """The list of messages, a page for each, and the form for a new wording."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return only these three pages."""
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
        """Every message with its wordings in force."""
        self._check(request, may=self.has_view_permission(request))
        wordings = Wordings()
        rows = [
            {
                "name": name,
                "channel": channel,
                "title": _TITLES[name],
                "channel_label": Channel(channel).label,
                "in_force": [wordings.in_force((name, channel, code)) for code in Language.values],
            }
            for name, channel in messages()
        ]
        return self._page(request, "list", "Messages", {"rows": rows, "languages": Language.labels})

    def message(self, request: HttpRequest, name: str, channel: str) -> HttpResponse:
        """A message in both languages side by side, and all its versions."""
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
        """The form for a new wording, with a preview before saving."""
        self._check(request, may=self.has_add_permission(request))
        which = _known(name, channel, language)
        form = WordingForm(request.POST if request.method == "POST" else None, which=which)
        shown: list[LanguagePreview] = []
        if request.method == "POST" and form.is_valid():
            if form.was_previewed and "store" in request.POST and self._stored(request, form):
                return redirect("admin:notifications_messagetemplate_message", name, channel)
            if form.is_valid():
                shown = _beside(which, form.texts)
        context = {
            "name": name,
            "channel": channel,
            "form": form,
            "adminform": form.as_admin_form(),
            "sides": shown,
            "previewed": form.digest if shown else "",
        }
        title = f"{_title(name, channel)}, {Language(language).label}"
        return self._page(request, "write", f"{title}: a new wording", context)

    def _stored(self, request: HttpRequest, form: WordingForm) -> bool:
        """Save the wording and record it in the access log; return False if the form has an error."""
        by = request.user if isinstance(request.user, User) else None
        try:
            with transaction.atomic():
                template = add_wording(form.which, **form.texts, by=by, now=timezone.now())
                record_for(
                    request, AuditAction.DIRECTORY_CHANGED, detail={"kind": "wording", "name": str(template)}
                )
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        self.message_user(request, f"Now in force: {template}. Alerts already sent keep their wording.")
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


def _known(name: str, channel: str, language: str) -> WordingKey:
    if (name, channel) not in messages() or language not in Language.values:
        raise Http404
    return name, channel, language


def label_words(label: str) -> str:
    """Return the label of a wording in words: “One notice by email, version 2”."""
    try:
        (name, channel, language), version = named_by(label)
    except ValueError:
        return label
    way = Channel(channel).label.lower() if channel in Channel else channel
    in_language = " in Spanish" if language == Language.SPANISH else ""
    return f"{_TITLES.get(name, name)} by {way}{in_language}, version {version}"


def _title(name: str, channel: str) -> str:
    return f"{_TITLES[name]}, {Channel(channel).label.lower()}"


def _side(template: MessageTemplate) -> LanguagePreview:
    which = (template.name, template.channel, template.language)
    try:
        return LanguagePreview(template, preview(which, subject=template.subject, body=template.body))
    except RenderError:
        return LanguagePreview(template, None)


def _beside(which: WordingKey, texts: dict[str, str]) -> list[LanguagePreview]:
    """Return the previews: the new wording, and the wording in force of the other language."""
    name, channel, language = which
    wordings = Wordings()
    typed = MessageTemplate(name=name, channel=channel, language=language, **texts)
    return [
        _side(typed if code == language else wordings.in_force((name, channel, code)))
        for code in Language.values
    ]
