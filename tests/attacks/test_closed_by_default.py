"""What fails stays closed, what is kept has no column for an address, and no page stays in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from accounts.access import MATRIX
from accounts.models import AgencyKind, Role
from notifications.models import SafeContact
from orders.models import Attachment, ConfidentialityRelease, ProtectedPerson
from orders.services.attachments.attaching import content_of
from tests import make
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.test_sign_in import OPEN, addresses_below
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.django_db

#: Addresses that belong to no page: a file, and texts and data for everyone.
FOR_EVERYONE = {"/favicon.ico", "/.well-known/security.txt", "/.well-known/change-password"}
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.mark.parametrize("door", ["page", "list", "api"])
def test_if_the_check_of_rights_fails_nothing_is_shown(
    door: str, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make.served_order()
    clerk = make.person(Role.CLERK, order.case.court)
    person, client = caller(clerk), Client(raise_request_exception=False)
    person.client.raise_request_exception = False
    client.force_login(clerk)

    def read() -> Any:
        if door == "api":
            return person.get(f"/orders/{order.public_id}")
        page = f"{order.public_id}/" if door == "page" else "?shown=all"
        return client.get(f"/admin/orders/order/{page}")

    assert order.case.docket_number in read().content.decode()

    def fail(*_: object) -> bool:
        raise RuntimeError(order.case.docket_number)

    monkeypatch.setattr(type(MATRIX), "may", fail)
    answer = read()

    assert answer.status_code == 500
    assert order.case.docket_number not in answer.content.decode()
    assert order.case.respondent.name not in answer.content.decode()


def test_nothing_kept_of_a_protected_person_is_an_address_or_a_signature() -> None:
    """Each column is listed, so that a new one is thought about. A contact is encrypted."""
    columns = {
        model: {one.name for one in model._meta.concrete_fields}
        for model in (ProtectedPerson, ConfidentialityRelease, SafeContact)
    }

    for model, names in columns.items():
        # Whether an address is confidential is no address.
        readable = {one for one in names if not one.startswith("encrypted_")} - {"address_confidential"}
        assert not {one for one in readable if any(word in one for word in READS_LIKE_A_PLACE)}, model
    assert {"encrypted_address", "encrypted_phrase"} <= columns[SafeContact]


READS_LIKE_A_PLACE = (
    "address",
    "street",
    "phone",
    "email",
    "town",
    "zip",
    "city",
    "signature",
    "signer",
    "birth",
)


def test_the_use_notice_has_its_four_statements(make_person: MakePerson) -> None:
    clerk, client = make_person(Role.CLERK), Client()
    client.post("/sign-in/", {"username": clerk.email, "password": PASSWORD})

    page = client.get("/sign-in/use-notice/").content.decode()

    for statement in (
        "You are entering a restricted information system.",
        "Your use of it may be monitored, recorded and audited.",
        "Unauthorized use is prohibited and subject to criminal and civil penalties.",
        "By using the system, you consent to monitoring and recording.",
    ):
        assert statement in page


def test_no_page_stays_in_the_browser() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    kept = {
        address
        for address in set(addresses_below(get_resolver(), "/")) - OPEN - FOR_EVERYONE
        # Walks of the API are in tests/api.
        if not address.startswith("/api/") and "no-store" not in client.get(address).headers["Cache-Control"]
    }

    assert not kept


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x", "/etc/passwd", "..\\..\\x.pdf", "x" * 400])
def test_a_file_name_leads_nowhere(name: str, settings: Settings, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "files"
    order = make.served_order()
    clerk, client = make.person(Role.CLERK, order.case.court), Client()
    client.force_login(clerk)
    # Django's own client sends the last part of a name only; a stranger sends anything.
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nsigned_order\r\n',
        b'--x\r\nContent-Disposition: form-data; name="uploads"; filename="' + name.encode() + b'"\r\n',
        b"Content-Type: application/pdf\r\n\r\n" + PDF + b"\r\n--x--\r\n",
    )

    client.post(
        f"/documents/orders/{order.public_id}/",
        b"".join(parts),
        content_type="multipart/form-data; boundary=x",
    )

    row = Attachment.objects.get()
    (stored,) = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert stored.name == row.stored_as
    assert stored.parent.parent == settings.ATTACHMENTS_DIR
    assert content_of(row) == PDF
