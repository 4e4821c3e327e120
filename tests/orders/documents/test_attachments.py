"""Files of an order: checked by content, encrypted, seen by those that the matrix names, and withdrawn."""

from __future__ import annotations

import os
import socketserver
import struct
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from PIL import Image
from pytest_django import Settings

from accounts.access import MATRIX
from accounts.form_middleware import CHANGED, SAME
from accounts.models import AuditAction, AuditEntry, Role, User
from accounts.services.rotation import rotate
from orders.errors import InvalidFact, NotYours
from orders.models import Attachment, AttachmentKind, HistoryEntry, OrderAgency
from orders.services.attachments.attaching import MADE_HERE, attach_file, content_of, withdraw_attachment
from orders.services.attachments.checking import check_file
from orders.services.attachments.sweep import sweep_files
from orders.services.firearms.receipts import withdraw_receipt
from orders.views.attachments import FILE_POLICY
from tests import make
from tests.forms import opened
from tests.orders.documents.conftest import Papers

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "files"


def photograph(color: str = "gray") -> bytes:
    """A photograph with a place and a comment in it."""
    image = Image.new("RGB", (80, 40), color)
    exif = Image.Exif()
    exif[0x010E] = "canary-description"
    exif.get_ifd(0x8825)[2] = (41.0, 45.0, 50.0)
    out = BytesIO()
    image.save(out, format="JPEG", exif=exif, comment=b"canary-comment")
    return out.getvalue()


def attached(papers: Papers, kind: str = "firearm_photo", by: User | None = None, **given: Any) -> Attachment:
    file = given.pop("file", photograph() if kind == "firearm_photo" else PDF)
    return attach_file(papers.order, kind=kind, file=file, by=by, now=make.NOW, **given)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


# ---- what is stored ----------------------------------------------------------------------------------------


def test_a_photograph_loses_its_place_and_words(papers: Papers) -> None:
    stored = content_of(attached(papers))

    with Image.open(BytesIO(stored)) as image:
        assert dict(image.getexif()) == {}
        assert image.size == (80, 40)
    assert b"canary" not in stored


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html><script>1</script></html>", "file_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_type"),
        (b"PK\x03\x04" + b"0" * 100, "file_type"),
        (b" " + PDF, "file_type"),
        (b"\xff\xd8\xff\xe0broken", "broken_picture"),
        (PDF.replace(b"/Type", b"/JavaScript /Type"), "active_file"),
        (b"%PDF-" + b"0" * 2_000_000, "file_too_large"),
    ],
)
def test_a_file_is_judged_by_its_content(settings: Settings, content: bytes, code: str) -> None:
    settings.ATTACHMENT_MAX_BYTES = 1_000_000

    with pytest.raises(InvalidFact) as refused:
        check_file(content)

    assert (refused.value.field, refused.value.code) == ("file", code)


def test_a_picture_with_too_many_pixels_is_refused() -> None:
    out = BytesIO()
    Image.new("1", (10_000, 7_000)).save(out, format="PNG")

    with pytest.raises(InvalidFact, match="too many pixels"):
        check_file(out.getvalue())


def test_the_disk_holds_nothing_readable(papers: Papers, settings: Settings) -> None:
    row = attached(papers, "receipt")

    files = [one for one in settings.ATTACHMENTS_DIR.rglob("*") if one.is_file()]
    assert [one.name for one in files] == [row.stored_as]
    assert b"PDF" not in files[0].read_bytes()
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert content_of(row) == PDF


def test_the_same_file_sent_twice_is_stored_once(papers: Papers) -> None:
    first, again = attached(papers, receipt=papers.receipt), attached(papers, receipt=papers.receipt)

    assert first == again
    assert HistoryEntry.objects.filter(order=papers.order, kind="file_attached").count() == 1


def test_a_receipt_of_another_case_is_refused(papers: Papers) -> None:
    other = make.order()

    with pytest.raises(InvalidFact, match="another case"):
        attach_file(other, kind="receipt", file=PDF, receipt=papers.receipt, by=None, now=make.NOW)


