"""Imports of a court: drop files, look at what they would do, import them, and read what was rejected."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MATRIX
from accounts.models import AuditAction, User
from accounts.narrowing import expect
from accounts.services.access.access_log import record_for, skip_done_entry
from orders.errors import InvalidFact
from orders.forms.imports import ColumnsForm, ImportForm, WordsForm
from orders.models import ExportFile, ImportJob, ImportState
from orders.services.registry import jobs, preview, words
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import ExportError
from orders.services.registry.layout import Layout, parse_layout
from orders.services.registry.mappings import (
    check_mapping,
    headers_of,
    mappings_of,
    remove_mapping,
    save_mapping,
    sent_files,
    use_mapping,
)
from orders.tasks import request_import, request_preview
from orders.views.csv_response import csv_response

#: Imports that the history shows.
MOST_SHOWN = 50
#: The most digits of a key.
MOST_DIGITS = 18


@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Show the form and the person's earlier imports; take files and show what they would do."""
    person = _person(request)
    is_sent = request.method == "POST"
    form = ImportForm(request.POST if is_sent else None, request.FILES if is_sent else None, person=person)
    if is_sent and form.is_valid():
        try:
            job = _open(form, person)
        except InvalidFact as refusal:
            form.show_refusal(refusal)
        except jobs.TooLargeError:
            form.add_error(None, f"A file has at most {settings.IMPORT_MAX_BYTES:,} bytes. Split it.")
        else:
            return _next_step(job)
    found = ImportJob.objects.filter(by=person).order_by("-id")[:MOST_SHOWN]
    context = {"form": form, "jobs": found, "columns": COLUMNS, "mappings": mappings_of(person)}
    return render(request, "orders/court/imports.html", context)


@require_POST
def mapping_removed(request: HttpRequest) -> HttpResponse:
    """Remove a saved mapping of the person's court."""
    if remove_mapping(request.POST.get("mapping", "")[:MOST_DIGITS], by=_person(request)) is None:
        raise Http404
    messages.success(request, "The mapping is removed. Imports that used it keep their columns.")
    return redirect("imports")


@transaction.atomic
def _open(form: ImportForm, person: User) -> ImportJob:
    """Open a job with the files of the form. A file that was not sent has no rows."""
    data = form.cleaned_data
    layout = data["mapping"].text if data["mapping"] else ""
    check_mapping(layout, "mapping")
    if data["mapping_file"]:
        layout = save_mapping(name=data["mapping_name"], text=data["mapping_file"], by=person).text
    job = jobs.open_job(by=person, now=timezone.now(), layout=layout)
    for name in ExportFile:
        stream = data[name.value] or BytesIO(jobs.empty_file(name, layout))
        jobs.put_file(job, name, stream, most=settings.IMPORT_MAX_BYTES)
    return job


@require_safe
def one_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one import: its files, or its progress and result."""
    return _show(request, _job(request, public_id))


@require_POST
def preview_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Find out what the import would do, and show its page. A worker tries large files."""
    job = _job(request, public_id)
    preview.ask(job, now=timezone.now())
    if preview.is_quick(job):
        preview.try_out(job.pk, now=timezone.now())
    else:
        request_preview(job.pk)
    return redirect("import-page", public_id=public_id)


