"""The receipt for firearms: one page with what was taken, and nothing of the protected person."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, AuditAction, AuditEntry, Role, User
from orders.models import Receipt, ReceiptGiver, ReceiptKind
from orders.services.documents.blocks import Document, Paragraph
from orders.services.documents.receipt import receipt_document
from orders.services.documents.typesetting import MISSING, TypesettingError, typeset
from orders.services.documents.words import LANGUAGES, shipped_words
from orders.services.firearms.receipts import RECEIPT
from orders.services.firearms.signatures import sign_receipt
from tests import make
from tests.orders.documents.conftest import CANARIES, Papers
from tests.pdf import Pdf


def read(person: User, receipt: Receipt, language: str = "en") -> Pdf:
    """The receipt as the person gets it."""
    answer = browser(person).get(f"/documents/receipts/{receipt.public_id}/?language={language}")
    assert answer.status_code == 200, answer.status_code
    return Pdf(answer.content)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def status(person: User, receipt: Receipt) -> int:
    return browser(person).get(f"/documents/receipts/{receipt.public_id}/").status_code


def test_it_lists_what_was_taken_on_one_page(papers: Papers) -> None:
    found = read(papers.liaison, papers.receipt)

    assert len(found.pages) == 1
    for expected in (
        "Elm Police",
        "HPD-R-26-00931",
        "Ash Łukasz Birch",
        "Mar 14, 1985",
        papers.order.case.docket_number,
        "1 firearm, 1 lot of ammunition",
        "Ruger P95",
        "DEMO-2001",
        "Ammunition, 3",
    ):
        assert expected in found.text, expected


def test_the_paper_has_the_number_to_call(papers: Papers) -> None:
    assert "call the office above" in " ".join(read(papers.liaison, papers.receipt).text.split())
    Agency.objects.filter(name="Elm Police").update(telephone="860-555-0117")

    assert "860-555-0117" in read(papers.liaison, papers.receipt).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_carries_nothing_that_the_respondent_must_not_read(papers: Papers, language: str) -> None:
    found = read(papers.liaison, papers.receipt, language)

    assert "DEMO-2001" in found.everything
    for canary in CANARIES:
        assert canary not in found.everything, canary


def test_a_private_person_who_took_them_is_not_named(papers: Papers) -> None:
    """The true owner can be the protected person."""
    Receipt.objects.filter(pk=papers.receipt.pk).update(
        kind=ReceiptKind.TRUE_OWNER, agency=None, taker_name="Zelda Quince"
    )

    found = read(papers.clerk, papers.receipt)

    assert "Their true owner" in found.text
    assert "Quince" not in found.everything


def test_another_person_who_handed_them_over_is_not_named_or_drawn(papers: Papers) -> None:
    """The person can be the protected one, and a signature can be read as a name."""
    sign_receipt(
        papers.receipt, party="giver", method="screen", drawing="M10 20L11 25", by=None, now=make.NOW
    )
    drawn = read(papers.liaison, papers.receipt)
    Receipt.objects.filter(pk=papers.receipt.pk).update(giver=ReceiptGiver.OTHER)

    found = read(papers.liaison, papers.receipt)

    assert "Handed over by: Ash Łukasz Birch" in drawn.text
    assert "Handed over by: another person" in found.text
    assert "Police keep the signature" in found.text
    assert drawn.everything.count("Alt(Signature)") > found.everything.count("Alt(Signature)")


def test_a_corrected_paper_differs_from_the_earlier_one(papers: Papers) -> None:
    assert "Corrected" not in read(papers.liaison, papers.receipt).text

    RECEIPT.correct(
        papers.receipt,
        {"receipt_number": "HPD-R-26-00932"},
        by=None,
        now=make.NOW,
        reason="Misread",
    )

    receipt = Receipt.objects.get(pk=papers.receipt.pk)
    text = read(papers.liaison, receipt).text
    assert "This paper replaces the earlier one" in text
    assert "m.." not in text
    assert "Este papel reemplaza" in read(papers.liaison, receipt, "es").text
    page = browser(papers.liaison).get(f"/cases/{papers.order.public_id}/receipt/{receipt.public_id}/")
    assert "Corrected receipt HPD-R-26-00932" in page.content.decode()


def test_spanish_has_its_words_and_dates(papers: Papers) -> None:
    found = read(papers.liaison, papers.receipt, "es")

    assert "Recibo de armas de fuego y municiones" in found.text
    assert "14 mar 1985" in found.text
    assert "/Lang(es" in found.everything


def test_both_languages_have_the_same_words() -> None:
    english, spanish = (shipped_words(one).tables for one in LANGUAGES)

    assert {name: table.keys() for name, table in english.items()} == {
        name: table.keys() for name, table in spanish.items()
    }


def test_other_agencies_do_not_learn_that_it_exists(papers: Papers) -> None:
    assert status(papers.elsewhere, papers.receipt) == 404
    assert status(make.person(Role.MARSHAL, papers.police), papers.receipt) == 404
    assert Client().get(f"/documents/receipts/{papers.receipt.public_id}/").status_code == 302


def test_reading_it_is_on_record(papers: Papers) -> None:
    read(papers.clerk, papers.receipt)

    entry = AuditEntry.objects.filter(action=AuditAction.SEEN, actor=papers.clerk).get()
    assert entry.cases == [papers.order.case.public_id]
    assert entry.what == "document-receipt"


def test_the_file_has_a_neutral_name_and_is_not_stored(papers: Papers) -> None:
    answer = browser(papers.liaison).get(f"/documents/receipts/{papers.receipt.public_id}/")

    assert answer["Content-Disposition"] == 'inline; filename="receipt-HPD-R-26-00931.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_what_a_person_typed_is_never_markup(papers: Papers) -> None:
    papers.order.case.respondent.name = '#panic() *x* $y$ #read("document.typ") 李'
    words = shipped_words("en")
    receipt = Receipt.objects.select_related("order__case__court").get(pk=papers.receipt.pk)
    receipt.order.case.respondent = papers.order.case.respondent

    found = Pdf(typeset(receipt_document(receipt, words), now=make.NOW))

    assert f'#panic() *x* $y$ #read("document.typ") {MISSING}' in found.text


def test_an_error_names_no_content() -> None:
    broken = Document(name="broken", title="", office="Zelda", blocks=[Paragraph(text="Quince")])

    with pytest.raises(TypesettingError) as error:
        typeset(broken, now=make.NOW)

    assert "Quince" not in str(error.value)
    assert "Zelda" not in str(error.value)


def test_more_firearms_cost_no_more_queries(papers: Papers) -> None:
    def queries() -> int:
        client = browser(papers.liaison)
        client.get(f"/documents/receipts/{papers.receipt.public_id}/")
        with CaptureQueriesContext(connection) as found:
            client.get(f"/documents/receipts/{papers.receipt.public_id}/")
        return len(found)

    before = queries()
    items = papers.order.firearms.exclude(pk__in=papers.receipt.firearms.all())
    for one in items:
        papers.receipt.items.create(firearm=one)

    assert queries() == before