def test_a_file_stays_when_its_receipt_is_withdrawn(papers: Papers) -> None:
    row = attached(papers, receipt=papers.receipt)

    withdraw_receipt(papers.order, receipt=papers.receipt, by=None, now=make.NOW, reason="Another case.")

    row.refresh_from_db()
    assert row.receipt is None


# ---- keys and sweep ----------------------------------------------------------------------------------------


def test_a_rotation_encrypts_files_with_the_new_key(papers: Papers, settings: Settings) -> None:
    row = attached(papers, "receipt")
    old, new = "o" * 40, "n" * 40
    settings.ENCRYPTION_KEYS = [new, old]
    assert {one.column: one.waiting for one in rotate(is_dry_run=True)}[COLUMN] == 1

    assert {one.column: (one.waiting, one.done) for one in rotate()}[COLUMN] == (1, 1)

    settings.SECRET_KEY = "another-" + "k" * 50
    settings.ENCRYPTION_KEYS = [new]
    assert content_of(row) == PDF
    assert {one.column: one.waiting for one in rotate()}[COLUMN] == 0


COLUMN = "orders_attachment.stored_as (files)"


def test_the_sweep_removes_what_no_row_needs(papers: Papers, settings: Settings) -> None:
    kept, gone = attached(papers, "receipt"), attached(papers)
    withdraw_attachment(papers.order, attachment=gone, by=None, now=make.NOW, reason="Wrong case.")
    orphan = settings.ATTACHMENTS_DIR / "ab" / ("ab" + "0" * 30)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"x")
    days = (make.NOW - timedelta(days=2)).timestamp()
    os.utime(orphan, (days, days))

    assert sweep_files(now=make.NOW + timedelta(days=29)).removed == 1
    assert sweep_files(now=make.NOW + timedelta(days=31)).removed == 1

    left = [one.name for one in settings.ATTACHMENTS_DIR.rglob("*") if one.is_file()]
    assert left == [kept.stored_as]


def test_the_sweep_counts_rows_whose_file_is_missing(papers: Papers, settings: Settings) -> None:
    row = attached(papers, "receipt")
    assert sweep_files(now=make.NOW).missing == 0

    (settings.ATTACHMENTS_DIR / row.stored_as[:2] / row.stored_as).unlink()

    assert sweep_files(now=make.NOW).missing == 1


# ---- who sees and adds -------------------------------------------------------------------------------------


def test_police_see_receipts_and_photographs_only(papers: Papers) -> None:
    rows = {kind: attached(papers, kind) for kind in AttachmentKind}

    def seen(person: User) -> set[str]:
        return {kind for kind, row in rows.items() if _get(person, row).status_code == 200}

    assert seen(papers.clerk) == set(AttachmentKind)
    assert seen(papers.liaison) == {
        AttachmentKind.RECEIPT,
        AttachmentKind.FIREARM_PHOTO,
        AttachmentKind.SERVICE_PHOTO,
        AttachmentKind.RESPONDENT_PHOTO,
        AttachmentKind.FILED_RETURN,
    }
    assert seen(papers.elsewhere) == set()
    page = browser(papers.liaison).get(f"/documents/orders/{papers.order.public_id}/").content.decode()
    assert "Files" in page
    for kind in (AttachmentKind.AFFIDAVIT, AttachmentKind.SIGNED_ORDER, AttachmentKind.STATEMENT):
        assert str(kind.label) not in page


def _get(person: User, row: Attachment) -> Any:
    return browser(person).get(f"/files/{row.public_id}/content/")


def test_a_marshal_sees_the_return_of_service(papers: Papers) -> None:
    office = make.agency(name="Elm Marshals")
    OrderAgency.objects.create(order=papers.order, agency=office, capacity="marshal")
    marshal = make.person(Role.MARSHAL, office)

    assert _get(marshal, attached(papers, "return_of_service")).status_code == 200
    assert _get(marshal, attached(papers, "firearm_photo")).status_code == 404


