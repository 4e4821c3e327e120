"""Which documents and files of an order a reader is offered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from accounts.access import MATRIX
from accounts.dates import format_day
from orders.models import Hearing, Order, Receipt
from orders.services.documents.receipt import receipt_number
from orders.services.documents.words import LANGUAGES


@dataclass(frozen=True, kw_only=True)
class DocumentLink:
    """One document: its title, and the address of each language."""

    title: str
    addresses: list[tuple[str, str]]
    #: Its address in the API.
    api_address: str

    @property
    def languages(self) -> list[str]:
        """The codes of its languages."""
        return [*LANGUAGES] if len(self.addresses) > 1 else ["en"]


#: The documents of every order: action in the matrix, title, and whether there are two languages.
_OF_ORDERS = (
    ("surrender_notice", "Notice of the duty to surrender", True),
    ("police_notice", "Notice to police, with a receipt form", False),
    ("service_packet", "Packet for service", False),
    ("case_summary", "What is known, for the judge", False),
)


def document_links(order: Order, roles: Collection[str]) -> list[DocumentLink]:
    """Return the documents that a person in these roles over the order may have."""
    found = [
        DocumentLink(
            title=title,
            addresses=_in_languages("document-order", order.public_id, action.replace("_", "-"), both=both),
            api_address=reverse("order-document", args=[order.public_id, action.replace("_", "-")]),
        )
        for action, title, both in _OF_ORDERS
        if MATRIX.may(roles, action, "document")
    ]
    if MATRIX.may(roles, "receipt", "document"):
        found += [
            DocumentLink(
                title=f"Receipt {receipt_number(one)}",
                addresses=_in_languages("document-receipt", one.public_id),
                api_address=reverse("receipt-document", args=[one.public_id]),
            )
            for one in Receipt.objects.of_case(order.case_id)
        ]
    if MATRIX.may(roles, "hearing_notice", "document"):
        found += [
            DocumentLink(
                title=f"Notice of hearing, {format_day(one.scheduled_on)}",
                addresses=_in_languages("document-hearing", one.public_id),
                api_address=reverse("hearing-document", args=[one.public_id, "notice"]),
            )
            for one in Hearing.objects.filter(order=order, outcome="")
        ]
    if MATRIX.may(roles, "bench_sheet", "document"):
        found += [
            DocumentLink(
                title=f"Bench sheet, {format_day(one.scheduled_on)}",
                addresses=_in_languages("document-bench", one.public_id, both=False),
                api_address=reverse("hearing-document", args=[one.public_id, "bench-sheet"]),
            )
            for one in Hearing.objects.filter(order=order, outcome="")
        ]
    return found


def _in_languages(name: str, *ids: object, both: bool = True) -> list[tuple[str, str]]:
    address = reverse(name, args=ids)
    if not both:
        return [("English", address)]
    return [(label, f"{address}?language={code}") for code, label in LANGUAGES.items()]
