"""Documents and files over the API: who gets which, and that each reading is on record."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from accounts.models import AgencyKind, AuditEntry, Role
from orders.models import Attachment, OrderAgency
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.signatures import sign_receipt
from orders.services.orders.withdrawal import withdraw_order
from tests import make
from tests.api.conftest import ROOT, Caller, MakeCaller
from tests.api.fixtures import Fixtures
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path


def picture() -> bytes:
    """A small photograph."""
    found = BytesIO()
    Image.new("RGB", (40, 30), "gray").save(found, "PNG")
    return found.getvalue()


def send(caller: Caller, path: str, content: bytes, media: str = "image/png") -> Any:
    """PUT a file."""
    headers = {"Authorization": f"Bearer {caller.token}"}
    return caller.client.put(ROOT + path, content, content_type=media, headers=headers)


def pdf(caller: Caller, path: str, **query: Any) -> Any:
    """Fetch a document as PDF."""
    return caller.get(path, headers={"Accept": "application/pdf"}, **query)


def test_documents_are_listed_and_fetched_by_the_matrix(fixtures: Fixtures, caller: MakeCaller) -> None:
    f = fixtures
    clerk, liaison = caller(make.person(Role.CLERK, f.court)), caller(make.person(Role.LIAISON, f.police))
    of_order = f"/orders/{f.order.public_id}/documents"

    listed = {one["title"]: one for one in clerk.get(of_order).json()["results"]}
    of_police = {one["title"] for one in liaison.get(of_order).json()["results"]}

    assert listed["Notice of the duty to surrender"]["languages"] == ["en", "es"]
    assert "What is known, for the judge" in listed.keys() - of_police
    assert any(one.startswith("Bench sheet") for one in listed)
    assert not any(one.startswith("Bench sheet") for one in of_police)
    for one in listed.values():
        before = AuditEntry.objects.count()
        answer = pdf(clerk, one["address"].removeprefix(ROOT))
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert Pdf(answer.content).pages
        assert AuditEntry.objects.count() == before + 1
        assert AuditEntry.objects.latest("id").cases == [f.order.case.public_id]
    spanish = pdf(clerk, f"{of_order}/surrender-notice", language="es")
    assert "armas" in Pdf(spanish.content).text
    assert pdf(clerk, f"{of_order}/surrender-notice", language="fr").status_code == 400
    assert pdf(liaison, f"{of_order}/case-summary").status_code == 403
    assert pdf(liaison, f"/hearings/{f.hearing.public_id}/documents/bench-sheet").status_code == 404
    assert pdf(clerk, f"{of_order}/nothing").status_code == 404

    withdraw_order(f.order, by=None, now=f.now, reason="Entered in error.")
    assert clerk.get(of_order).status_code == 404
    assert pdf(clerk, f"{of_order}/surrender-notice").status_code == 404
    assert pdf(clerk, f"/hearings/{f.hearing.public_id}/documents/notice").status_code == 404


def test_a_file_is_added_once_listed_and_fetched(fixtures: Fixtures, caller: MakeCaller) -> None:
    f = fixtures
    clerk, liaison = caller(make.person(Role.CLERK, f.court)), caller(make.person(Role.LIAISON, f.police))
    files = f"/orders/{f.order.public_id}/attachments"

    first = send(clerk, f"{files}/receipt?receipt={f.receipt.public_id}", picture())
    again = send(clerk, f"{files}/receipt?receipt={f.receipt.public_id}", picture())
    order = send(clerk, f"{files}/signed_order", picture())

    assert first.status_code == order.status_code == 200, first.content
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["receipt"] == str(f.receipt.public_id)
    assert [one["kind"] for one in clerk.get(files).json()["results"]] == ["receipt", "signed_order"]
    assert [one["kind"] for one in liaison.get(files).json()["results"]] == ["receipt"]
    content = f"/attachments/{first.json()['id']}/content"
    found = liaison.get(content, headers={"Accept": "image/png"})
    assert (found.status_code, found["Content-Type"], found["X-Content-Type-Options"]) == (
        200,
        "image/png",
        "nosniff",
    )
    assert "sandbox" in found["Content-Security-Policy"]
    assert liaison.get(f"/attachments/{order.json()['id']}").status_code == 404
    assert send(liaison, f"{files}/signed_order", picture()).status_code == 403
    assert send(clerk, f"{files}/receipt", b"no picture").json()["errors"][0]["code"] == "file_type"
    assert send(clerk, f"{files}/receipt", b"").json()["errors"][0]["code"] == "empty_file"
    assert send(clerk, f"{files}/receipt", b"x", "text/html").status_code == 415
    assert Attachment.objects.count() == 2


def test_signatures_are_read_by_the_matrix(fixtures: Fixtures, caller: MakeCaller) -> None:
    f = fixtures
    clerk, liaison = caller(make.person(Role.CLERK, f.court)), caller(make.person(Role.LIAISON, f.police))
    given: dict[str, Any] = {"by": None, "now": f.now}
    receipt = record_receipt(
        f.order, kind="police", agency=f.police, received_at=f.now, firearms=[f.firearm], **given
    )
    sign_receipt(receipt, party="taker", method="paper", name="Lee Ash, 112", **given)
    signatures = f"/receipts/{receipt.public_id}/signatures"

    (signature,) = clerk.get(signatures).json()["results"]

    assert (signature["party"], signature["method"], signature["is_current"]) == ("taker", "paper", True)
    assert "drawing" not in str(signature)
    assert liaison.get(signatures).status_code == 200


def test_other_courts_and_agencies_do_not_learn_that_they_exist(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    f = fixtures
    clerk = caller(make.person(Role.CLERK, f.court))
    files = f"/orders/{f.order.public_id}/attachments"
    stored = send(clerk, f"{files}/receipt", picture()).json()["id"]
    others = [
        caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT))),
        caller(make.person(Role.LIAISON, make.agency())),
    ]
    doors = [
        f"/orders/{f.order.public_id}/documents",
        f"/orders/{f.order.public_id}/documents/surrender-notice",
        f"/receipts/{f.receipt.public_id}/document",
        f"/hearings/{f.hearing.public_id}/documents/notice",
        f"/receipts/{f.receipt.public_id}/signatures",
        files,
        f"/attachments/{stored}",
        f"/attachments/{stored}/content",
    ]

    for other in others:
        for door in doors:
            answer = other.get(door, headers={"Accept": "*/*"})
            assert answer.status_code == 404, door
            assert f.order.case.docket_number not in answer.content.decode()
        assert send(other, f"{files}/receipt", picture()).status_code == 404
    office = make.agency(name="Elm Marshals")
    OrderAgency.objects.create(order=f.order, agency=office, capacity="marshal")
    marshal = caller(make.person(Role.MARSHAL, office))
    assert pdf(marshal, f"/receipts/{f.receipt.public_id}/document").status_code == 404
    assert Attachment.objects.count() == 1