def test_the_matrix_names_viewers_and_adders_of_each_kind() -> None:
    actions = MATRIX.resources["attachment"].actions
    kinds = {f"{act}_{kind}" for act in ("view", "add") for kind in AttachmentKind}

    assert kinds == actions.keys() - {"view", "add", "withdraw"} - {f"withdraw_{one}" for one in MADE_HERE}
    for kind in AttachmentKind:
        assert actions[f"view_{kind}"] <= actions["view"]
        assert actions[f"add_{kind}"] <= actions["add"]
    unseen = {kind: actions[f"add_{kind}"] - actions[f"view_{kind}"] for kind in AttachmentKind}
    # Police file the return of a service of their own, and scans of this kind have the caption.
    returns = unseen.pop(AttachmentKind.RETURN_OF_SERVICE)
    assert returns == {Role.LIAISON, Role.SUPERVISOR}
    assert not any(unseen.values())


def test_police_cannot_add_what_they_do_not_see(papers: Papers) -> None:
    with pytest.raises(NotYours):
        attached(papers, "affidavit", by=papers.liaison)


def test_a_return_that_is_signed_here_is_uploaded_by_no_one(papers: Papers) -> None:
    for person in (papers.clerk, papers.liaison):
        with pytest.raises(NotYours):
            attached(papers, "filed_return", by=person)


def test_the_court_withdraws_a_return_that_is_signed_here_and_other_police_do_not(papers: Papers) -> None:
    row = attached(papers, "filed_return")

    assert browser(papers.liaison).post(f"/files/{row.public_id}/", {"reason": "x"}).status_code == 403
    assert "Why" not in browser(papers.liaison).get(f"/files/{row.public_id}/").content.decode()
    browser(papers.clerk).post(f"/files/{row.public_id}/", {"reason": "Wrong order."})

    row.refresh_from_db()
    assert row.withdrawn_reason == "Wrong order."


def test_the_history_hides_files_that_a_reader_does_not_see(papers: Papers) -> None:
    attached(papers, "affidavit")
    attached(papers, "firearm_photo")

    def kinds(person: User) -> int:
        answer = browser(person).get(f"/api/v1/orders/{papers.order.public_id}/history")
        return [one["kind"] for one in answer.json()["results"]].count("file_attached")

    assert kinds(papers.clerk) == 2
    assert kinds(papers.liaison) == 1


def test_a_withdrawn_file_is_shown_to_no_one(papers: Papers) -> None:
    row = attached(papers)
    page = f"/files/{row.public_id}/"
    client = browser(papers.liaison)

    assert "Fill in “Why”." in client.post(page, {"reason": ""}).content.decode()
    assert client.post(page, {"reason": "It shows another case."}).status_code == 302

    assert client.get(page).status_code == 404
    assert _get(papers.clerk, row).status_code == 404


# ---- pages -------------------------------------------------------------------------------------------------


def test_files_are_added_on_the_page(papers: Papers) -> None:
    client = browser(papers.liaison)
    address = f"/documents/orders/{papers.order.public_id}/"

    answer = client.post(
        address,
        {
            "kind": "firearm_photo",
            "receipt": str(papers.receipt.public_id),
            "uploads": [
                SimpleUploadedFile("Zelda Quince.jpg", photograph()),
                SimpleUploadedFile("b.jpg", photograph("red")),
            ],
        },
    )

    assert answer.status_code == 302
    rows = Attachment.objects.all()
    assert {(one.receipt, one.uploaded_by, one.scan) for one in rows} == {
        (papers.receipt, papers.liaison, "not_scanned")
    }
    page = client.get(address).content.decode()
    assert page.count('loading="lazy"') == 2
    assert "Not scanned for viruses".lower() in page.lower()
    assert "Zelda" not in page


