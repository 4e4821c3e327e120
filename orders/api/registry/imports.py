"""Bulk imports as jobs: send three files, start the import, then read its progress and its rejected rows."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.problems import Problem
from accounts.api.serializers import EmptyInput, OutputSerializer
from accounts.api.views import ResourceAction, ResourceDetail, ResourceList, ResourceView
from orders.api.base import refusals_as_problems
from orders.models import ExportFile, ImportJob, ImportReject, ImportState
from orders.services.registry import jobs
from orders.tasks import request_import


class ImportOutput(OutputSerializer):
    """An import. The counts are rows of `orders` in the last run: an interrupted run starts over."""

    resource = "import"
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=ImportState.choices)
    files = serializers.SerializerMethodField(help_text="The completely received files, with their bytes.")
    created_at = InstantField()
    started_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    read = serializers.IntegerField()
    imported = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rejected rows of all three files by code, at the end."
    )
    failure = serializers.CharField(help_text="Why it failed; empty unless it did.")

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_files(self, job: ImportJob) -> dict[str, int]:
        """By name; empty once the import has ended."""
        return {file.name: file.size for file in job.files.all() if file.is_whole}


class ImportView(ResourceView):
    """Base of the views about the caller's own imports."""

    resource = "import"
    output: ClassVar[type[OutputSerializer]] = ImportOutput

    @override
    def get_queryset(self) -> Any:
        return ImportJob.objects.filter(by=self.user).prefetch_related("files")

    def get_import(self, public_id: UUID) -> ImportJob:
        """Return the import as it is now. Raises `Http404` if the caller has none of that id."""
        job: ImportJob = get_object_or_404(ImportView.get_queryset(self), public_id=public_id)
        return job

    def import_response(self, job: ImportJob, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Return the import as it is now, as a response."""
        response = Response(self.get_serializer(self.get_import(job.public_id)).data, status=status)
        if status == HTTPStatus.CREATED:
            response.headers["Location"] = reverse("import", args=[job.public_id])
        return response


class ImportList(ImportView, ResourceList, ResourceAction):
    """The caller's imports, the newest first. POST opens one, which then takes files."""

    actions = {"GET": "view", "POST": "add"}
    input = EmptyInput

    @override
    def get_target(self) -> None:
        """There is no import to act on yet."""

    @override
    def perform_action(self, target: None, data: Mapping[str, Any]) -> Response:
        with refusals_as_problems():
            job = jobs.open_job(by=self.user, now=self.now)
        return self.import_response(job, HTTPStatus.CREATED)


class ImportDetail(ImportView, ResourceDetail):
    """One import: its progress and its result."""


class CsvParser(BaseParser):
    """Leaves the body unread, as a stream."""

    media_type = "text/csv"

    @override
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the stream."""
        return stream


class ImportFileUpload(ImportView):
    """PUT: one file of the export. It replaces a file of that name that was sent before."""

    actions = {"PUT": "add"}
    parser_classes = (CsvParser,)
    uploads = {"text/csv": OpenApiTypes.BINARY}

    def put(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Store the file and return the import."""
        job, name = self.get_import(self.kwargs["id"]), self.kwargs["name"]
        if name not in ExportFile.values:
            raise Http404
        # DRF does not call the parser for an empty body.
        body: Any = request.data
        stream = body if hasattr(body, "read") else BytesIO()
        try:
            with refusals_as_problems():
                file = jobs.put_file(job, ExportFile(name), stream, most=settings.IMPORT_MAX_BYTES)
        except jobs.TooLargeError as error:
            raise Problem("too_large", f"At most {settings.IMPORT_MAX_BYTES} bytes.") from error
        if file.size != int(request.META.get("CONTENT_LENGTH") or 0):
            file.delete()
            raise Problem("malformed", "The body is shorter than its Content-Length.")
        return self.import_response(job)


class ImportStartCreate(ImportView, ResourceAction):
    """POST: have a worker import the files. A second start changes nothing."""

    actions = {"POST": "start"}
    input = EmptyInput

    @override
    def perform_action(self, target: ImportJob, data: Mapping[str, Any]) -> Response:
        with refusals_as_problems():
            job = jobs.start(target)
        transaction.on_commit(lambda: request_import(job.pk))
        return self.import_response(job, HTTPStatus.CREATED)


class ImportRejectOutput(OutputSerializer):
    """A row that was not imported, and why."""

    resource = "import_reject"
    file = serializers.CharField()
    line = serializers.IntegerField(help_text="The line on which the row begins.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="Which cell, and how to correct it. It names no person.")


class ImportRejectList(ImportView, ResourceList):
    """The rows that were not imported, by file and line, once the import has ended."""

    resource = "import_reject"
    output = ImportRejectOutput
    ordering = ("id",)

    @override
    def get_queryset(self) -> Any:
        return ImportReject.objects.filter(job=self.get_import(self.kwargs["id"]))


urlpatterns = [
    path("imports", ImportList.as_view(), name="imports"),
    path("imports/<uuid:id>", ImportDetail.as_view(), name="import"),
    path("imports/<uuid:id>/files/<str:name>", ImportFileUpload.as_view(), name="import-file"),
    path("imports/<uuid:id>/starts", ImportStartCreate.as_view(), name="import-starts"),
    path("imports/<uuid:id>/rejects", ImportRejectList.as_view(), name="import-rejects"),
]
