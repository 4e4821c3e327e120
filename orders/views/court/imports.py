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
from accounts.services.access.access_log import record_for
from orders.errors import InvalidFact
from orders.forms.imports import ImportForm
from orders.models import ExportFile, ImportJob, ImportState
from orders.services.desk.tables import csv_lines
from orders.services.registry import jobs
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import ExportError
from orders.services.registry.mappings import save_mapping
from orders.services.registry.preview import can_preview, preview
from orders.services.registry.staging import AlreadyImportingError
from orders.tasks import request_import

#: Imports that the history shows.
MOST_SHOWN = 50


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
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        except jobs.TooLargeError:
            form.add_error(None, f"A file has at most {settings.IMPORT_MAX_BYTES:,} bytes. Split it.")
        else:
            return redirect("import-page", public_id=job.public_id)
    found = ImportJob.objects.filter(by=person).order_by("-id")[:MOST_SHOWN]
    context = {"form": form, "jobs": found, "columns": COLUMNS}
    return render(request, "orders/court/imports.html", context)


@transaction.atomic
def _open(form: ImportForm, person: User) -> ImportJob:
    """Open a job with the files of the form. A file that was not sent has no rows."""
    data = form.cleaned_data
    layout = data["mapping"].text if data["mapping"] else ""
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
    """Show what the import would do. Nothing is stored."""
    job = _job(request, public_id)
    if job.state != ImportState.OPEN or not can_preview(job):
        return redirect("import-page", public_id=public_id)
    try:
        found = preview(job, now=timezone.now())
    except AlreadyImportingError:
        return _show(request, job, problem="Another import is running. Try again in a minute.")
    except ExportError as error:
        return _show(request, job, problem=str(error))
    return _show(request, job, preview=found)


@require_POST
def start_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Have a worker import the files."""
    job = _job(request, public_id)
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
    lines = csv_lines(
        ["File", "Line", "Code", "Reason and remedy"],
        ([str(cell) for cell in row] for row in rows),
    )
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="rejected-rows.csv"'
    return response


def _show(request: HttpRequest, job: ImportJob, **more: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "job": job,
        "files": [one for one in job.files.filter(is_whole=True).order_by("name") if one.size],
        "can_preview": job.state == ImportState.OPEN and can_preview(job),
        "is_open": job.state == ImportState.OPEN,
        "is_running": job.state in (ImportState.WAITING, ImportState.RUNNING),
        "is_over": job.state in (ImportState.DONE, ImportState.FAILED),
        "rejected": sum(job.rejected.values()),
    }
    return render(request, "orders/court/import.html", context | more)


def _person(request: HttpRequest) -> User:
    """Return the signed-in person. Raises `Http404` for people who import nothing."""
    person = expect(User, request.user)
    if not person.is_staff or not MATRIX.may(person.roles, "add", "import"):
        raise Http404
    return person


def _job(request: HttpRequest, public_id: UUID) -> ImportJob:
    return get_object_or_404(ImportJob, public_id=public_id, by=_person(request))