def test_another_file_is_another_entry_and_the_same_file_is_not(papers: Papers) -> None:
    client = browser(papers.liaison)
    address = f"/documents/orders/{papers.order.public_id}/"

    def send(color: str, keys: dict[str, str]) -> Any:
        file = SimpleUploadedFile(f"{os.urandom(4).hex()}.jpg", photograph(color))
        return client.post(
            address,
            {"kind": "firearm_photo", "receipt": str(papers.receipt.public_id), "uploads": file, **keys},
        )

    first = opened(client, address)
    assert send("gray", first).status_code == 302
    assert send("gray", first).status_code == 302
    assert Attachment.objects.count() == 1, "the same form was sent twice"

    assert send("red", opened(client, address)).status_code == 302
    assert Attachment.objects.count() == 2, "another file is no question"
    question = send("red", opened(client, address))
    assert escape(SAME) in question.content.decode()
    changed = send("blue", first)
    assert escape(CHANGED) in changed.content.decode(), (
        "another file in a form that was saved is not lost in silence"
    )
    assert Attachment.objects.count() == 2


def test_a_refused_file_is_named_beside_the_field(papers: Papers) -> None:
    answer = browser(papers.liaison).post(
        f"/documents/orders/{papers.order.public_id}/",
        {"kind": "receipt", "uploads": SimpleUploadedFile("scan.pdf", b"<html>")},
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in page
    assert "This is no PDF file" in page
    assert 'href="#id_uploads"' in page


def test_a_file_never_acts_as_a_page(papers: Papers) -> None:
    picture = _get(papers.liaison, attached(papers))
    paper = _get(papers.liaison, attached(papers, "receipt"))

    assert picture["Content-Disposition"].startswith('inline; filename="firearm-photo-')
    assert paper["Content-Disposition"].startswith('attachment; filename="receipt-')
    for one in (picture, paper):
        assert one["X-Content-Type-Options"] == "nosniff"
        assert one["Content-Security-Policy"] == FILE_POLICY
        assert FILE_POLICY.endswith("; sandbox")
        assert one["Cache-Control"] == "no-store"


def test_reading_a_file_is_on_record(papers: Papers) -> None:
    _get(papers.clerk, attached(papers))

    entry = AuditEntry.objects.filter(action=AuditAction.SEEN, what="attachment-content").get()
    assert (entry.actor, entry.cases) == (papers.clerk, [papers.order.case.public_id])


def test_the_pages_of_an_order_link_to_its_documents(papers: Papers) -> None:
    attached(papers)
    attached(papers, "affidavit")
    for person, page, count in (
        (papers.liaison, f"/cases/{papers.order.public_id}/", 1),
        (papers.clerk, reverse("admin:orders_order_change", args=[papers.order.public_id]), 2),
    ):
        answer = browser(person).get(page)
        assert answer.status_code == 200, page
        shown = answer.content.decode()
        assert f"/documents/receipts/{papers.receipt.public_id}/?language=es" in shown, page
        assert f"Files ({count})" in shown


# ---- the virus scanner -------------------------------------------------------------------------------------


class _Clamd(socketserver.BaseRequestHandler):
    """Answers like clamd: a file with the word EICAR has a virus."""

    def handle(self) -> None:
        stream = self.request.makefile("rb")
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(length)
        found = b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0"
        self.request.sendall(found)


@pytest.fixture
def clamd(settings: Settings) -> Iterator[None]:
    """A scanner that answers."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Clamd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD = f"127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()


@pytest.mark.usefixtures("clamd")
def test_a_scanned_file_states_it(papers: Papers) -> None:
    assert attached(papers, "receipt", file=PDF + b"0" * 200_000).scan == "clean"


@pytest.mark.usefixtures("clamd")
def test_a_virus_is_refused(papers: Papers) -> None:
    with pytest.raises(InvalidFact, match="has a virus"):
        attached(papers, "receipt", file=PDF + b"EICAR")
    assert not Attachment.objects.exists()


def test_a_scanner_that_does_not_answer_stops_the_upload(papers: Papers, settings: Settings) -> None:
    settings.CLAMD = f"unix:{settings.ATTACHMENTS_DIR}/nothing"

    with pytest.raises(InvalidFact, match="does not answer"):
        attached(papers, "receipt")
