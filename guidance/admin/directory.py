"""The help directory at the admin site: which entries are due for a check, their versions, a new version.

Versions are never changed or deleted. An entry leaves the page with a version that takes it off.
"""

from __future__ import annotations

from datetime import date
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
from django.utils.text import slugify
from typing_extensions import override

from accounts.dates import court_date
from accounts.form_base import SiteForm
from accounts.models import AuditAction, User
from accounts.searching import OnlyFilters
from accounts.services.access.access_log import record_for
from guidance.models import HelpEntry, HelpKind
from guidance.services import directory, guides
from guidance.services.directory import CONTENT, DirectoryEntry
from orders.forms.fields import DayField

_WIDE = forms.TextInput(attrs={"size": 80})
_TEXT = "In plain words, at most 200 characters."


class HelpEntryForm(SiteForm):
    """A new version of an entry."""

    kind = forms.ChoiceField(choices=HelpKind.choices)
    name = forms.CharField(max_length=120, widget=_WIDE)
    phone = forms.CharField(max_length=40, required=False, help_text="For example (888) 774-2900.")
    phone_es = forms.CharField(label="Phone in Spanish", max_length=40, required=False)
    tty = forms.CharField(label="TTY", max_length=40, required=False)
    address = forms.CharField(max_length=200, required=False, widget=_WIDE)
    en = forms.CharField(label="Text in English", max_length=200, widget=_WIDE, help_text=_TEXT)
    es = forms.CharField(label="Text in Spanish", max_length=200, widget=_WIDE, help_text=_TEXT)
    source = forms.CharField(
        max_length=200,
        widget=_WIDE,
        help_text="Where the number is from: a page, a list, or the office.",
    )
    checked = DayField(
        label="Checked on",
        help_text="The day on which you called or read the source. After 180 days readers see “Call first”.",
    )
    towns = forms.MultipleChoiceField(
        choices=lambda: [(one, one) for one in directory.town_names()],
        required=False,
        help_text="The towns that it serves. Choose no town if it serves all of them.",
    )
    is_removed = forms.BooleanField(label="Take this entry off the page", required=False)

    def __init__(self, data: Any = None, *, entry: DirectoryEntry | None) -> None:
        """Start with the newest version, but without its day: each version asks for a check of its own."""
        initial = {name: getattr(entry, name) for name in CONTENT if name != "checked"} if entry else {}
        super().__init__(data, initial=initial)
        self.fields["towns"].widget.attrs["size"] = 12


@admin.register(HelpEntry)
class HelpEntryAdmin(OnlyFilters[HelpEntry]):
    """The list of entries, a page for each with its versions, and the form for a new version."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return only these pages."""
        view, name = self.admin_site.admin_view, "guidance_helpentry"
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("add/", view(self.add), name=f"{name}_add"),
            path("<slug:key>/", view(self.write), name=f"{name}_change"),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every entry, those that are due for a check first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = court_date(timezone.now())
        rows = sorted(directory.entries(), key=lambda one: (one.checked or date.min, one.name))
        context = {
            "rows": [(one, one.is_overdue(today), HelpKind(one.kind).label) for one in rows],
            "overdue": sum(one.is_overdue(today) for one in rows),
            "days": directory.CHECKED_EVERY.days,
            "old_guides": guides.old(today),
            "may_write": self.has_add_permission(request),
        }
        return self._page(request, "list", "Help directory", context)

    def add(self, request: HttpRequest) -> HttpResponse:
        """The form for an entry that the product does not have."""
        return self._form(request, None)

    def write(self, request: HttpRequest, key: str) -> HttpResponse:
        """The form for a new version, above the versions so far."""
        entry = directory.entry(key)
        if entry is None:
            raise Http404
        return self._form(request, entry)

    def _form(self, request: HttpRequest, entry: DirectoryEntry | None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = HelpEntryForm(request.POST if request.method == "POST" else None, entry=entry)
        if request.method == "POST" and form.is_valid() and self._stored(request, form, entry):
            return redirect("admin:guidance_helpentry_changelist")
        own: Any = form
        context = {
            "form": form,
            "adminform": AdminForm(own, [(None, {"fields": list(form.fields)})], {}),
            "entry": entry,
            "history": directory.versions(entry.key) if entry else [],
            "shipped": directory.shipped().get(entry.key) if entry else None,
        }
        return self._page(request, "write", entry.name if entry else "Add an entry", context)

    def _stored(self, request: HttpRequest, form: HelpEntryForm, entry: DirectoryEntry | None) -> bool:
        content = dict(form.cleaned_data)
        is_removed = content.pop("is_removed")
        key = entry.key if entry else slugify(content["name"])[:60]
        if entry is None and directory.entry(key):
            form.add_error("name", "An entry has this name. Open that one, or choose another name.")
            return False
        by = request.user if isinstance(request.user, User) else None
        try:
            with transaction.atomic():
                row = directory.store(key, content=content, is_removed=is_removed, by=by, now=timezone.now())
                record_for(
                    request, AuditAction.DIRECTORY_CHANGED, detail={"kind": "help entry", "name": str(row)}
                )
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        done = "is off the page" if is_removed else "is shown on the page"
        self.message_user(request, f"{row} {done}.")
        return True

    def _page(self, request: HttpRequest, page: str, title: str, context: dict[str, Any]) -> HttpResponse:
        given = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "is_nav_sidebar_enabled": False,
            **context,
        }
        return TemplateResponse(request, f"admin/guidance/helpentry/{page}.html", given)