@require_http_methods(["GET", "POST"])
def import_mapping(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show which column holds what. Keep what was chosen for this import and, by its name, for others."""
    job = _job(request, public_id)
    if job.state != ImportState.OPEN:
        return redirect("import-page", public_id=public_id)
    try:
        headers = headers_of(job)
    except ExportError as error:
        messages.error(request, str(error))
        return redirect("import-page", public_id=public_id)
    layout = parse_layout(job.layout, "mapping") if job.layout else Layout()
    form = ColumnsForm(request.POST if request.method == "POST" else None, layout=layout, headers=headers)
    if form.is_bound and form.is_valid() and _is_kept(request, job, form):
        messages.success(request, "The columns are chosen.")
        job.refresh_from_db()
        for warning in parse_layout(job.layout, "mapping").warnings:
            messages.warning(request, warning)
        return _next_step(job)
    return render(request, "orders/court/import_mapping.html", {"form": form, "job": job})


def _is_kept(request: HttpRequest, job: ImportJob, form: ColumnsForm | WordsForm) -> bool:
    """Use what was chosen for this import, and save it under a name if one is given; False if refused."""
    text = form.mapping(job.layout)
    try:
        with transaction.atomic():
            use_mapping(job, text)
            if name := form.cleaned_data["name"]:
                save_mapping(name=name, text=text, by=_person(request))
    except InvalidFact as refusal:
        form.add_error(None, refusal.message)
        return False
    return True


def _next_step(job: ImportJob) -> HttpResponse:
    """Lead on to what the files still need: their columns, their words, or a look at what would happen."""
    step = "import-page"
    if not words.columns_fit(job):
        step = "import-mapping"
    elif words.has_open_words(job):
        step = "import-words"
    return redirect(step, public_id=job.public_id)


@require_http_methods(["GET", "POST"])
def import_words(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the words of the files that are not ours, and keep what each of them means."""
    job = _job(request, public_id)
    if job.state != ImportState.OPEN or not words.columns_fit(job):
        return redirect("import-page", public_id=public_id)
    form = WordsForm(request.POST if request.method == "POST" else None, found=words.found_words(job))
    if form.is_bound and form.is_valid() and _is_kept(request, job, form):
        messages.success(request, "The words are chosen. Look at what would happen now.")
        return redirect("import-page", public_id=public_id)
    return render(request, "orders/court/import_words.html", {"form": form, "job": job})


@require_POST
def start_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Have a worker import the files, once the person could read what would happen."""
    job = _job(request, public_id)
    if job.state == ImportState.OPEN and not preview.is_tried(job):
        skip_done_entry(request)
        messages.error(request, "Look at what would happen first. Nothing is imported yet.")
        return redirect("import-page", public_id=public_id)
    try:
        with transaction.atomic():
            job = jobs.start(job)
            record_for(request, AuditAction.DONE, succeeded=True)
            transaction.on_commit(lambda: request_import(job.pk))
    except InvalidFact as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The import has started. This page shows its progress.")
    return redirect("import-page", public_id=public_id)


@require_safe
def import_rejects(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    """Return the rejected rows as CSV: file, line, reason and remedy. They name no person."""
    job = _job(request, public_id)
    rows = job.rejects.order_by("id").values_list("file", "line", "code", "detail").iterator(chunk_size=2000)
    cells = ([str(cell) for cell in row] for row in rows)
    return csv_response("rejected-rows.csv", ["File", "Line", "Code", "Reason and remedy"], cells)


def _show(request: HttpRequest, job: ImportJob) -> HttpResponse:
    context: dict[str, Any] = {
        "job": job,
        "files": sent_files(job),
        "is_tried": preview.is_tried(job),
        "is_trying": job.state == ImportState.OPEN and job.preview is None and job.preview_asked_at,
        "is_open": job.state == ImportState.OPEN,
        "needs_columns": job.state == ImportState.OPEN and not words.columns_fit(job),
        "has_words": job.state == ImportState.OPEN and words.has_words(job),
        "is_running": job.state in (ImportState.WAITING, ImportState.RUNNING),
        "is_over": job.state in (ImportState.DONE, ImportState.FAILED),
        "rejected": sum(job.rejected.values()),
    }
    return render(request, "orders/court/import.html", context)


def _person(request: HttpRequest) -> User:
    """Return the signed-in person. Raises `Http404` for people who import nothing."""
    person = expect(User, request.user)
    if not person.is_staff or not MATRIX.may(person.roles, "add", "import"):
        raise Http404
    return person


def _job(request: HttpRequest, public_id: UUID) -> ImportJob:
    return get_object_or_404(ImportJob, public_id=public_id, by=_person(request))
