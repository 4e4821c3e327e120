"""Words of documents and letterheads as versions that administrators add after a preview."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import AuditAction, AuditEntry, Role, User
from orders.models import DocumentWording, Letterhead
from orders.services.documents.typesetting import typeset
from orders.services.documents.wordings import (
    DOCUMENTS,
    add_document_wording,
    add_letterhead,
    check_texts,
    sample_document,
    words_in_force,
)
from orders.services.documents.words import LANGUAGES, shipped_words
from tests import make
from tests.orders.documents.conftest import Papers
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def texts(document: str = "receipt", language: str = "en") -> dict[str, str]:
    return {key: text.strip() for key, text in shipped_words(language).tables[document].items()}


def write(document: str = "receipt", language: str = "en") -> str:
    return reverse("admin:orders_documentwording_write", args=[document, language])


def test_a_new_wording_is_previewed_and_then_on_the_paper(papers: Papers, administrator: User) -> None:
    desk = browser(administrator)
    typed = texts() | {"intro": "Keep this blue paper."}

    shown = desk.post(write(), typed | {"preview": "1"})
    assert "Keep this blue paper." in Pdf(shown.content).text
    assert not DocumentWording.objects.exists()

    assert desk.post(write(), typed | {"store": "1"}).status_code == 302
    row = DocumentWording.objects.get()
    assert (row.version, row.texts, row.created_by) == (1, {"intro": "Keep this blue paper."}, administrator)
    entry = AuditEntry.objects.get(action=AuditAction.DIRECTORY_CHANGED)
    assert entry.detail == {"kind": "document wording", "name": "receipt.en/1"}

    paper = f"/documents/receipts/{papers.receipt.public_id}/"
    police = browser(papers.liaison)
    assert "Keep this blue paper." in Pdf(police.get(paper).content).text
    assert "Keep this blue paper." not in Pdf(police.get(f"{paper}?language=es").content).text
    listed = desk.get(reverse("admin:orders_documentwording_changelist")).content.decode()
    assert f", {administrator.name}" in listed


def test_the_newest_version_is_in_force() -> None:
    for intro in ("First.", "Second."):
        add_document_wording("receipt", "en", texts=texts() | {"intro": intro}, by=None, now=make.NOW)

    assert words_in_force("en").text("receipt", "intro") == "Second."
    assert words_in_force("es") == shipped_words("es")


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("intro", " ", "Enter a text"),
        ("intro", "{respondent.name}", "Leave out the braces"),
        ("what", "Taken", "{count}"),
        ("what", "{count!r}", "not closed"),
        ("what", "{count", "not closed"),
        ("intro", "x" * 1501, "At most"),
    ],
)
def test_a_wording_keeps_the_fields_of_the_shipped_one(key: str, text: str, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_texts("receipt", "en", texts() | {key: text})

    assert problem in refused.value.message_dict[key][0]


def test_a_refused_text_is_beside_its_field(administrator: User) -> None:
    page = browser(administrator).post(write(), texts() | {"what": "Taken", "store": "1"}).content.decode()

    assert "<title>Error: " in page
    assert "Use each of these fields" in page
    assert not DocumentWording.objects.exists()


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_document_has_a_preview(document: str, language: str) -> None:
    found = Pdf(typeset(sample_document(document, shipped_words(language)), now=make.NOW))

    assert texts(document, language)["title"] in found.text


def test_a_letterhead_is_below_the_name_of_the_agency(papers: Papers, administrator: User) -> None:
    desk, page = browser(administrator), reverse("admin:orders_letterhead_changelist")
    typed = {"agency": papers.police.pk, "lines": "Property Room, 1 Example Plaza\n(860) 555-0100"}

    assert "1 Example Plaza" in Pdf(desk.post(page, typed | {"preview": "1"}).content).text
    assert not Letterhead.objects.exists()
    assert desk.post(page, typed | {"store": "1"}).status_code == 302

    paper = browser(papers.liaison).get(f"/documents/receipts/{papers.receipt.public_id}/")
    assert "Elm Police Property Room, 1 Example Plaza (860) 555-0100" in Pdf(paper.content).text
    assert "1 Example Plaza" in desk.get(page).content.decode()


def test_a_letterhead_has_three_lines_at_most(papers: Papers) -> None:
    with pytest.raises(ValidationError, match="3 lines"):
        add_letterhead(papers.police, lines="1\n2\n3\n4", by=None, now=make.NOW)


def test_only_administrators_see_these_pages(papers: Papers) -> None:
    for page in (
        write(),
        reverse("admin:orders_documentwording_changelist"),
        reverse("admin:orders_letterhead_changelist"),
    ):
        assert browser(papers.clerk).get(page).status_code == 403, page
