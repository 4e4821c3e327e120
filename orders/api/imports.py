"""Imports in bulk, as jobs: three files are sent, a start is asked for, progress and rejects are read."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.body import Given, InstantField, Shown
from accounts.api.problems import Fault, Problem
from accounts.api.views import Acting, Answer, ApiView, Listing, Showing
from orders.errors import InvalidFact
from orders.models import ExportFile, ImportJob, ImportReject, ImportState
from orders.services.registry import jobs
from orders.tasks import ring_import


class ImportOut(Shown):
    """An import. The counts are of rows of `orders`, and of the last run: a run cut off begins anew."""

    thing = "import"
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=ImportState.choices)
    files = serializers.SerializerMethodField(help_text="Which files came whole, in bytes.")
    created_at = InstantField()
    started_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    read = serializers.IntegerField()
    imported = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows of all three files by code, once it is done."
    )
    failure = serializers.CharField(help_text="Why it failed; empty unless it did.")

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_files(self, job: ImportJob) -> dict[str, int]:
        """By name; none once the job is over."""
        return {file.name: file.size for file in job.files.all() if file.is_whole}


class ImportIn(Given):
    """Nothing: the files come next."""


class OfImports(ApiView):
    """An address about the caller's own imports."""

    thing = "import"
    shows: ClassVar[type[Shown]] = ImportOut

    def jobs(self) -> QuerySet[ImportJob]:
        """The caller's."""
        return ImportJob.objects.filter(by=self.user).prefetch_related("files")

    def job(self, id: UUID) -> ImportJob:  # noqa: A002 - the name in the address
        """The import of that public id. Raises `Http404` where the caller has none."""
        found = self.jobs().filter(public_id=id).first()
        if found is None:
            raise Http404
        return found

    def answered(self, job: ImportJob, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
        """The import as it is now."""
        location = reverse("import", args=[job.public_id]) if status == HTTPStatus.CREATED else ""
        return Answer(self.shown([self.job(job.public_id)])[0], status=status, location=location)


class Imports(OfImports, Listing, Acting):
    """The caller's imports, the newest first; POST opens one that takes files."""

    acts = {"GET": "view", "POST": "add"}
    body = ImportIn

    @override
    def rows(self, **asked: Any) -> QuerySet[ImportJob]:
        """The caller's."""
        return self.jobs()

    @override
    def perform(self, subject: None, given: dict[str, Any]) -> HttpResponse:
        """The import, open."""
        return self.answered(jobs.open_job(by=self.user, now=self.now), HTTPStatus.CREATED)


class OneImport(OfImports, Showing):
    """One import: how far it is and what came of it."""

    @override
    def row(self, **ids: Any) -> ImportJob:
        """The import of the address."""
        return self.job(ids["id"])


class CsvParser(BaseParser):
    """The body as it comes, unread."""

    media_type = "text/csv"

    @override
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The stream itself."""
        return stream


class ImportFiles(OfImports):
    """PUT: one file of the export, in place of one that was sent before."""

    acts = {"PUT": "add"}
    parser_classes = (CsvParser,)
    takes = {"text/csv": OpenApiTypes.BINARY}

    def put(self, request: Request, id: UUID, name: str) -> HttpResponse:  # noqa: A002 - as in the address
        """The import, with the file."""
        job = self.job(id)
        if name not in ExportFile.values:
            raise Http404
        # An empty body is not parsed at all.
        body: Any = request.data
        stream = body if hasattr(body, "read") else BytesIO()
        try:
            file = jobs.put_file(job, ExportFile(name), stream, most=settings.IMPORT_MAX_BYTES)
        except jobs.TooLargeError as error:
            raise Problem("too_large", f"At most {settings.IMPORT_MAX_BYTES} bytes.") from error
        except InvalidFact as refusal:
            raise _refused(refusal) from refusal
        if file.size != int(request.META.get("CONTENT_LENGTH") or 0):
            file.delete()
            raise Problem("malformed", "The body ended before its length.")
        return self.answered(job)


class Starts(OfImports, Acting):
    """POST: a worker imports what was sent. A second start changes nothing."""

    acts = {"POST": "start"}
    body = ImportIn

    @override
    def subject(self, **ids: Any) -> ImportJob:
        """The import of the address."""
        return self.job(ids["id"])

    @override
    def perform(self, subject: ImportJob, given: dict[str, Any]) -> HttpResponse:
        """The import, waiting or further."""
        try:
            job = jobs.start(subject)
        except InvalidFact as refusal:
            raise _refused(refusal) from refusal
        transaction.on_commit(lambda: ring_import(job.pk))
        return self.answered(job, HTTPStatus.CREATED)


class RejectOut(Shown):
    """A row that was not imported, with the one code for why."""

    thing = "import_reject"
    file = serializers.CharField()
    line = serializers.IntegerField(help_text="The line that it begins on.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="Which cell, and what would be right. It names no person.")


class Rejects(OfImports, Listing):
    """The rows that were not imported, by file and line, once the import is done."""

    thing = "import_reject"
    shows = RejectOut
    order_by = ("id",)

    @override
    def rows(self, **asked: Any) -> QuerySet[ImportReject]:
        """Those of the import of the address."""
        return ImportReject.objects.filter(job=self.job(self.kwargs["id"]))


def _refused(refusal: InvalidFact) -> Problem:
    return Problem("refused", refusal.message, faults=[Fault(refusal.field, refusal.code, refusal.message)])
