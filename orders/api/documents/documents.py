"""Documents of an order as PDF. Each is made when it is asked for; reading one is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import UnpagedList
from orders.api.base import OrderView
from orders.api.documents.files import PdfRenderer, binaries
from orders.models import Hearing, Order, Receipt
from orders.services.documents.wordings import words_in_force
from orders.services.documents.words import LANGUAGES
from orders.views.document_links import document_links
from orders.views.documents import (
    ORDER_DOCUMENTS,
    bench_page,
    hearing_page,
    order_page,
    pdf_response,
    receipt_page,
)


@dataclass(frozen=True)
class OfferedDocument:
    """A document that the caller may have."""

    order: Order
    title: str
    languages: list[str]
    address: str

    @property
    def order_id(self) -> int:
        """The order's key."""
        return self.order.pk


def order_with_documents(view: OrderView) -> Order:
    """Return the order in the URL. Raises `Http404` also if it was entered in error: it has no papers."""
    order = view.get_order()
    if order.withdrawn_at is not None:
        raise Http404
    return order


class DocumentOutput(OutputSerializer):
    """A document that can be fetched as PDF, in one or two languages."""

    resource = "document"
    title = serializers.CharField()
    languages = serializers.ListField(child=serializers.ChoiceField(choices=[*LANGUAGES]))
    address = serializers.CharField(help_text="Where to fetch it.")


class DocumentList(OrderView, UnpagedList):
    """The documents of an order that the caller may have."""

    resource = "document"
    output = DocumentOutput

    @override
    def get_queryset(self) -> Any:
        order = order_with_documents(self)
        self.check_order_roles(order, "view")
        return [
            OfferedDocument(order, one.title, one.languages, one.api_address)
            for one in document_links(order, self.get_roles_of([order])(order))
        ]


class LanguageQuery(InputSerializer):
    """The language of a document."""

    language = serializers.ChoiceField(choices=[*LANGUAGES], default="en")


class DocumentFile(OrderView):
    """Base of the views that return a document."""

    resource = "document"
    output = DocumentOutput
    query = LanguageQuery
    renderer_classes = (PdfRenderer,)
    #: The document as an action of the matrix.
    action = "view"

    @classmethod
    def successes(cls) -> Mapping[Any, Any]:
        """Return the responses for the OpenAPI document."""
        return binaries(cls.renderer_classes)

    @property
    def words(self) -> Any:
        """The words in the language that the query asks for."""
        return words_in_force(self.query_data["language"])

    @property
    @override
    def viewers(self) -> frozenset[str]:
        """The roles that may have the document: to others its row does not exist."""
        return MATRIX.resources[self.resource].actions[self.action]


class OrderDocumentFile(DocumentFile):
    """A document about one order."""

    def get(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the PDF."""
        kind = self.kwargs["kind"]
        if kind not in ORDER_DOCUMENTS:
            raise Http404
        order = order_with_documents(self)
        self.check_order_roles(order, kind.replace("-", "_"))
        return pdf_response(order_page(order, kind, self.words, self.now))


class ReceiptDocumentFile(DocumentFile):
    """The receipt for firearms, as the person who handed them over gets it."""

    action = "receipt"

    def get(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the PDF."""
        receipt = self.get_row(Receipt.objects.select_related("order__case__respondent__town"))
        return pdf_response(receipt_page(receipt, self.words))


#: The documents of a hearing, by the last part of their address.
_OF_HEARINGS = {"notice": "hearing_notice", "bench-sheet": "bench_sheet"}


class HearingDocumentFile(DocumentFile):
    """The notice of a hearing, or the bench sheet for it."""

    def get(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the PDF."""
        self.action = _OF_HEARINGS.get(self.kwargs["kind"], "")
        if not self.action:
            raise Http404
        hearing = self.get_row(Hearing.objects.select_related("order__case__court"))
        if self.action == "bench_sheet":
            return pdf_response(bench_page(hearing, self.now))
        return pdf_response(hearing_page(hearing, self.words))


urlpatterns = [
    path("orders/<uuid:id>/documents", DocumentList.as_view(), name="order-documents"),
    path("orders/<uuid:id>/documents/<slug:kind>", OrderDocumentFile.as_view(), name="order-document"),
    path("receipts/<uuid:id>/document", ReceiptDocumentFile.as_view(), name="receipt-document"),
    path("hearings/<uuid:id>/documents/<slug:kind>", HearingDocumentFile.as_view(), name="hearing-document"),
]
