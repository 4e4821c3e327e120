"""Files of an order: listed, added and fetched."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.fields import InstantField
from accounts.api.problems import Problem
from orders.api.base import OrderChildDetail, OrderChildList, OrderView, refusals_as_problems
from orders.api.documents.files import (
    JpegParser,
    JpegRenderer,
    PdfParser,
    PdfRenderer,
    PngParser,
    PngRenderer,
    WebpParser,
    binaries,
)
from orders.api.serializers import OrderChildOutput
from orders.models import Attachment, AttachmentKind, Order, Receipt, ScanResult
from orders.services.attachments.attaching import attach_file
from orders.views.attachments import file_response


class AttachmentOutput(OrderChildOutput):
    """A file of an order. The name that it had on a device is not stored."""

    resource = "attachment"
    kind = serializers.ChoiceField(choices=AttachmentKind.choices)
    receipt = serializers.UUIDField(source="receipt.public_id", allow_null=True, default=None)
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField(help_text="Of the content as it is kept.")
    scan = serializers.ChoiceField(choices=ScanResult.choices)
    uploaded_at = InstantField()


class AttachmentList(OrderChildList):
    """The files of an order of the kinds that the caller sees."""

    resource = "attachment"
    queryset = Attachment.objects.select_related("receipt")
    output = AttachmentOutput

    @override
    def get_children(self, queryset: Any, order: Order) -> Any:
        return queryset.filter(order=order).visible_to(self.user, roles=self.viewers)


class AttachmentDetail(OrderChildDetail):
    """What is recorded about one file."""

    resource = "attachment"
    queryset = Attachment.objects.select_related("receipt")
    output = AttachmentOutput


class AttachmentUpload(OrderView):
    """Add a file of one kind to an order. The same file sent again is stored once."""

    resource = "attachment"
    actions = {"PUT": "add"}
    output = AttachmentOutput
    parser_classes = (PdfParser, JpegParser, PngParser, WebpParser)
    uploads: ClassVar[dict[str, Any]] = {
        one.media_type: OpenApiTypes.BINARY for one in (PdfParser, JpegParser, PngParser, WebpParser)
    }
    extra_parameters = (
        OpenApiParameter(
            "receipt",
            OpenApiTypes.UUID,
            OpenApiParameter.QUERY,
            description="The receipt that a scan or photograph belongs to.",
        ),
    )

    def put(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Check, encrypt and store the file, and return what is recorded about it."""
        order, kind = self.get_order(), self.kwargs["kind"]
        if kind not in AttachmentKind.values:
            raise Http404
        self.check_order_roles(order, f"add_{kind}")
        receipt = self._receipt(request.query_params.get("receipt", ""))
        most = settings.ATTACHMENT_MAX_BYTES
        # DRF does not call the parser for an empty body.
        body: Any = request.data
        content = body.read(most + 1) if hasattr(body, "read") else b""
        if len(content) > most:
            raise Problem("too_large", f"At most {most} bytes.")
        with refusals_as_problems(()):
            row = attach_file(order, kind=kind, file=content, receipt=receipt, by=self.user, now=self.now)
        return Response(self.get_serializer(row).data, status=HTTPStatus.OK)

    def _receipt(self, asked: str) -> Receipt | None:
        if not asked:
            return None
        field = serializers.UUIDField()
        public_id = field.run_validation(asked)
        viewers = MATRIX.resources["receipt"].actions["view"]
        visible = Receipt.objects.select_related("order").visible_to(self.user, roles=viewers)
        found: Receipt = get_object_or_404(visible, public_id=public_id)
        return found


class AttachmentContent(OrderView):
    """The file itself."""

    resource = "attachment"
    output = AttachmentOutput
    renderer_classes = (PdfRenderer, JpegRenderer, PngRenderer)

    @classmethod
    def successes(cls) -> Mapping[Any, Any]:
        """Return the responses for the OpenAPI document."""
        return binaries(cls.renderer_classes)

    def get(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the content, as the page of the file does."""
        return file_response(self.get_row(Attachment.objects.all()))


urlpatterns = [
    path("orders/<uuid:id>/attachments", AttachmentList.as_view(), name="order-attachments"),
    path(
        "orders/<uuid:id>/attachments/<slug:kind>", AttachmentUpload.as_view(), name="order-attachment-upload"
    ),
    path("attachments/<uuid:id>", AttachmentDetail.as_view(), name="attachment"),
    path("attachments/<uuid:id>/content", AttachmentContent.as_view(), name="attachment-file"),
]
