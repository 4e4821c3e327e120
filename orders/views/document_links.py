"""Which documents and files of an order a reader is offered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from accounts.access import MATRIX
from orders.models import Order, Receipt
from orders.services.documents.receipt import receipt_number
from orders.services.documents.words import LANGUAGES


@dataclass(frozen=True, kw_only=True)
class DocumentLink:
    """One document: its title, and the address of each language."""

    title: str
    addresses: list[tuple[str, str]]


def document_links(order: Order, roles: Collection[str]) -> list[DocumentLink]:
    """Return the documents that a person in these roles over the order may have."""
    found = []
    if MATRIX.may(roles, "receipt", "document"):
        found += [
            DocumentLink(
                title=f"Receipt {receipt_number(one)}",
                addresses=_in_languages("document-receipt", one.public_id),
            )
            for one in Receipt.objects.of_case(order.case_id)
        ]
    return found


def _in_languages(name: str, *ids: object) -> list[tuple[str, str]]:
    address = reverse(name, args=ids)
    return [(label, f"{address}?language={code}") for code, label in LANGUAGES.items()]
