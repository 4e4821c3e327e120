"""Words of documents and letterheads at the admin site: read all versions, add a new one after a preview."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
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
from accounts.models import Agency, AuditAction, User
from accounts.searching import OnlyFilters
from accounts.services.access.access_log import record_for
from orders.models import DocumentWording, Letterhead
from orders.services.documents.wordings import (
    DOCUMENTS,
    add_document_wording,
    add_letterhead,
    check_texts,
    sample_document,
    versions_of,
    words_in_force,
)
from orders.services.documents.words import LANGUAGES, DocumentWords
from orders.views.documents import pdf_response


class DocumentWordingForm(SiteForm):
    """One field for each text of a document."""

    def __init__(self, *args: Any, document: str, language: str, **options: Any) -> None:
        """Begin with the texts in force."""
        super().__init__(*args, **options)
        self.document, self.language = document, language
        for key, text in words_in_force(language).tables[document].items():
            shown = text.strip()
            area = forms.Textarea(attrs={"rows": 2 + shown.count("\n"), "cols": 80})
            self.fields[key] = forms.CharField(
                initial=shown, label=key.replace("_", " ").capitalize(), widget=area
            )

    @override
    def clean(self) -> dict[str, Any]:
        """Report what the service refuses, at its field."""
        data = self.cleaned_data
        if not self.errors:
            try:
                return check_texts(self.document, self.language, data)
            except ValidationError as refusal:
                self.add_error(None, refusal)
        return data


class LetterheadForm(SiteForm):
    """What is below an agency's name."""

    agency = forms.ModelChoiceField(Agency.objects.all())
    lines = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Address and telephone, in at most three lines.",
    )


@admin.register(DocumentWording)
class DocumentWordingAdmin(OnlyFilters[DocumentWording]):
    """The list of documents in each language, and a form for a new wording."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the list and the form."""
        view, name = self.admin_site.admin_view, "orders_documentwording"
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("<slug:document>/<slug:language>/", view(self.write), name=f"{name}_write"),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every document with its versions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = [
            {
                "document": key,
                "title": title,
                "code": code,
                "language": label,
                "versions": versions_of(key, code),
            }
            for key, title in DOCUMENTS.items()
            for code, label in LANGUAGES.items()
        ]
        return self._page(request, "list", "Words of documents", {"rows": rows})

    def write(self, request: HttpRequest, document: str, language: str) -> HttpResponse:
        """The form for a new wording: a preview as PDF, or put it in force."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if document not in DOCUMENTS or language not in LANGUAGES:
            raise Http404
        typed = request.POST if request.method == "POST" else None
        form = DocumentWordingForm(typed, document=document, language=language)
        if form.is_bound and form.is_valid():
            if "preview" in request.POST:
                return pdf_response(sample_document(document, _typed_words(form)))
            if self._stored(request, form):
                return redirect("admin:orders_documentwording_changelist")
        context = {"form": form, "adminform": _laid_out(form)}
        title = f"{DOCUMENTS[document]}, {LANGUAGES[language]}: a new wording"
        return self._page(request, "write", title, context)

    def _stored(self, request: HttpRequest, form: DocumentWordingForm) -> bool:
        add = partial(add_document_wording, form.document, form.language, texts=form.cleaned_data)
        return _is_in_force(request, form, "document wording", add)

    def _page(self, request: HttpRequest, page: str, title: str, context: dict[str, Any]) -> HttpResponse:
        given = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return TemplateResponse(request, f"admin/orders/documentwording/{page}.html", given)


def _laid_out(form: Any) -> AdminForm:
    """Return the form in the admin site's layout."""
    return AdminForm(form, [(None, {"fields": list(form.fields)})], {})


def _is_in_force(request: HttpRequest, form: SiteForm, kind: str, add: Callable[..., object]) -> bool:
    """Add a version and put it on record; False if the service refuses it, with the reason in the form."""
    by = request.user if isinstance(request.user, User) else None
    try:
        with transaction.atomic():
            row = add(by=by, now=timezone.now())
            record_for(request, AuditAction.DIRECTORY_CHANGED, detail={"kind": kind, "name": str(row)})
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, f"Now in force: {row}.")
    return True


def _typed_words(form: DocumentWordingForm) -> DocumentWords:
    words = words_in_force(form.language)
    return DocumentWords(
        language=form.language, tables=words.tables | {form.document: dict(form.cleaned_data)}
    )


@admin.register(Letterhead)
class LetterheadAdmin(OnlyFilters[Letterhead]):
    """The letterheads of agencies, and a form for a new version."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the one page."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="orders_letterhead_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All versions, and the form that adds one: a preview as PDF, or put it in force."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_add = self.has_add_permission(request)
        if request.method == "POST" and not may_add:
            raise PermissionDenied
        form = LetterheadForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            if "preview" in request.POST:
                lines = tuple(form.cleaned_data["lines"].splitlines())
                return pdf_response(sample_document("hearing", words_in_force("en"), lines))
            if self._stored(request, form):
                return redirect("admin:orders_letterhead_changelist")
        rows = Letterhead.objects.select_related("agency", "created_by")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Letterheads",
            "form": form if may_add else None,
            "adminform": _laid_out(form),
            "rows": rows.order_by("agency__name", "-version"),
        }
        return TemplateResponse(request, "admin/orders/documentwording/letterheads.html", context)

    def _stored(self, request: HttpRequest, form: LetterheadForm) -> bool:
        return _is_in_force(request, form, "letterhead", partial(add_letterhead, **form.cleaned_data))
