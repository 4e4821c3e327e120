"""Signatures of a receipt, and how the paper prints them."""

from __future__ import annotations

import pytest

from orders.errors import InvalidFact
from orders.models import HistoryEntry, Receipt, ReceiptSignature
from orders.services.documents.receipt import receipt_document
from orders.services.documents.typesetting import typeset
from orders.services.documents.words import shipped_words
from orders.services.firearms.inventory import FIREARM
from orders.services.firearms.receipts import RECEIPT
from orders.services.firearms.signatures import sign_receipt, signature_svg, signatures_of
from tests import make
from tests.orders.documents.conftest import Papers
from tests.pdf import Pdf

PATH = "M10 150L60 40L110 150M130 90L200 90"


def paper(papers: Papers) -> Pdf:
    receipt = Receipt.objects.get(pk=papers.receipt.pk)
    return Pdf(typeset(receipt_document(receipt, shipped_words("en")), now=make.NOW))


def sign(papers: Papers, party: str = "taker", method: str = "screen", **given: str) -> ReceiptSignature:
    if method == "screen":
        given.setdefault("drawing", PATH)
    return sign_receipt(papers.receipt, party=party, method=method, by=None, now=make.NOW, **given)


def test_a_signature_on_the_screen_is_drawn_on_the_paper(papers: Papers) -> None:
    before = paper(papers)

    sign(papers, name="Officer R. Hale, badge 4417")

    found = paper(papers)
    assert "Taken by: Officer R. Hale, badge 4417, Fri, Dec 4, 2026, 4:00 p.m." in found.text
    assert found.everything.count("Alt(Signature)") > before.everything.count("Alt(Signature)")
    assert len(found.pages) == 1


def test_paper_and_refusal_are_stated(papers: Papers) -> None:
    sign(papers, "giver", "refused")
    sign(papers, "taker", "paper")

    text = paper(papers).text
    assert "Did not sign" in text
    assert "Signed on paper" in text


def test_a_signature_is_not_printed_below_a_list_that_was_corrected_later(papers: Papers) -> None:
    before = paper(papers)
    sign(papers, name="Officer R. Hale, badge 4417")
    RECEIPT.correct(
        papers.receipt, {"receipt_number": "R-9"}, by=None, now=make.NOW, reason="The number was another."
    )

    found = paper(papers)
    assert found.everything.count("Alt(Signature)") == before.everything.count("Alt(Signature)")
    assert "4:00 p.m." not in found.text.split("Signatures")[1].split("What this paper means")[0]


def test_a_corrected_serial_number_needs_a_new_signature(papers: Papers) -> None:
    sign(papers)
    firearm = papers.receipt.firearms.order_by("id")[0]

    FIREARM.correct(firearm, {"serial": "Z-1"}, by=None, now=make.NOW, reason="A wrong digit.")

    assert signatures_of(papers.receipt) == []


def test_the_same_signature_sent_twice_is_stored_once(papers: Papers) -> None:
    assert sign(papers) == sign(papers)
    assert HistoryEntry.objects.filter(kind="receipt_signed").count() == 1

    with pytest.raises(InvalidFact, match="signed already"):
        sign(papers, method="paper")


@pytest.mark.parametrize(
    ("method", "drawing", "code"),
    [
        ("screen", "", "required"),
        ("screen", "M0 0", "invalid_drawing"),
        ("screen", 'M0 0L1 1"/><script>', "invalid_drawing"),
        ("screen", "M0 0L1 1" * 3000, "invalid_drawing"),
        ("paper", "M0 0L1 1", "not_on_screen"),
        ("thumb", "", "unknown_method"),
    ],
)
def test_only_the_path_of_a_pen_is_taken(papers: Papers, method: str, drawing: str, code: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        sign(papers, method=method, drawing=drawing)

    assert refused.value.code == code


def test_a_drawing_is_checked_again_before_it_is_a_picture() -> None:
    with pytest.raises(ValueError, match="not the path"):
        signature_svg('"/><script>')
